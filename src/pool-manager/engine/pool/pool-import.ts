/**
 * Opens the pool that is on these devices.
 *
 *   labels ─▶ root ─▶ items ─▶ table ─▶ volumes ─▶ replay of the log ─▶ root ─▶ serve
 *
 * Nothing is written before that root but the owner's heartbeat and what a crash kept from devices: headers of labels, the root
 * before, and groups of a log that stays. It is one of the table
 * alone where it can be: trees of what was replayed take a read per leaf, minutes for a large pool, and are built while
 * users are served. What does not fit is refused by name (refusal.ts), never guessed at.
 *
 * A pool that can not know whether it has all that was promised gives its volumes new GUIDs: for replication they are
 * newcomers then (R31). That is so after a rewind, without a device that may be newer, and when the log is cut.
 */
import { assert } from '../../../shared/assert.ts';
import { storedSum } from '../checksum.ts';
import type { OpenedSet } from '../group/open-set.ts';
import { mendLabels } from '../group/label-scrub.ts';
import type { LogArea } from '../group/log-area.ts';
import { newGuid } from '../host.ts';
import type { LogPosition } from '../log/log-position.ts';
import { UnreadableLogError } from '../log/log-reader.ts';
import { replayLog, type Survey, surveyLog } from '../log/replay.ts';
import type { RootPayload } from '../checkpoint/root-payload.ts';
import { encodeRootPayload, logTurnsMax } from '../checkpoint/root-payload.ts';
import { defaultLimits, type EngineLimits } from './engine-limits.ts';
import { areLoggedGood } from './logged-data.ts';
import { EnginePool } from './open-pool.ts';
import { type LoadedPool, loadPool, type LoadOptions, refusingDamage } from './pool-load.ts';

export interface ImportOptions extends LoadOptions {
  readonly limits?: Partial<EngineLimits>;
}

/** Throws PoolRefusal. */
export async function importPool(options: ImportOptions): Promise<EnginePool> {
  let loaded = await loadPool(options);
  try {
    if (loaded.opened.readOnlyFor !== undefined && options.readOnly !== true) {
      loaded.opened.set.abandon();
      loaded = await loadPool({ ...options, readOnly: true });
    }
    return await refusingDamage(loaded.opened.set.pool, () => openLoaded(options, loaded));
  } catch (error) {
    loaded.opened.set.abandon();
    throw error;
  }
}

async function openLoaded(options: ImportOptions, loaded: LoadedPool): Promise<EnginePool> {
  const { set, readOnlyFor, maybeOld } = loaded.opened;
  if (readOnlyFor !== undefined || options.readOnly === true) return openReadOnly(options, loaded);
  await set.claim();
  await set.whileLabelsStay(() => mendLabels(set));
  await set.writeLastRoot(loaded.opened.late);
  const isRewound = options.rewindBefore !== undefined || loaded.payload.isRewound;
  if (isRewound) await giveUpNewer(loaded.opened, loaded.payload);
  const log = loggedParts(options, loaded, isRewound);
  const found = isRewound ? nothing : await surveyLog(log);
  const pool = newPool(options, loaded, log.goOn(loaded.payload.log));
  const areNewcomers = isRewound || maybeOld || found.isCut;
  adoptAll(pool, loaded, areNewcomers ? () => newGuid(options.host) : undefined);
  const { volumes } = pool.engine;
  const canServeAtOnce =
    found.groups > 0 && !areNewcomers && log.staysThere && log.turns.length < logTurnsMax;
  const replay = { ...log, storedSum, isKept: canServeAtOnce, volume: (slot: number) => volumes.get(slot) };
  const next = log.goOn(await replayLog(replay, found));
  pool.engine.log.restart(next);
  if (canServeAtOnce) {
    const { group, incarnation } = next;
    const { log: position, isLogApart } = loaded.payload;
    await pool.beginBehind({ position, isLogApart, turns: [...log.turns, { group, incarnation }] });
  } else await pool.begin();
  return pool;
}

const nothing: Survey = { groups: 0, isCut: false };

