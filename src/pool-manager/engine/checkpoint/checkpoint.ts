/**
 * Makes everything up to one instant a root.
 *
 * Nothing that a root a crash could bring back reaches is overwritten: what is built goes to segments that were free (2
 * to 4), and what is freed waits for two more roots (8). All of it is on media (5, 6) before a root names it (7). A
 * device that failed up to 6 is out of use before the root says who has everything.
 */
import { must } from '../../../shared/assert.ts';
import type { IntentLog } from '../log/intent-log.ts';
import type { LogPosition, LogTurn } from '../log/log-position.ts';
import type { BlockSpace } from '../space/block-space.ts';
import { buildVolume } from '../volume/build.ts';
import { BuiltNames } from '../volume/built-names.ts';
import { takeApartSome } from '../volume/taking-apart.ts';
import type { EngineVolume } from '../volume/volume.ts';
import type { VolumeCut } from '../volume/volume-state.ts';
import type { VolumeCore } from '../volume/volume-core.ts';
import { forgetVolume, isWhollyGone, saveVolume } from '../volume/volume-items.ts';
import type { ItemStore } from './item-store.ts';
import type { RootNumbers } from './root-numbers.ts';
import { encodeRootPayload } from './root-payload.ts';

/** What a checkpoint needs of the devices (group/device-set.ts). */
export interface RootedDevices {
  openTxg: number;
  flush(): Promise<void>;
  writeRoot(root: {
    readonly txg: number;
    readonly clean: boolean;
    readonly payload: Uint8Array;
  }): Promise<void>;
}

export interface CheckpointParts {
  readonly devices: RootedDevices;
  readonly space: BlockSpace;
  readonly items: ItemStore;
  readonly log: IntentLog;
  readonly core: VolumeCore;
  /** Nodes that are taken apart at most. */
  readonly freeingNodesMax: number;
  /** All volumes, destroyed ones too; asked at the cut. */
  volumes(): readonly EngineVolume[];
  readonly numbers: RootNumbers;
  /** Roots of the table may be made while this goes on; resolves when it has ended and none is under way. */
  beside(building: Promise<void>): Promise<void>;
  oldestPinTxg(): number;
}

export interface CheckpointDone {
  readonly txg: number;
  /** All that was written up to this transaction group is in the root; what came later is in the log behind it. */
  readonly cutTxg: number;
  /** Of which nothing is left. */
  readonly gone: readonly EngineVolume[];
  readonly start: ReplayStart;
}

/** Where replay begins behind a root. */
export interface ReplayStart {
  readonly position: LogPosition;
  /** Imports since that went on behind it (root-payload.ts). */
  readonly turns: readonly LogTurn[];
  readonly isLogApart: boolean;
}

/** One at a time. Rejects when the pool can not go on. */
export async function runCheckpoint(parts: CheckpointParts, clean: boolean): Promise<CheckpointDone> {
  const { space, items, log, core } = parts;
  const { cutTxg, cuts, ...start } = await cutAll(parts); //                                      1 one instant
  const built = new BuiltNames();
  await parts.beside(buildAll(core, cuts, built)); //                                             2 trees
  const txg = beginRoot(parts);
  await built.settle(space, core.host, txg);
  const taken = await takeApartSome(core, cuts, txg, parts.freeingNodesMax);
  const gone = saveVolumes(items, cuts, taken); //                                           3 descriptions
  await makeRoot(parts, txg, clean, start);
  log.release(start.position); //                                                                 8
  space.release(txg, parts.oldestPinTxg(), cutTxg);
  for (const cut of cuts) cut.volume.settle(cut);
  return { txg, cutTxg, gone, start };
}

async function buildAll(core: VolumeCore, cuts: readonly VolumeCut[], built: BuiltNames): Promise<void> {
  for (const cut of cuts) await buildVolume(core, cut, built);
}

/**
 * A root of where things lie now, and of nothing else: volumes are those of the whole root before, of which `wholeTxg` was
 * the cut, what they became since is in the log behind `start` as before. So what was emptied by moving comes back without
 * any node being written.
 */
export async function runTableCheckpoint(
  parts: CheckpointParts,
  wholeTxg: number,
  start: ReplayStart,
): Promise<number> {
  const txg = beginRoot(parts);
  await makeRoot(parts, txg, false, start);
  parts.space.release(txg, parts.oldestPinTxg(), wholeTxg);
  return txg;
}

/** Its number; what is sent from now on belongs to the next one. */
function beginRoot({ numbers, devices }: CheckpointParts): number {
  const txg = numbers.take();
  devices.openTxg = numbers.open;
  return txg;
}

async function makeRoot(
  { space, items, devices, numbers }: CheckpointParts,
  txg: number,
  clean: boolean,
  { position, turns, isLogApart }: ReplayStart,
): Promise<void> {
  await space.changes(txg, items); //                                                             4 the table
  const directory = await items.write(txg);
  space.seal();
  await Promise.all([space.drained(), items.drained()]); //                                       5 all of it written
  await devices.flush(); //                                                                       6 barrier
  const payload = encodeRootPayload({
    directory,
    log: position,
    turns,
    isLogApart,
    isRewound: false,
    nextBatch: space.nextBatch(),
  });
  await devices.writeRoot({ txg, clean, payload }); //                                            7 the one atomic switch
  numbers.made();
}

interface PoolCut extends ReplayStart {
  readonly cutTxg: number;
  readonly cuts: readonly VolumeCut[];
}

/** What is appended, noted or changed behind the cut belongs to the next checkpoint. */
async function cutAll(parts: CheckpointParts): Promise<PoolCut> {
  let taken: PoolCut | undefined;
  await parts.log.cut(() => {
    parts.space.mark('data');
    parts.space.seal();
    const cutTxg = parts.numbers.cut();
    parts.devices.openTxg = parts.numbers.open;
    const cuts = parts.volumes().map((volume) => volume.cut());
    const { position, ring } = parts.log;
    taken = { cutTxg, cuts, position, turns: [], isLogApart: ring.isApart };
  });
  return must(taken, 'the cut');
}

function saveVolumes(
  items: ItemStore,
  cuts: readonly VolumeCut[],
  taken: ReadonlySet<EngineVolume>,
): readonly EngineVolume[] {
  const gone: EngineVolume[] = [];
  for (const cut of cuts) {
    if (isWhollyGone(cut)) {
      forgetVolume(items, cut.volume);
      gone.push(cut.volume);
    } else saveVolume(items, cut, taken.has(cut.volume));
  }
  return gone;
}
