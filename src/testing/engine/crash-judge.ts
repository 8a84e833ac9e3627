/** What is left after a crash is opened, and must be a state the pool was in. */
import type { Prng } from '../../shared/prng.ts';
import { type CheckReport, checkPool } from '../../pool-manager/engine/check/check-pool.ts';
import { importPool } from '../../pool-manager/engine/pool/pool-import.ts';
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import type { EnginePool } from '../../pool-manager/engine/pool/open-pool.ts';
import type { Pool } from '../../pool-manager/engine/pool.ts';
import { flushedImage } from '../crash-images.ts';
import { ManualClock } from '../manual-clock.ts';
import type { LayeredImage, MemoryDevice } from '../memory-device.ts';
import { memoryHost } from '../memory-pool.ts';
import { differenceOf, observe, snapshotSizes, VolumeModel } from '../volume-model.ts';
import { type PoolModel, PoolRecording, type RecordedState } from './pool-recording.ts';
import { devicesOf, SameReads } from './same-reads.ts';

const host = memoryHost(77);

/** What stands on the devices is not what it must be. */
export class CrashFinding extends Error {
  override readonly name = 'CrashFinding';
}

export interface Left {
  readonly devices: readonly { readonly name: string; readonly sizeBytes: number }[];
  readonly images: readonly LayeredImage[];
  readonly limits: Partial<EngineLimits>;
  /** Devices are missing: the import needs consent. */
  readonly without: boolean;
  /** Copies and parity may be wrong. */
  readonly unequal: boolean;
}

/** Throws CrashFinding unless the pool checks clean. */
export async function checkClean(
  devices: readonly MemoryDevice[],
  { without, unequal }: Pick<Left, 'without' | 'unequal'>,
  when: string,
): Promise<CheckReport> {
  const report = await checkPool({ devices, host, without });
  const problems = report.problems.filter((problem) => !(unequal && problem.endsWith(': scrub')));
  if (problems.length > 0) throw new CrashFinding(`check ${when}: ${problems.slice(0, 5).join('; ')}`);
  return report;
}

/** What the states of one run have in common is looked at once. */
export class CrashJudge {
  readonly #checked = new SameReads<CheckReport>();
  readonly #older = new SameReads<undefined>();
  readonly #seen = new SameReads<PoolModel>();

  /** How many states were imported; the others were alike in all that an import reads. */
  get imported(): number {
    return this.#seen.opened;
  }

  /**
   * Checks and imports what is left, and sees that it is one of `candidates`. `deep`: goes on working on it, and crashes
   * once more. `older`: the two roots before the newest must be whole, too. Throws CrashFinding when it is none of them,
   * or anything else is wrong.
   */
  async judge(
    left: Left,
    candidates: readonly RecordedState[],
    deep: Prng | undefined,
    older: boolean,
  ): Promise<void> {
    const { txg } = await this.#checked.of(left, (devices) => checkClean(devices, left, 'of what is left'));
    if (older) await this.#older.of(left, (devices) => checkOlderRoots(devices, left, txg));
    const seen = await this.#seen.of(left, async (devices) => {
      const pool = await importPool({ devices, host, limits: left.limits, without: left.without });
      try {
        return await observePool(pool, candidates);
      } finally {
        pool.abandon();
      }
    });
    const found = amongThem(seen, candidates);
    if (deep !== undefined) await workOn(left, found, deep);
  }
}

/** The newest root and the two before it: what one may go back to. */
async function checkOlderRoots(
  devices: readonly MemoryDevice[],
  left: Left,
  newestTxg: number,
): Promise<undefined> {
  let newest = newestTxg;
  for (let back = 1; back <= 2 && newest > 1; back++) {
    const options = { devices, host, without: left.without, rewindBefore: newest };
    const { problems, txg } = await checkPool(options);
    const found = problems.filter((problem) => !problem.endsWith(': scrub'));
    if (found.length > 0)
      throw new CrashFinding(`root ${txg}, ${back} before the newest: ${found.slice(0, 5).join('; ')}`);
    newest = txg;
  }
}