/** As of the root, without what only the log has. */
function openReadOnly(options: ImportOptions, loaded: LoadedPool): EnginePool {
  const pool = newPool(options, loaded, loaded.payload.log);
  adoptAll(pool, loaded, undefined);
  const feature = loaded.opened.readOnlyFor;
  pool.beginReadOnly(
    feature === undefined
      ? 'it was imported so'
      : `this release does not know ${feature}, which writers must`,
  );
  return pool;
}

/** Before anything is written over: no later import may choose a root whose blocks are given up. */
async function giveUpNewer({ set }: OpenedSet, payload: RootPayload): Promise<void> {
  const txg = set.openTxg;
  await set.writeRoot({ txg, clean: false, payload: encodeRootPayload({ ...payload, isRewound: true }) });
  set.openTxg = txg + 1;
}

function newPool(options: ImportOptions, loaded: LoadedPool, log: LogPosition): EnginePool {
  const { opened, space, items, settings, damage } = loaded;
  const { set } = opened;
  const { host, zstd, limits } = options;
  return new EnginePool({
    guid: set.pool,
    host,
    limits: { ...defaultLimits, ...limits },
    devices: set,
    space,
    items,
    settings,
    damage,
    zstd,
    logArea: areaOf(set),
    log,
    txg: set.openTxg - 1,
  });
}

function adoptAll(pool: EnginePool, loaded: LoadedPool, guidOf: (() => string) | undefined): void {
  pool.engine.admission.isReplaying = true;
  for (const start of loaded.starts) {
    const guid = guidOf?.() ?? start.identity.guid;
    const volume = pool.adopt({ ...start, identity: { ...start.identity, guid } }, false);
    // So that the next root has the new GUID; what is being freed nobody asks for.
    if (guidOf !== undefined && !volume.destroyed) volume.setAnnotations(volume.annotations);
  }
}

const ioErrorsOf = (set: OpenedSet['set']): ReadonlyMap<string, number> =>
  new Map(set.devices().map(({ guid, ioErrors }) => [guid, ioErrors]));

/** Where the log goes from now on. */
const areaOf = ({ logs }: OpenedSet['set']): LogArea =>
  logs.devices?.isUsable === true ? logs.devices : logs.ring;

function loggedParts(options: ImportOptions, { opened, payload, space }: LoadedPool, isRewound: boolean) {
  const { set } = opened;
  const { host, zstd } = options;
  const areaNow = areaOf(set);
  const before = payload.isLogApart ? set.logs.devices : set.logs.ring;
  assert(before !== undefined || isRewound, 'the pool has the log devices that its newest root speaks of');
  const area = before ?? areaNow; // who goes back may find that they have left since: nothing is read there
  return {
    area,
    pool: set.pool,
    position: payload.log,
    turns: payload.turns,
    space,
    areGood: async (blocks: Parameters<typeof areLoggedGood>[1]) => {
      const before = ioErrorsOf(set);
      const { copiesMin } = area;
      if (await areLoggedGood(set.groups, blocks, zstd)) return true;
      // Not there, or not to be read? Who can not know must not forget what was promised.
      const erred = [...ioErrorsOf(set)].filter(([guid, errors]) => errors > (before.get(guid) ?? 0));
      if (erred.length >= copiesMin) throw new UnreadableLogError('what the log refers to can not be read');
      return false;
    },
    pause: () => host.pause(),
    staysThere: areaNow === before,
    /** Where this life of the pool goes on. */
    goOn: (at: LogPosition): LogPosition => ({
      ...at,
      offsetBytes: areaNow === before ? at.offsetBytes : 0,
      incarnation: isRewound ? Math.max(set.openTxg, lifeAfter(payload)) : lifeAfter(payload),
    }),
  };
}

/**
 * A life is counted on from the root that it goes on from. That of one which goes back could be that of one which it gives up, and what
 * that has logged at this very place pass for its own: each life has written a root before it logs, so none is above the newest.
 */
const lifeAfter = ({ turns, log }: RootPayload): number => 1 + (turns.at(-1)?.incarnation ?? log.incarnation);
