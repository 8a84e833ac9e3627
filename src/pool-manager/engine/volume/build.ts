/** Builds the trees of one volume for a checkpoint, layer by layer, and says what is live, free or waiting to be freed. */
import { assert } from '../../../shared/assert.ts';
import { type DeltaLayer, unfold } from '../map/delta-layer.ts';
import { batchOf, sectorsOf } from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import { type BuildSink, buildTree } from '../map/tree-build.ts';
import { settleCounts } from '../map/tree.ts';
import { marksOf } from './dead-parts.ts';
import type { BuiltNames } from './built-names.ts';
import type { SealedLayer } from './head-layers.ts';
import { isInReach, keeperAt, type SnapshotState } from './snapshot-state.ts';
import type { VolumeCore } from './volume-core.ts';
import type { VolumeCut } from './volume-state.ts';
import type { EngineVolume } from './volume.ts';

/**
 * All volumes' trees are built in the order of the cuts, one after the other. At any time all nodes of the tree that a view
 * of the head or of a snapshot answers have their places: what dies is told to `built`, which frees it when all trees are
 * there.
 */
export async function buildVolume(core: VolumeCore, cut: VolumeCut, built: BuiltNames): Promise<void> {
  const written = { nodes: 0 };
  for (const sealed of cut.layers) {
    const { layer } = sealed;
    const below = settleCounts(unfold(layer.below).tree);
    const sink = sinkFor(core, cut.volume, sealed, built, written);
    complete(layer, await buildTree(core.nodes, core.host, sink, below, layer, layer.blocks));
    assert(layer.tree !== undefined, 'views answer the new tree before nodes of the one below are freed');
  }
  built.whenSettled(() => {
    core.admission.pend(written.nodes, 0); // what is released was all pending once
    cut.volume.release(cut.layers);
  });
}

/** What building a volume has come to. */
interface Written {
  nodes: number;
}

/** Snapshots that were taken of this very layer get the mark of its nodes before anything on top of it is built. */
function complete(layer: DeltaLayer, tree: NonNullable<DeltaLayer['tree']>): void {
  layer.tree = tree;
  for (const built of layer.onBuilt) built();
}

function sinkFor(
  core: VolumeCore,
  volume: EngineVolume,
  sealed: SealedLayer,
  built: BuiltNames,
  written: Written,
): BuildSink {
  const isOurs = (words: Uint32Array, at: number, mark: keyof Pick<SnapshotState, 'dataMark' | 'nodeMark'>) =>
    sealed.keeper === undefined || batchOf(words, at) >= sealed.keeper[mark];
  return {
    slot: volume.slot,
    adopt: (words, at) => {
      assert(isOurs(words, at, 'dataMark'), 'data of a layer was named after the snapshot below it');
      built.lives(words, at);
      volume.adopted(sectorsOf(words, at));
    },
    wrote: (words, at) => {
      assert(
        isOurs(words, at, 'nodeMark'),
        'nodes of a layer are named after those of the snapshot below it',
      );
      built.lives(words, at);
      volume.liveSectors += sectorsOf(words, at);
      written.nodes++;
      core.admission.pend(-1, 0); // in use now, beside the one that it replaces
    },
    drop: (words, at, level, end) => {
      if (isInReach(keeperAt(sealed.keeper, end), words, at, level)) return;
      built.dies(words, at);
      volume.liveSectors -= sectorsOf(words, at);
    },
    cutOut: (words, at, level, end) => {
      const { keeper } = sealed;
      const part = {
        words: words.slice(at, at + 8),
        level,
        end,
        above: marksOf(keeper),
        below: marksOf(keeper?.parent),
        split: keeper?.cursor ?? 0,
      };
      return volume.dead.add(part, end - slotSpan(level + 1));
    },
    lost: (level, first) => core.onLost?.(volume.slot, first, slotSpan(level + 1)),
  };
}
