/**
 * What a snapshot alone has: what is in it and neither in what it descends from nor in what descends from it. Found by the
 * walk that taking it apart would do, and kept until one of its neighbours changes; so only the newest snapshot, whose
 * neighbour is the head, is walked again and again, and only where it differs from the head.
 */
import { sectorBytes } from '../../../shared/block-size.ts';
import { unfold, type View } from '../map/delta-layer.ts';
import { plainSectors, sectorsOf } from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import { countsOf, type Tree } from '../map/tree.ts';
import type { SnapshotUsage } from '../volume-store.ts';
import { descend, walkPart } from './part-walk.ts';
import { type Descendants, isInReach, keeperAt, type SnapshotState } from './snapshot-state.ts';
import type { VolumeCore } from './volume-core.ts';

interface Known {
  readonly neighbours: string;
  readonly uniqueSectors: number;
}

export class UsageCache {
  readonly #known = new WeakMap<SnapshotState, Known>();

  /** As of the trees that are built. */
  async of(core: VolumeCore, volume: Descendants, snapshot: SnapshotState): Promise<SnapshotUsage> {
    const own = volume.viewsFrom(snapshot);
    const others = [...own, ...[...snapshot.clones].flatMap((clone) => clone.viewsFrom(snapshot))];
    const unique = await this.#unique(core, snapshot, others);
    const { dataSectors, nodes } = countsOf(unfold(snapshot.view).tree);
    const isFree = snapshot.clones.size === 0 && own.length <= 1;
    return {
      uniqueBytes: unique * sectorBytes,
      sharedBytes: (dataSectors + nodes * plainSectors - unique) * sectorBytes,
      reclaimableBytes: isFree ? unique * sectorBytes : 0,
    };
  }

  async #unique(core: VolumeCore, snapshot: SnapshotState, others: readonly View[]): Promise<number> {
    const { tree } = unfold(snapshot.view);
    const trees = others.map((view) => unfold(view).tree);
    const neighbours = [snapshot.parent, tree, ...trees].map(nameOfNeighbour).join(' ');
    const known = this.#known.get(snapshot);
    if (known?.neighbours === neighbours) return known.uniqueSectors;
    const uniqueSectors = await countUnique(core, snapshot, tree, trees);
    this.#known.set(snapshot, { neighbours, uniqueSectors });
    return uniqueSectors;
  }
}

const nameOfNeighbour = (of: SnapshotState | Tree | undefined): string => {
  if (of === undefined) return '-';
  return 'root' in of ? of.root.join() : `${of.id}@${of.dataMark}/${of.cursor}`;
};

async function countUnique(
  core: VolumeCore,
  snapshot: SnapshotState,
  tree: Tree,
  trees: readonly Tree[],
): Promise<number> {
  const others: Uint32Array[] = [];
  for (const other of trees) {
    const words = await descend(core, other, tree.levels);
    if (words !== undefined) others.push(words);
  }
  let sectors = 0;
  await walkPart(core, {
    words: tree.root,
    level: tree.levels,
    end: slotSpan(tree.levels + 1),
    others,
    cursor: 0,
    nodesMax: Infinity,
    isLeftOut: (words, at, level, end) => isInReach(keeperAt(snapshot.parent, end), words, at, level),
    take: (words, at) => {
      sectors += sectorsOf(words, at);
    },
  });
  return sectors;
}
