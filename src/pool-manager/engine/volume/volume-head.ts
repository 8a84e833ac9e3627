/**
 * The head of a volume and how it came from its snapshots: the open layer and what lies below it, what the head descends
 * from, and what building all that may cost. No numbers of entries here, no journal, no admission of users.
 */
import { holePointsMax, unfold, type View } from '../map/delta-layer.ts';
import { pointerWords } from '../map/pointer.ts';
import { levelsFor, nodesMax } from '../map/radix.ts';
import { emptyTree } from '../map/tree.ts';
import { BlockIntake } from './block-intake.ts';
import { HeadLayers, type SealedLayer, shorten } from './head-layers.ts';
import type { SnapshotState } from './snapshot-state.ts';
import { SnapshotTree } from './snapshot-tree.ts';
import type { VolumeCore } from './volume-core.ts';
import { blocksOf, type VolumeStart } from './volume-state.ts';

/** Walks over more blocks seal the open layer when it is not small: what they read is sorted once then. */
const wideBlocks = 4_096;
const sealDeltas = 1_024;
/** More would slow reads down; an open layer that stays is scanned by each walk. */
const sealedLayersMax = 96;

/** What a snapshot remembers besides the view. */
export interface FrozenState {
  readonly name: string | undefined;
  readonly number: number;
  readonly record: Uint8Array;
  readonly sizeBytes: number;
}

export class VolumeHead {
  /** What the head descends from. */
  parent: SnapshotState | undefined;
  readonly snapshots: SnapshotTree;
  readonly intake: BlockIntake;
  /** Something of the volume has changed since the last cut. */
  isChanged = false;
  blocks = 0;
  levels = 1;
  readonly #core: VolumeCore;
  readonly #layers: HeadLayers;
  #leavesCounted = 0;

  constructor(core: VolumeCore, start: VolumeStart) {
    this.#core = core;
    this.parent = start.parent;
    this.snapshots = new SnapshotTree(start.snapshots, start.nextSnapshotId);
    this.intake = new BlockIntake(core, start.slot);
    this.intake.properties = start.properties;
    this.#layers = new HeadLayers(start.head, start.parent);
    this.setSize(start.sizeBytes);
  }

  /** As it is now; goes on changing while it is a layer that is not sealed. */
  get view(): View {
    return this.#layers.open;
  }

  setSize(sizeBytes: number): void {
    this.blocks = blocksOf(sizeBytes);
    this.levels = levelsFor(this.blocks);
  }

  /** Whole blocks of data; their pointers are in `intake.words` then. */
  put(block: number, data: Uint8Array, birth: number): void {
    this.intake.put(this.#layers.open, block, data, birth);
    this.touch();
  }

  /** Pointers as they are, data or holes. */
  putPointers(block: number, count: number, words: Uint32Array, at: number): void {
    for (let i = 0; i < count; i++)
      this.intake.putPointer(this.#layers.open, block + i, words, at + i * pointerWords);
    this.touch();
  }

  unmap(block: number, count: number, birth: number): void {
    const { open } = this.#layers;
    const range = { from: block, to: block + count, birth };
    if (count <= holePointsMax) this.intake.putHoles(open, block, count, birth);
    else open.unmap(range, (words, at) => this.intake.forget(words, at));
    this.touch();
  }

  /** Freezes the view in constant time: what is named from now on is out of the snapshot's reach. */
  freeze(state: FrozenState): SnapshotState {
    const view = this.#layers.seal(this.blocks);
    const frozen: SnapshotState = {
      ...state,
      id: this.snapshots.nextId,
      dataMark: this.#core.space.mark('data'),
      nodeMark: 0,
      view,
      parent: this.parent,
      children: new Set(),
      clones: new Set(),
      deleting: false,
      cursor: 0,
    };
    const built = () => (frozen.nodeMark = this.#core.space.mark('metadata'));
    const [newest] = unfold(view).layers;
    if (newest === undefined) built();
    else newest.onBuilt.push(built);
    this.snapshots.add(frozen);
    this.parent = frozen;
    this.#layers.descend(view, frozen);
    this.touch();
    return frozen;
  }

  /** Everything so far is frozen; the head goes on from a snapshot. */
  goBackTo(snapshot: SnapshotState): void {
    this.#layers.descend(snapshot.view, snapshot);
    this.parent = snapshot;
    this.setSize(snapshot.sizeBytes);
    this.touch();
  }

  /** Everything so far is frozen, and all of it is to be taken apart. */
  abandon(): void {
    for (const snapshot of this.snapshots.all()) this.snapshots.delete(snapshot);
    this.#layers.descend(emptyTree(1), undefined);
    this.parent = undefined;
    this.touch();
  }

  /** The view for a walk over so many blocks: one that does not want to sort many changes each time. */
  viewFor(count: number): View {
    const { open, sealedLayers, unbuiltDeltas } = this.#layers;
    const isMuch = open.deltas > Math.max(sealDeltas, unbuiltDeltas / 16);
    if (count <= wideBlocks || !isMuch || sealedLayers >= sealedLayersMax) return open;
    return this.#layers.seal(this.blocks);
  }

  /** Views that descend from a snapshot directly. */
  viewsFrom(snapshot: SnapshotState): readonly View[] {
    const isOwn = this.snapshots.byId(snapshot.id) === snapshot;
    const below = isOwn
      ? snapshot.children
      : [...this.snapshots.all()].filter(({ parent }) => parent === snapshot);
    const views = Array.from(below, ({ view }) => view);
    return this.parent === snapshot ? [...views, this.view] : views;
  }

  /** Where a block may be with a birth: the head, and the first snapshot that was taken at or after it. */
  viewsWith(block: number, birth: number): readonly View[] {
    const after = this.snapshots.visible.filter(
      ({ number, sizeBytes }) => number >= birth && block < blocksOf(sizeBytes),
    );
    const nearest = after.toSorted((a, b) => a.number - b.number)[0];
    return nearest === undefined ? [this.view] : [this.view, nearest.view];
  }

  /** Seals the open layer: the view of now, and the layers that a checkpoint has to build for it. */
  cut(): { readonly head: View; readonly layers: readonly SealedLayer[] } {
    const head = this.#layers.seal(this.blocks);
    return { head, layers: this.#layers.cut() };
  }

  /** After building: nobody needs the layers any more. */
  release(layers: readonly SealedLayer[]): void {
    for (const { nodesMax: nodes, deltas } of layers) this.#core.admission.pend(-nodes, -deltas);
    this.#layers.release();
    for (const snapshot of this.snapshots.all()) snapshot.view = shorten(snapshot.view);
  }

  /** A deleted snapshot is wholly taken apart: its children descend from its parent now. */
  unlink(gone: SnapshotState): void {
    this.snapshots.unlink(gone);
    this.#layers.unlink(gone);
    if (this.parent === gone) this.parent = gone.parent;
  }

  /** Counts what building the open layer may cost, after each change of it. */
  touch(): void {
    this.isChanged = true;
    const layers = this.#layers;
    const { deltas, leavesMax, isEmpty } = layers.open;
    let nodes = layers.nodesMax;
    if (leavesMax !== this.#leavesCounted || isEmpty || nodes === 0) {
      this.#leavesCounted = leavesMax;
      nodes = isEmpty ? 0 : nodesMax(this.blocks, leavesMax) + 1;
    }
    if (nodes === layers.nodesMax && deltas === layers.deltas) return;
    this.#core.admission.pend(nodes - layers.nodesMax, deltas - layers.deltas);
    layers.nodesMax = nodes;
    layers.deltas = deltas;
  }
}
