/** One volume of an open pool (the port: volume-store.ts): what it occupies, and what checkpoints take and settle. */
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { unfold, type View } from '../map/delta-layer.ts';
import { countsOf, type PendingCounts, settleCounts, type Tree } from '../map/tree.ts';
import type { SnapshotUsage, VolumeStore, VolumeUsage } from '../volume-store.ts';
import { DeadParts } from './dead-parts.ts';
import type { SealedLayer } from './head-layers.ts';
import { ReadableVolume } from './readable-volume.ts';
import { again } from './reading.ts';
import type { Descendants, SnapshotState } from './snapshot-state.ts';
import { chunkOf, type SnapshotTree } from './snapshot-tree.ts';
import { UsageCache } from './snapshot-usage.ts';
import type { VolumeCore } from './volume-core.ts';
import type { Origin, VolumeCut, VolumeStart } from './volume-state.ts';

/** An instant of a volume, to be made durable. */
export interface VolumePosition {
  readonly last: number;
  readonly generation: number;
}

export class EngineVolume extends ReadableVolume implements VolumeStore, Descendants {
  /** Shown to others only when its creation is durable. */
  ready = false;
  /** What trees of this volume, head and snapshots, and dead parts occupy. */
  liveSectors: number;
  readonly origin: Origin | undefined;
  readonly dead: DeadParts;
  /** Written to items once at least. */
  isDescribed: boolean;
  readonly #usage = new UsageCache();

  /** `isNew`: no root knows it yet. */
  constructor(core: VolumeCore, start: VolumeStart, isNew = true) {
    super(core, start);
    this.origin = start.origin;
    if (start.origin !== undefined) start.origin.snapshot.clones.add(this);
    this.dead = new DeadParts(start.dead, start.nextDeadId);
    this.liveSectors = start.liveSectors;
    this.isDescribed = !isNew;
    this.head.isChanged = isNew;
  }

  get blocks(): number {
    return this.head.blocks;
  }

  get snapshotTree(): SnapshotTree {
    return this.head.snapshots;
  }

  async commit(): Promise<number> {
    await this.core.commit();
    return this.durable;
  }

  async room(): Promise<void> {
    await this.core.room();
  }

  get hasRoom(): boolean {
    return this.core.hasRoom();
  }

  usage(): VolumeUsage {
    return {
      logicalBytes: countsOf(unfold(this.view).tree).mappedBlocks * blockBytes,
      allocatedBytes: (this.liveSectors + this.head.intake.pendingSectors) * sectorBytes,
    };
  }

  snapshotBytes(name: string): number {
    this.checkAlive();
    return countsOf(unfold(this.must(name).view).tree).mappedBlocks * blockBytes;
  }

  async snapshotUsage(name: string): Promise<SnapshotUsage> {
    this.checkAlive();
    return await again(this.core, () => this.#usage.of(this.core, this, this.must(name)));
  }

  viewsFrom(snapshot: SnapshotState): readonly View[] {
    return this.head.viewsFrom(snapshot);
  }

  position(): VolumePosition {
    return { last: this.last, generation: this.generation };
  }

  /** Everything up to that instant survives a power loss. */
  durableAt({ last, generation }: VolumePosition): void {
    if (generation === this.generation) this.durable = Math.max(this.durable, last);
  }

  /** Seals what was taken in so far. Synchronous: a checkpoint cuts all volumes in one instant. */
  cut(): VolumeCut {
    const { snapshots, parent, isChanged: changed } = this.head;
    const { last, generation, record, annotations, properties, sizeBytes, destroyed } = this;
    const cut = {
      volume: this,
      changed,
      generation,
      parent,
      last,
      record,
      annotations,
      properties,
      sizeBytes,
      destroyed,
      ...this.head.cut(),
      nextSnapshotId: snapshots.nextId,
      deleted: new Set(snapshots.deleting),
      dirtyChunks: snapshots.dirtyChunks,
    };
    snapshots.dirtyChunks = new Set();
    this.head.isChanged = false;
    return cut;
  }

  /** The cut is in a durable root. */
  settle(cut: VolumeCut): void {
    this.ready = true;
    this.durableAt(cut);
  }

  /** A data pointer of a layer stands in a tree. */
  adopted(sectors: number): void {
    this.head.intake.pendingSectors -= sectors;
    this.liveSectors += sectors;
  }

  /** After building: nobody needs the layers any more. */
  release(layers: readonly SealedLayer[]): void {
    this.head.release(layers);
  }

  /** A deleted snapshot is wholly taken apart. */
  unlink(gone: SnapshotState): void {
    this.head.unlink(gone);
  }

  /** A part that was cut out is counted: trees that waited for it are described anew. */
  partCounted(part: PendingCounts, { dirtyChunks, nextSnapshotId }: VolumeCut): void {
    for (const { id, view } of this.snapshotTree.all())
      if (id < nextSnapshotId && unfold(view).tree.pending.includes(part)) dirtyChunks.add(chunkOf(id));
  }

  /** Something is left to free that the next checkpoint can free. */
  get hasWork(): boolean {
    if (this.dead.hasWork || (this.destroyed && this.snapshotTree.size === 0)) return true;
    for (const snapshot of this.snapshotTree.deleting) {
      const heirs = snapshot.children.size + (this.head.parent === snapshot ? 1 : 0);
      if (snapshot.clones.size === 0 && heirs <= 1) return true;
    }
    return false;
  }

  /** Whether a clone can begin at this snapshot at once; else after another checkpoint. */
  isSettledAt(name: string): boolean {
    return this.settledTree(this.must(name)) !== undefined;
  }

  /** The complete tree of a snapshot, if all of it is built and counted. */
  settledTree(snapshot: SnapshotState): Tree | undefined {
    const { layers, tree } = unfold(snapshot.view);
    const settled = settleCounts(tree);
    return layers.length === 0 && settled.pending.length === 0 ? settled : undefined;
  }
}