/** The newest of the candidates that the pool is in. */
export async function whichState(pool: Pool, candidates: readonly RecordedState[]): Promise<PoolModel> {
  return amongThem(await observePool(pool, candidates), candidates);
}

function amongThem(seen: PoolModel, candidates: readonly RecordedState[]): PoolModel {
  let why = 'there is no candidate';
  for (const { volumes } of candidates.toReversed()) {
    const difference = poolDifference(seen, volumes);
    if (difference === undefined) return volumes;
    why = difference;
  }
  throw new CrashFinding(`this is none of the ${candidates.length} states it may be; of the oldest: ${why}`);
}

async function observePool(pool: Pool, candidates: readonly RecordedState[]): Promise<PoolModel> {
  const models = candidates.flatMap(({ volumes }) => [...volumes.values()]);
  const sizes = snapshotSizes(models);
  const seen = new Map<string, VolumeModel>();
  for (const store of pool.volumes())
    try {
      seen.set(store.identity.volume, await observe(store, sizes));
    } catch (error) {
      const { message } = error instanceof Error ? error : new Error(String(error));
      throw new CrashFinding(`volume ${store.identity.volume}: ${message}`, { cause: error });
    }
  return seen;
}

function poolDifference(seen: PoolModel, due: PoolModel): string | undefined {
  const names = [...seen.keys()].toSorted().join();
  const namesDue = [...due.keys()].toSorted().join();
  if (names !== namesDue) return `volumes ${names} instead of ${namesDue}`;
  for (const [name, model] of due) {
    const difference = differenceOf(seen.get(name) ?? new VolumeModel(0), model);
    if (difference !== undefined) return `volume ${name}: ${difference}`;
  }
  return undefined;
}

/** A device whose place another one has taken is closed. */
const inUse = (devices: readonly MemoryDevice[]): readonly MemoryDevice[] =>
  devices.filter(({ closed }) => !closed);

/** The pool is imported once more, and works: background work ends, changes are taken, and survive the next crash. */
async function workOn(left: Left, volumes: PoolModel, random: Prng): Promise<void> {
  const devices = devicesOf(left);
  const pool = await importPool({ devices, host, limits: left.limits, without: left.without });
  try {
    await goOn(left, devices, pool, volumes, random);
  } finally {
    pool.abandon();
  }
}

/** What the segments know of their units, by which devices are copied to and mended, is what the pointers know. */
async function scrubClean(pool: EnginePool): Promise<void> {
  await pool.scrub('start');
  await pool.settled();
  const { state, lostBlocks } = pool.status().scrub ?? {};
  if (state !== 'DONE' || lostBlocks !== 0)
    throw new CrashFinding(`a scrub after the import is ${state}, ${lostBlocks} blocks lost`);
}

async function goOn(
  left: Left,
  devices: readonly MemoryDevice[],
  pool: EnginePool,
  volumes: PoolModel,
  random: Prng,
): Promise<void> {
  await pool.settled();
  await scrubClean(pool);
  await checkClean(inUse(devices), left, 'after import and all that followed');
  const recording = new PoolRecording({
    pool,
    devices,
    random,
    clock: new ManualClock(),
    volumes,
    tagsUsed: 1_000_000,
  });
  for (const name of recording.names())
    for (let i = 0; i < 5; i++) {
      await recording.store(name).room();
      recording.change(name, { write: 5, unmap: 2, snapshot: 1, record: 1 });
      if (i % 2 === 0) await recording.commit(name);
    }
  await Promise.all(recording.names().map((name) => recording.commit(name)));
  const last = inUse(devices);
  const images = last.map((device) => ({ image: flushedImage(device) }));
  const { states } = recording.finish();
  const again = devicesOf({ devices: last, images });
  await checkClean(again, left, 'after five more changes and a second crash');
  const reopened = await importPool({
    devices: again,
    host,
    limits: left.limits,
    without: left.without,
  });
  try {
    await whichState(reopened, states.slice(-1));
  } finally {
    reopened.abandon();
  }
}
