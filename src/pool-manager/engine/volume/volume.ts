/** One volume of an open pool (the port: volume-store.ts): what is read of it, and what checkpoints take and settle. */
import { assert } from '../../../shared/assert.ts';
import { blockBytes, sectorBytes } from '../../../shared/block-size.ts';
import { uncleared } from '../../../shared/uncleared.ts';
import { unfold, type View } from '../map/delta-layer.ts';
import { lookUp } from '../map/lookup.ts';
import { birthOf, pointerWords } from '../map/pointer.ts';
import { countsOf, type PendingCounts, settleCounts, type Tree } from '../map/tree.ts';
import type { Extent, SnapshotUsage, VolumeStore, VolumeUsage } from '../volume-store.ts';
import { hasContent } from './content.ts';
import { DeadParts } from './dead-parts.ts';
import type { SealedLayer } from './head-layers.ts';
import { readInto } from './block-read.ts';
import type { ReadAt, ReadDone } from './read-blocks.ts';
import { again, birthsOf, digestOf } from './reading.ts';
import { lookUpNow, putBack, repairContent } from './repair.ts';
import type { Descendants, SnapshotState } from './snapshot-state.ts';
import { chunkOf, type SnapshotTree } from './snapshot-tree.ts';
import { UsageCache } from './snapshot-usage.ts';
import type { VolumeCore } from './volume-core.ts';
import { MutableVolume } from './volume-mutations.ts';
import { blocksOf, type Origin, type VolumeCut, type VolumeStart } from './volume-state.ts';

/** An instant of a volume, to be made durable. */
export interface VolumePosition {
  readonly last: number;
  readonly generation: number;
}

export class EngineVolume extends MutableVolume implements VolumeStore, Descendants {
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

  /** The head as it is now; goes on changing while it is a layer that is not sealed. */
  get view(): View {
    return this.head.view;
  }

  async commit(): Promise<number> {
    await this.core.commit();
    return this.durable;
  }

  async room(): Promise<void> {
    await this.core.room();
  }

  async read(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    const content = uncleared(count * blockBytes);
    await new Promise<void>((resolve, reject) =>
      this.readInto(block, content, (error) => (error === undefined ? resolve() : reject(error)), snapshot),
    );
    return content;
  }

  readInto(block: number, into: Uint8Array, done: ReadDone, snapshot?: string, only?: ReadAt['only']): void {
    const count = into.byteLength / blockBytes;
    const view = () => this.#frozen(block, count, snapshot) ?? this.view;
    readInto(this.core, this.slot, { volume: this.identity.volume, block, count, only }, view, into, done);
  }

  async births(
    after: number,
    block: number,
    count: number,
    limit: number,
    snapshot?: string,
  ): Promise<{ readonly extents: readonly Extent[]; readonly next: number }> {
    assert(limit > 0 && after >= 0, 'a positive limit, and births that count from 1');
    const view = () => this.#frozen(block, count, snapshot) ?? this.head.viewFor(count);
    return await birthsOf(this.core, this.identity.volume, view, { block, count, after, limit });
  }

  async digest(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    const view = () => this.#frozen(block, count, snapshot) ?? this.head.viewFor(count);
    return await digestOf(this.core, this.identity.volume, view, { block, count });
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

  async readForRepair(block: number, birth: number): Promise<Uint8Array | undefined> {
    this.checkRange(block, 1);
    const views = () => this.head.viewsWith(block, birth);
    return await repairContent(this.core, this.identity.volume, this.slot, views, { block, birth });
  }

  async writeRepaired(block: number, data: Uint8Array, birth?: number): Promise<boolean> {
    this.checkRange(block, 1);
    assert(data.byteLength === blockBytes, 'a repair is one block');
    const { volume } = this.identity;
    const views = () => (birth === undefined ? [this.view] : this.head.viewsWith(block, birth));
    const outcome = await putBack(this.core, { volume, block, data, views });
    if (outcome !== 'other form') return outcome === 'done';
    const pointer = new Uint32Array(pointerWords);
    while (!lookUp(this.core.nodes, this.view, block, pointer, 0))
      await lookUpNow(this.core, volume, () => this.view, block);
    if (!hasContent(pointer, block, data)) return false;
    this.copyIn([{ block, count: 1, birth: birthOf(pointer, 0), data }]);
    return true;
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

  /** The view of a snapshot; undefined for the head. The range lies in it. */
  #frozen(block: number, count: number, name: string | undefined): View | undefined {
    this.checkAlive();
    const snapshot = name === undefined ? undefined : this.must(name);
    const blocks = blocksOf(snapshot?.sizeBytes ?? this.sizeBytes);
    assert(block >= 0 && count > 0 && block + count <= blocks, 'a range lies in the volume');
    return snapshot?.view;
  }
}
