/**
 * Makes everything up to one instant a root.
 *
 * Nothing that a root a crash could bring back reaches is overwritten: what is built goes to segments that were free (2
 * to 4), and what is freed waits for two more roots (8). All of it is on media (5, 6) before a root names it (7). A
 * device that failed up to 6 is out of use before the root says who has everything.
 */
import { must } from '../../../shared/assert.ts';
import type { IntentLog } from '../log/intent-log.ts';
import type { LogPosition } from '../log/log-position.ts';
import type { BlockSpace } from '../space/block-space.ts';
import { buildVolume } from '../volume/build.ts';
import { takeApartSome } from '../volume/taking-apart.ts';
import type { EngineVolume } from '../volume/volume.ts';
import type { VolumeCut } from '../volume/volume-state.ts';
import type { VolumeCore } from '../volume/volume-core.ts';
import { forgetVolume, isWhollyGone, saveVolume } from '../volume/volume-items.ts';
import type { ItemStore } from './item-store.ts';
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
  /** Opens the next transaction group, at the cut; answers the one that ends. */
  nextTxg(): number;
  oldestPinTxg(): number;
}

export interface CheckpointDone {
  readonly txg: number;
  /** Of which nothing is left. */
  readonly gone: readonly EngineVolume[];
}

/** One at a time. Rejects when the pool can not go on. */
export async function runCheckpoint(parts: CheckpointParts, clean: boolean): Promise<CheckpointDone> {
  const { space, items, log, devices, core } = parts;
  const { txg, cuts, position, isLogApart } = await cutAll(parts); //                                         1 one instant
  for (const cut of cuts) await buildVolume(core, cut, txg); //                                   2 trees
  const taken = await takeApartSome(core, cuts, txg, parts.freeingNodesMax);
  const gone = saveVolumes(items, cuts, taken); //                                           3 descriptions
  await space.changes(txg, items); //                                                             4 what 2 did to the table
  const directory = await items.write(txg);
  space.seal();
  await Promise.all([space.drained(), items.drained()]); //                                       5 all of it written
  await devices.flush(); //                                                                       6 barrier
  const payload = encodeRootPayload({
    directory,
    log: position,
    isLogApart,
    isRewound: false,
    nextBatch: space.nextBatch(),
  });
  await devices.writeRoot({ txg, clean, payload }); //                                            7 the one atomic switch
  log.release(position); //                                                                       8
  space.release(txg, parts.oldestPinTxg());
  for (const cut of cuts) cut.volume.settle(cut);
  return { txg, gone };
}

interface PoolCut {
  readonly txg: number;
  readonly cuts: readonly VolumeCut[];
  readonly position: LogPosition;
  readonly isLogApart: boolean;
}

/** What is appended, noted or changed behind the cut belongs to the next checkpoint. */
async function cutAll(parts: CheckpointParts): Promise<PoolCut> {
  let taken: PoolCut | undefined;
  await parts.log.cut(() => {
    parts.space.mark('data');
    parts.space.seal();
    const txg = parts.nextTxg();
    parts.devices.openTxg = txg + 1;
    const cuts = parts.volumes().map((volume) => volume.cut());
    const { position, ring } = parts.log;
    taken = { txg, cuts, position, isLogApart: ring.isApart };
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
