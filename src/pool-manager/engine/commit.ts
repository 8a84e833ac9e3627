/**
 * Makes a transaction group durable.
 *
 * Nothing that a root a crash could bring back reaches is overwritten: all new homes are free units (1 to 4), and freed
 * ones wait for two more roots (8). The new trees are on media (5, 6) before a root names them (7). A device that failed
 * up to 6 is out of use before the root says who has everything; one that fails at 7 has everything but the root.
 */
import { type Blob, freeBlob } from './blob.ts';
import { eraOf, unitOf } from './block-pointer.ts';
import { unfold } from './delta-layer.ts';
import { saveDirectory, saveVolume } from './directory.ts';
import { labelOffsets, ringOffsetBytes, rootSlotBytes } from './label.ts';
import type { PoolCore } from './pool-core.ts';
import { encodeRoot, slotOf } from './root.ts';
import { isGone, keptEra, present } from './snapshot-state.ts';
import { holdTxgs } from './space.ts';
import { saveSpaceMap } from './space-map.ts';
import { type TakeApart, takeApart } from './take-apart.ts';
import { TreeBuilder } from './tree-build.ts';
import type { Tree } from './tree.ts';
import type { EngineVolume, VolumeCut } from './volume.ts';

/** Everything that a group takes with it, cut in one instant. */
export interface PoolCut {
  readonly txg: number;
  readonly era: number;
  readonly volumes: readonly VolumeCut[];
  readonly clean: boolean;
}

/** What the last root names. */
export interface RootedState {
  directory: Blob;
  spaceMap: Tree;
}

/** Answers the volumes of which nothing is left. */
export async function commitTxg(
  core: PoolCore,
  cut: PoolCut,
  rooted: RootedState,
): Promise<readonly EngineVolume[]> {
  for (const volume of cut.volumes) await buildTrees(core, volume, cut.txg); //            1 data has new homes already
  const taken = await takeApartSome(core, cut); //                                         2 what nobody has any more
  const gone = saveDescriptions(core, cut, rooted, taken); //                              3
  rooted.spaceMap = await saveSpaceMap(core, rooted.spaceMap, cut.txg); //                 4 last: it says what 1 to 3 did
  await core.stream.drain(); //                                                            5 all of it written
  await core.devices.flush(); //                                                           6 barrier
  await writeRoot(core, cut, rooted); //                                                   7 the one atomic switch, and its barrier
  core.durableTxg = cut.txg;
  core.space.release(Math.min(cut.txg, core.pins.oldestTxg) - holdTxgs); //                8
  return gone;
}

async function buildTrees(core: PoolCore, cut: VolumeCut, txg: number): Promise<void> {
  const { volume } = cut;
  for (const layer of cut.layers) {
    const sink = {
      allocNode: () => {
        volume.liveUnits++;
        return core.allocMetadata();
      },
      adopt: (words: Uint32Array, at: number) => {
        core.space.enliven(unitOf(words, at));
        volume.adopted();
      },
      drop: (words: Uint32Array, at: number, _level: number, end: number) => {
        if (eraOf(words, at) <= keptEra(layer.keeper, end)) return;
        core.space.free(unitOf(words, at), txg);
        volume.liveUnits--;
      },
    };
    const builder = new TreeBuilder(core.nodes, core.host, sink, layer.era);
    layer.tree = await builder.build(unfold(layer.below).tree, layer, layer.blocks);
  }
  volume.release(cut.layers);
}

/**
 * One snapshot of a volume at a time, from beginning to end: `keptEra` relies on it, and so does the next one, whose
 * children must be whole.
 */
async function takeApartSome(core: PoolCore, cut: PoolCut): Promise<ReadonlySet<EngineVolume>> {
  const taken = new Set<EngineVolume>();
  let nodesMax = core.limits.freeingNodesPerCommit;
  for (const volumeCut of cut.volumes) {
    const { volume } = volumeCut;
    for (
      let task = nextToTakeApart(volumeCut);
      task !== undefined && nodesMax > 0;
      task = nextToTakeApart(volumeCut)
    ) {
      const freed = (unit: number) => {
        core.space.free(unit, cut.txg);
        volume.liveUnits--;
      };
      nodesMax -= 1 + (await takeApart(core, { ...task, nodesMax, freed }));
      taken.add(volume);
      if (!isGone(task.snapshot)) break;
      volume.unlink(task.snapshot);
    }
  }
  return taken;
}

/** The one that has begun, or the first that was deleted by the cut and has one child at most. */
function nextToTakeApart(cut: VolumeCut): Pick<TakeApart, 'snapshot' | 'children'> | undefined {
  const left = [...cut.deleted].filter((snapshot) => !isGone(snapshot));
  const begunFirst = left.toSorted((a, b) => Number(b.cursor > 0) - Number(a.cursor > 0));
  for (const snapshot of begunFirst) {
    const children = cut.snapshots
      .filter((other) => !isGone(other) && other.parent === snapshot)
      .map(({ view }) => view);
    if (present(cut.parent) === snapshot) children.push(cut.head);
    if (children.length <= 1) return { snapshot, children };
  }
  return undefined;
}

function saveDescriptions(
  core: PoolCore,
  cut: PoolCut,
  rooted: RootedState,
  taken: ReadonlySet<EngineVolume>,
): readonly EngineVolume[] {
  const gone: EngineVolume[] = [];
  const left: EngineVolume[] = [];
  let changed = false;
  for (const volumeCut of cut.volumes) {
    const { volume } = volumeCut;
    if (volumeCut.destroyed && volume.snapshotStates.size === 0) {
      gone.push(volume);
      changed = true;
      if (volume.blobs !== undefined) freeBlob(core, volume.blobs.head, cut.txg);
      if (volume.blobs?.snapshots !== undefined) freeBlob(core, volume.blobs.snapshots, cut.txg);
      continue;
    }
    left.push(volume);
    if (saveVolume(core, volumeCut, taken.has(volume), cut.txg)) changed = true;
  }
  if (changed) {
    freeBlob(core, rooted.directory, cut.txg);
    rooted.directory = saveDirectory(core, left);
  }
  return gone;
}

/** To both labels of every device in use. Devices that miss it are out of use, and the next root says so. */
async function writeRoot(core: PoolCore, cut: PoolCut, rooted: RootedState): Promise<void> {
  for (const member of core.devices.members) if (member.state === 'current') member.goodTxg = cut.txg;
  const slot = encodeRoot({
    pool: core.guid,
    txg: cut.txg,
    era: cut.era,
    clean: cut.clean,
    directory: rooted.directory.pointer,
    directoryBytes: rooted.directory.lengthBytes,
    spaceMap: rooted.spaceMap.root,
    devices: core.devices.members.map(({ guid, state, goodTxg }) => ({
      guid,
      goodTxg,
      state: state === 'current' ? 'current' : 'stale',
    })),
  });
  await Promise.all(
    core.devices.groups.map((group) =>
      group.onAll('root', async (device, member) => {
        for (const label of labelOffsets(member.sizeBytes))
          await device.write(label + ringOffsetBytes + slotOf(cut.txg) * rootSlotBytes, slot);
        await device.flush();
      }),
    ),
  );
}
