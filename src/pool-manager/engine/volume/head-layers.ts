/** What the head is made of: the open layer, sealed ones that no checkpoint has built yet, and below them a view. */
import { DeltaLayer, type View } from '../map/delta-layer.ts';
import type { SnapshotState } from './snapshot-state.ts';

/** A sealed layer and what the head descended from when it was open: that one keeps what is dropped here. */
export interface SealedLayer {
  readonly layer: DeltaLayer;
  keeper: SnapshotState | undefined;
  /** As counted in the pool's admission. */
  readonly nodesMax: number;
  readonly deltas: number;
}

export class HeadLayers {
  open: DeltaLayer;
  /** As counted in the pool's admission. */
  nodesMax = 0;
  deltas = 0;
  #keeper: SnapshotState | undefined;
  #unbuilt: SealedLayer[] = [];
  /** Cut for a checkpoint that is being made. */
  #closing: readonly SealedLayer[] = [];

  constructor(view: View, keeper: SnapshotState | undefined) {
    this.open = new DeltaLayer(view);
    this.#keeper = keeper;
  }

  /** Points and ranges that are in no tree. */
  get unbuiltDeltas(): number {
    return this.#unbuilt.reduce((sum, { deltas }) => sum + deltas, this.deltas);
  }
  get sealedLayers(): number {
    return this.#unbuilt.length;
  }

  /** Begins a new open layer, unless this one is empty; answers the view of now, which does not change any more. */
  seal(blocks: number): View {
    const layer = this.open;
    if (layer.isEmpty) return layer.below;
    layer.isSealed = true;
    layer.blocks = blocks;
    this.#unbuilt.push({ layer, keeper: this.#keeper, nodesMax: this.nodesMax, deltas: this.deltas });
    this.#begin(layer);
    return layer;
  }

  /** The head descends from `keeper` from now on; the open layer is empty. */
  descend(view: View, keeper: SnapshotState | undefined): void {
    this.#keeper = keeper;
    if (view !== this.open.below) this.#begin(view);
  }

  /** Hands the sealed layers, oldest first, to a checkpoint. */
  cut(): readonly SealedLayer[] {
    this.#closing = this.#unbuilt;
    this.#unbuilt = [];
    return this.#closing;
  }

  /** The cut layers are built: nobody needs them any more. */
  release(): void {
    this.#closing = [];
    for (const { layer } of this.#unbuilt) layer.below = shorten(layer.below);
    this.open.below = shorten(this.open.below);
  }

  /** A keeper is wholly taken apart. */
  unlink(gone: SnapshotState): void {
    for (const sealed of [...this.#closing, ...this.#unbuilt])
      if (sealed.keeper === gone) sealed.keeper = gone.parent;
    if (this.#keeper === gone) this.#keeper = gone.parent;
  }

  #begin(below: View): void {
    this.open = new DeltaLayer(below);
    this.nodesMax = 0;
    this.deltas = 0;
  }
}

/** The tree, where the layer has become one. */
export const shorten = (view: View): View =>
  view instanceof DeltaLayer && view.tree !== undefined ? view.tree : view;
