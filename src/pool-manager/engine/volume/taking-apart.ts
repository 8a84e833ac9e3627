/**
 * Frees what nobody has any more, a slice per checkpoint: parts that an unmap cut out, and deleted snapshots.
 *
 * A snapshot is taken apart from block 0 on: what is neither in its parent's reach nor in the one that descends from it is
 * freed. Cursors and what was freed are in the same root, so a crash resumes where the root says.
 */
import { unfold, type View } from '../map/delta-layer.ts';
import { isMapped, sectorsOf } from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import type { DeadPart } from './dead-parts.ts';
import { descend, walkPart } from './part-walk.ts';
import { isGone, isInReach, keeperAt, present, type SnapshotState } from './snapshot-state.ts';
import { chunkOf } from './snapshot-tree.ts';
import type { VolumeCore } from './volume-core.ts';
import type { VolumeCut } from './volume-state.ts';
import type { EngineVolume } from './volume.ts';

/** Looks at about `nodesMax` nodes; answers the volumes whose descriptions have changed by it. */
export async function takeApartSome(
  core: VolumeCore,
  cuts: readonly VolumeCut[],
  txg: number,
  nodesMax: number,
): Promise<ReadonlySet<EngineVolume>> {
  const taken = new Set<EngineVolume>();
  const busy = cuts.filter(({ volume, deleted }) => volume.dead.hasWork || deleted.size > 0);
  let left = nodesMax;
  for (const [done, cut] of busy.entries()) {
    const share = Math.ceil(left / (busy.length - done)); // what one leaves the others get
    const parts = await freeParts(core, cut, txg, share);
    const used = parts + (await freeSnapshots(core, cut, txg, share - parts));
    if (used > 0) taken.add(cut.volume);
    left = Math.max(0, left - used);
  }
  return taken;
}

async function freeParts(core: VolumeCore, cut: VolumeCut, txg: number, nodesMax: number): Promise<number> {
  const { volume } = cut;
  let nodes = 0;
  for (let part = volume.dead.parts[0]; part !== undefined && nodes < nodesMax; part = volume.dead.parts[0]) {
    nodes += 1 + (await freePart(core, volume, part, txg, nodesMax - nodes));
    volume.dead.isDirty = true;
    if (!part.isCounted) break;
    volume.dead.shift();
    volume.partCounted(part, cut);
  }
  return nodes;
}

/** All of it is counted, what its keepers do not have is freed. */
async function freePart(
  core: VolumeCore,
  volume: EngineVolume,
  part: DeadPart,
  txg: number,
  nodesMax: number,
): Promise<number> {
  let { mappedBlocks, dataSectors, nodes } = part.counted;
  const { words, level, end, cursor } = part;
  const walked = await walkPart(core, {
    words,
    level,
    end,
    cursor,
    nodesMax,
    others: [],
    isLeftOut: (found, at) => !isMapped(found, at),
    take: (found, at, foundLevel, foundEnd) => {
      if (foundLevel > 0) nodes++;
      else {
        mappedBlocks++;
        dataSectors += sectorsOf(found, at);
      }
      const keeper = foundEnd > part.split ? part.above : part.below;
      if (!isInReach(keeper, found, at, foundLevel)) free(core, volume, found, at, txg);
    },
  });
  part.counted = { mappedBlocks, dataSectors, nodes };
  part.cursor = walked.cursor;
  return walked.nodes;
}

/**
 * One snapshot of a volume at a time, from beginning to end: `keeperAt` relies on it, and so does the next one, whose
 * children must be whole.
 */
async function freeSnapshots(
  core: VolumeCore,
  cut: VolumeCut,
  txg: number,
  nodesMax: number,
): Promise<number> {
  let nodes = 0;
  let begun = [...cut.deleted].find(({ cursor }) => cursor > 0);
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const snapshot of begun === undefined ? cut.deleted : [begun]) {
      if (nodes >= nodesMax) return nodes;
      const children = childrenAt(cut, snapshot);
      if (snapshot.clones.size > 0 || children.length > 1) continue;
      nodes += 1 + (await takeApart(core, cut.volume, snapshot, children[0], txg, nodesMax - nodes));
      cut.dirtyChunks.add(chunkOf(snapshot.id));
      if (!isGone(snapshot)) return nodes;
      forget(cut, snapshot);
      isMoving = true; // others may have one child less now
      begun = undefined;
    }
  }
  return nodes;
}

/** Wholly taken apart. */
function forget(cut: VolumeCut, snapshot: SnapshotState): void {
  for (const child of snapshot.children) cut.dirtyChunks.add(chunkOf(child.id));
  cut.volume.unlink(snapshot);
  cut.deleted.delete(snapshot);
}

/** Views, as of the cut, that descend from a snapshot directly. */
function childrenAt(cut: VolumeCut, snapshot: SnapshotState): readonly View[] {
  const children: View[] = [];
  for (const child of snapshot.children) if (child.id < cut.nextSnapshotId) children.push(child.view);
  if (present(cut.parent) === snapshot) children.push(cut.head);
  return children;
}

async function takeApart(
  core: VolumeCore,
  volume: EngineVolume,
  snapshot: SnapshotState,
  child: View | undefined,
  txg: number,
  nodesMax: number,
): Promise<number> {
  const { tree } = unfold(snapshot.view);
  const other = child === undefined ? undefined : await descend(core, unfold(child).tree, tree.levels);
  const walked = await walkPart(core, {
    words: tree.root,
    level: tree.levels,
    end: slotSpan(tree.levels + 1),
    others: other === undefined ? [] : [other],
    cursor: snapshot.cursor,
    nodesMax,
    isLeftOut: (words, at, level, end) => isInReach(keeperAt(snapshot.parent, end), words, at, level),
    take: (words, at) => free(core, volume, words, at, txg),
  });
  snapshot.cursor = walked.cursor;
  return walked.nodes;
}

function free(core: VolumeCore, volume: EngineVolume, words: Uint32Array, at: number, txg: number): void {
  core.space.free(words, at, txg);
  volume.liveSectors -= sectorsOf(words, at);
}
