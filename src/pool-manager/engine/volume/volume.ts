/**
 * One volume of an open pool (the port: volume-store.ts).
 *
 * Changes go into the open layer on top of the head's view, and into the journal; `cut` seals the layer for a checkpoint.
 * Data has its name, its checksum and its way to the devices at once, so building a tree later moves pointers only.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { holePointsMax, unfold, type View } from '../map/delta-layer.ts';
import { lookUp } from '../map/lookup.ts';
import { birthOf, pointerWords, sectorBytes } from '../map/pointer.ts';
import { levelsFor, nodesMax } from '../map/radix.ts';
import { countsOf, emptyTree, type PendingCounts, settleCounts, type Tree } from '../map/tree.ts';
import {
  LimitError,
  type CopiedExtent,
  type Extent,
  type VolumeStore,
  type Snapshot,
  type SnapshotUsage,
  type VolumeIdentity,
  type VolumeProperties,
  type VolumeUsage,
} from '../volume-store.ts';
import { BlockIntake } from './block-intake.ts';
import { DeadParts } from './dead-parts.ts';
import { HeadLayers, type SealedLayer, shorten } from './head-layers.ts';
import { birthsOf, digestOf, readAgain } from './reading.ts';
import { lookUpNow, putBack, repairContent } from './repair.ts';
import { hasContent } from './content.ts';
import type { Descendants, SnapshotState } from './snapshot-state.ts';
import { chunkOf, SnapshotTree } from './snapshot-tree.ts';
import { UsageCache } from './snapshot-usage.ts';
import type { VolumeCore } from './volume-core.ts';
import type { VolumeNote } from './volume-journal.ts';
import { blocksOf, checkSize, type Origin, type VolumeCut, type VolumeStart } from './volume-state.ts';

/** A volume that was destroyed, or a snapshot that is not there. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
}

/** An instant of a volume, to be made durable. */
export interface VolumePosition {
  readonly last: number;
  readonly generation: number;
}

export const annotationBytesMax = 65_536;
const nameBytesMax = 255;
/** Walks over more blocks seal the open layer when it is not small: what they read is sorted once then. */
const wideBlocks = 4_096;
const sealDeltas = 1_024;
/** More would slow reads down; an open layer that stays is scanned by each walk. */
const sealedLayersMax = 96;

export class EngineVolume implements VolumeStore, Descendants {
  readonly identity: VolumeIdentity;
  readonly slot: number;
  sizeBytes: number;
  last: number;
  durable: number;
  record: Uint8Array;
  annotations: Uint8Array;
  /** Shown to others only when its creation is durable. */
  ready = false;
  destroyed: boolean;
  /** What trees of this volume, head and snapshots, and dead parts occupy. */
  liveSectors: number;
  /** What the head descends from. */
  parent: SnapshotState | undefined;
  readonly origin: Origin | undefined;
  readonly snapshotTree: SnapshotTree;
  readonly dead: DeadParts;
  /** Written to items once at least. */
  isDescribed: boolean;
  readonly #core: VolumeCore;
  readonly #intake: BlockIntake;
  readonly #layers: HeadLayers;
  readonly #usage = new UsageCache();
  #blocks: number;
  #levels: number;
  #leavesCounted = 0;
  #changed: boolean;
  #generation = 0;

  /** `isNew`: no root knows it yet. */
  constructor(core: VolumeCore, start: VolumeStart, isNew = true) {
    this.#core = core;
    this.identity = start.identity;
    this.slot = start.slot;
    this.sizeBytes = start.sizeBytes;
    this.last = start.last;
    this.durable = start.last;
    this.record = start.record;
    this.annotations = start.annotations;
    this.parent = start.parent;
    this.origin = start.origin;
    if (start.origin !== undefined) start.origin.snapshot.clones.add(this);
    this.snapshotTree = new SnapshotTree(start.snapshots, start.nextSnapshotId);
    this.dead = new DeadParts(start.dead, start.nextDeadId);
    this.liveSectors = start.liveSectors;
    this.destroyed = start.destroyed;
    this.isDescribed = !isNew;
    this.#changed = isNew;
    this.#intake = new BlockIntake(core, start.slot);
    this.#intake.properties = start.properties;
    this.#layers = new HeadLayers(start.head, start.parent);
    this.#blocks = blocksOf(start.sizeBytes);
    this.#levels = levelsFor(this.#blocks);
  }

  get blocks(): number {
    return this.#blocks;
  }

  get properties(): VolumeProperties {
    return this.#intake.properties;
  }

  /** The head as it is now; goes on changing while it is a layer that is not sealed. */
  get view(): View {
    return this.#layers.open;
  }

  write(number: number, block: number, data: Uint8Array): void {
    const count = data.byteLength / blockBytes;
    this.#checkRange(block, count);
    this.#checkNumber(number);
    this.#core.admission.admit(count, (Math.ceil(count / 128) + 1) * this.#levels);
    this.#intake.put(this.#layers.open, block, data, number);
    this.last = number;
    this.#touch();
    this.#core.journal.wrote(this.slot, number, block, count, this.#intake.words, 0);
  }

  unmap(number: number, block: number, count: number): void {
    this.#checkRange(block, count);
    this.#checkNumber(number);
    this.#unmap(block, count, number);
    this.last = number;
    this.#note({ do: 'unmap', number, block, count });
  }

  advance(number: number): void {
    this.#checkAlive();
    this.#checkNumber(number);
    this.last = number;
    this.#note({ do: 'advance', number });
  }

  resize(number: number, sizeBytes: number): void {
    this.#checkAlive();
    assert(sizeBytes >= this.sizeBytes, 'a volume only grows');
    this.#checkNumber(number);
    checkSize(sizeBytes);
    const from = this.#blocks;
    this.#setSize(sizeBytes);
    if (this.#blocks > from) this.#unmap(from, this.#blocks - from, number);
    this.last = number;
    this.#note({ do: 'resize', number, sizeBytes });
  }

  setRecord(record: Uint8Array): void {
    this.#checkAlive();
    this.record = record.slice();
    this.#note({ do: 'setRecord', record: this.record });
  }

  setProperties(properties: VolumeProperties): void {
    this.#checkAlive();
    const { compression, zstdLevel } = properties;
    assert(compression !== 'zstd' || this.#core.zstd !== undefined, 'zstd is at hand where it is asked for');
    assert(Number.isInteger(zstdLevel) && zstdLevel >= 1 && zstdLevel <= 19, 'a level of zstd');
    this.#intake.properties = { compression, zstdLevel };
    this.#note({ do: 'setProperties', properties: this.properties });
  }

  setAnnotations(annotations: Uint8Array): void {
    this.#checkAlive();
    if (annotations.byteLength > annotationBytesMax)
      throw new LimitError(`annotations of up to ${annotationBytesMax} bytes, not ${annotations.byteLength}`);
    this.annotations = annotations.slice();
    this.#note({ do: 'setAnnotations', annotations: this.annotations });
  }

  copyIn(extents: readonly CopiedExtent[]): void {
    this.#checkAlive();
    let units = 0;
    let leaves = 0;
    for (const { block, count, birth, data } of extents) {
      this.#checkRange(block, count);
      assert(Number.isSafeInteger(birth) && birth >= 0, 'a birth is a whole number');
      assert(data === undefined || data.byteLength === count * blockBytes, 'copied data fills its extent');
      if (data !== undefined) units += count;
      leaves += Math.ceil(count / 128) + 1;
    }
    this.#core.admission.admit(units, leaves * this.#levels);
    for (const extent of extents) this.#copy(extent);
  }

  snapshot(name: string): void {
    this.#checkAlive();
    assert(
      this.snapshotTree.named(name) === undefined,
      `volume ${this.identity.volume} has a snapshot ${name}`,
    );
    const nameBytes = Buffer.byteLength(name);
    if (nameBytes === 0 || nameBytes > nameBytesMax)
      throw new LimitError(`the name of a snapshot has 1 to ${nameBytesMax} bytes, not ${nameBytes}`);
    this.#freeze(name);
    this.#note({ do: 'snapshot', name });
  }

  deleteSnapshot(name: string): void {
    this.#checkAlive();
    this.snapshotTree.delete(this.#must(name));
    this.#note({ do: 'deleteSnapshot', name });
  }

  rollback(name: string): void {
    this.#checkAlive();
    const snapshot = this.#must(name);
    this.snapshotTree.delete(this.#freeze(undefined));
    this.#layers.descend(snapshot.view, snapshot);
    this.parent = snapshot;
    this.#setSize(snapshot.sizeBytes);
    this.last = snapshot.number;
    this.durable = Math.min(this.durable, this.last);
    this.record = snapshot.record;
    this.#generation++;
    this.#note({ do: 'rollback', name });
  }

  snapshots(): readonly Snapshot[] {
    return this.snapshotTree.visible.flatMap(({ name, number, record }) =>
      name === undefined ? [] : [{ name, number, record }],
    );
  }

  async commit(): Promise<number> {
    await this.#core.commit();
    return this.durable;
  }

  async room(): Promise<void> {
    await this.#core.room();
  }

  async read(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    return await readAgain(this.#core, this.identity.volume, this.slot, { block, count }, () =>
      this.#view(block, count, snapshot),
    );
  }

  async births(
    after: number,
    block: number,
    count: number,
    limit: number,
    snapshot?: string,
  ): Promise<{ readonly extents: readonly Extent[]; readonly next: number }> {
    assert(limit > 0 && after >= 0, 'a positive limit, and births that count from 1');
    const view = () => this.#wideView(block, count, snapshot);
    return await birthsOf(this.#core, this.identity.volume, view, { block, count, after, limit });
  }

  async digest(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    const view = () => this.#wideView(block, count, snapshot);
    return await digestOf(this.#core, this.identity.volume, view, { block, count });
  }

  usage(): VolumeUsage {
    return {
      logicalBytes: countsOf(unfold(this.#layers.open).tree).mappedBlocks * blockBytes,
      allocatedBytes: (this.liveSectors + this.#intake.pendingSectors) * sectorBytes,
    };
  }

  async snapshotUsage(name: string): Promise<SnapshotUsage> {
    this.#checkAlive();
    return await this.#core.pins.hold(() => this.#usage.of(this.#core, this, this.#must(name)));
  }

  async readForRepair(block: number, birth: number): Promise<Uint8Array | undefined> {
    this.#checkRange(block, 1);
    const views = () => this.#viewsWith(block, birth);
    return await repairContent(this.#core, this.identity.volume, this.slot, views, { block, birth });
  }

  async writeRepaired(block: number, data: Uint8Array, birth?: number): Promise<boolean> {
    this.#checkRange(block, 1);
    assert(data.byteLength === blockBytes, 'a repair is one block');
    const views = () => (birth === undefined ? [this.#layers.open] : this.#viewsWith(block, birth));
    const repair = { block, data, views, volume: this.identity.volume };
    const outcome = await putBack(this.#core, repair);
    if (outcome !== 'other form') return outcome === 'done';
    const pointer = new Uint32Array(pointerWords);
    while (!lookUp(this.#core.nodes, this.#layers.open, block, pointer, 0))
      await lookUpNow(this.#core, this.identity.volume, () => this.#layers.open, block);
    if (!hasContent(pointer, block, data)) return false;
    this.#core.admission.admit(1, this.#levels);
    this.#copy({ block, count: 1, birth: birthOf(pointer, 0), data });
    return true;
  }

  viewsFrom(snapshot: SnapshotState): readonly View[] {
    const views: View[] = [];
    for (const child of this.snapshotTree.all()) if (child.parent === snapshot) views.push(child.view);
    if (this.parent === snapshot) views.push(this.#layers.open);
    return views;
  }

  /** Gone for users at once; head and snapshots are taken apart by the next checkpoints. */
  destroy(): void {
    this.#checkAlive();
    this.#freeze(undefined);
    for (const snapshot of this.snapshotTree.all()) this.snapshotTree.delete(snapshot);
    this.#layers.descend(emptyTree(1), undefined);
    this.parent = undefined;
    this.destroyed = true;
    this.#touch();
  }

  /** Replay: pointers as they are, data or holes; space knows their names. */
  replayPut(block: number, count: number, words: Uint32Array, at: number): void {
    this.#checkRange(block, count);
    for (let i = 0; i < count; i++)
      this.#intake.putPointer(this.#layers.open, block + i, words, at + i * pointerWords);
    this.#touch();
  }

  /** Replay: the number of the entry whose pointers were put. */
  replayNumber(number: number): void {
    this.#checkNumber(number);
    this.last = number;
    this.#touch();
  }

  position(): VolumePosition {
    return { last: this.last, generation: this.#generation };
  }

  /** Everything up to that instant survives a power loss. */
  durableAt({ last, generation }: VolumePosition): void {
    if (generation === this.#generation) this.durable = Math.max(this.durable, last);
  }

  /** Seals what was taken in so far. Synchronous: a checkpoint cuts all volumes in one instant. */
  cut(): VolumeCut {
    const head = this.#layers.seal(this.#blocks);
    const cut = {
      volume: this,
      changed: this.#changed,
      generation: this.#generation,
      layers: this.#layers.cut(),
      head,
      parent: this.parent,
      last: this.last,
      record: this.record,
      annotations: this.annotations,
      properties: this.properties,
      sizeBytes: this.sizeBytes,
      destroyed: this.destroyed,
      nextSnapshotId: this.snapshotTree.nextId,
      deleted: new Set(this.snapshotTree.deleting),
      dirtyChunks: this.snapshotTree.dirtyChunks,
    };
    this.snapshotTree.dirtyChunks = new Set();
    this.#changed = false;
    return cut;
  }

  /** The cut is in a durable root. */
  settle(cut: VolumeCut): void {
    this.ready = true;
    this.durableAt(cut);
  }

  /** A data pointer of a layer stands in a tree. */
  adopted(sectors: number): void {
    this.#intake.pendingSectors -= sectors;
    this.liveSectors += sectors;
  }

  /** After building: nobody needs the layers any more. */
  release(layers: readonly SealedLayer[]): void {
    for (const { nodesMax: nodes, deltas } of layers) this.#core.admission.pend(-nodes, -deltas);
    this.#layers.release();
    for (const snapshot of this.snapshotTree.all()) snapshot.view = shorten(snapshot.view);
  }

  /** A deleted snapshot is wholly taken apart: its children descend from its parent now. */
  unlink(gone: SnapshotState): void {
    this.snapshotTree.unlink(gone);
    this.#layers.unlink(gone);
    if (this.parent === gone) this.parent = gone.parent;
  }

  /** A part that was cut out is counted: trees that waited for it are described anew. */
  partCounted(part: PendingCounts, { dirtyChunks, nextSnapshotId }: VolumeCut): void {
    for (const { id, view } of this.snapshotTree.all())
      if (id < nextSnapshotId && unfold(view).tree.pending.includes(part)) dirtyChunks.add(chunkOf(id));
  }

  /** Something is left to free that the next checkpoint can free. */
  get hasWork(): boolean {
    if (this.dead.hasWork || (this.destroyed && this.snapshotTree.size === 0)) return true;
    for (const snapshot of this.snapshotTree.deleting)
      if (snapshot.clones.size === 0 && snapshot.children.size + (this.parent === snapshot ? 1 : 0) <= 1)
        return true;
    return false;
  }

  /** Whether a clone can begin at this snapshot at once; else after another checkpoint. */
  isSettledAt(name: string): boolean {
    return this.settledTree(this.#must(name)) !== undefined;
  }

  /** The complete tree of a snapshot, if all of it is built and counted. */
  settledTree(snapshot: SnapshotState): Tree | undefined {
    const { layers, tree } = unfold(snapshot.view);
    const settled = settleCounts(tree);
    return layers.length === 0 && settled.pending.length === 0 ? settled : undefined;
  }

  #copy({ block, count, birth, data }: CopiedExtent): void {
    if (data === undefined) {
      this.#unmap(block, count, birth);
      this.#note({ do: 'copyHole', block, count, birth });
      return;
    }
    this.#intake.put(this.#layers.open, block, data, birth);
    this.#touch();
    this.#core.journal.copied(this.slot, block, count, this.#intake.words, 0);
  }

  #unmap(block: number, count: number, birth: number): void {
    const { open } = this.#layers;
    if (count <= holePointsMax) this.#intake.putHoles(open, block, count, birth);
    else open.unmap({ from: block, to: block + count, birth }, (words, at) => this.#intake.forget(words, at));
  }

  /** Freezes the head's view: what is named from now on is out of its reach. */
  #freeze(name: string | undefined): SnapshotState {
    const view = this.#layers.seal(this.#blocks);
    const frozen: SnapshotState = {
      id: this.snapshotTree.nextId,
      name,
      number: this.last,
      record: this.record,
      sizeBytes: this.sizeBytes,
      dataMark: this.#core.space.mark('data'),
      nodeMark: 0,
      view,
      parent: this.parent,
      children: new Set(),
      clones: new Set(),
      deleting: false,
      cursor: 0,
    };
    const { layers } = unfold(view);
    const built = () => (frozen.nodeMark = this.#core.space.mark('metadata'));
    if (layers[0] === undefined) built();
    else layers[0].onBuilt.push(built);
    this.snapshotTree.add(frozen);
    this.parent = frozen;
    this.#layers.descend(view, frozen);
    return frozen;
  }

  #note(note: VolumeNote): void {
    this.#touch();
    this.#core.journal.note(this.slot, note);
  }

  /** Counts what building the open layer may cost, after each change of it. */
  #touch(): void {
    this.#changed = true;
    const layers = this.#layers;
    const { deltas, leavesMax, isEmpty } = layers.open;
    let nodes = layers.nodesMax;
    if (leavesMax !== this.#leavesCounted || isEmpty || nodes === 0) {
      this.#leavesCounted = leavesMax;
      nodes = isEmpty ? 0 : nodesMax(this.#blocks, leavesMax) + 1;
    }
    if (nodes === layers.nodesMax && deltas === layers.deltas) return;
    this.#core.admission.pend(nodes - layers.nodesMax, deltas - layers.deltas);
    layers.nodesMax = nodes;
    layers.deltas = deltas;
  }

  #setSize(sizeBytes: number): void {
    this.sizeBytes = sizeBytes;
    this.#blocks = blocksOf(sizeBytes);
    this.#levels = levelsFor(this.#blocks);
  }

  #view(block: number, count: number, name: string | undefined): View {
    this.#checkAlive();
    const snapshot = name === undefined ? undefined : this.#must(name);
    const blocks = blocksOf(snapshot?.sizeBytes ?? this.sizeBytes);
    assert(block >= 0 && count > 0 && block + count <= blocks, 'a range lies in the volume');
    return snapshot?.view ?? this.#layers.open;
  }

  /** The same for walks, which do not want to sort many changes each time. */
  #wideView(block: number, count: number, name: string | undefined): View {
    const view = this.#view(block, count, name);
    const { open, sealedLayers, unbuiltDeltas } = this.#layers;
    const isMuch = open.deltas > Math.max(sealDeltas, unbuiltDeltas / 16);
    if (view !== open || count <= wideBlocks || !isMuch || sealedLayers >= sealedLayersMax) return view;
    return this.#layers.seal(this.#blocks);
  }

  /** Where a block may be with a birth: the head, and the first snapshot that was taken at or after it. */
  #viewsWith(block: number, birth: number): readonly View[] {
    const after = this.snapshotTree.visible.filter(
      ({ number, sizeBytes }) => number >= birth && block < blocksOf(sizeBytes),
    );
    const nearest = after.toSorted((a, b) => a.number - b.number)[0];
    return nearest === undefined ? [this.#layers.open] : [this.#layers.open, nearest.view];
  }

  #must(name: string): SnapshotState {
    const snapshot = this.snapshotTree.named(name);
    if (snapshot === undefined) throw new GoneError(`volume ${this.identity.volume} has no snapshot ${name}`);
    return snapshot;
  }

  #checkRange(block: number, count: number): void {
    this.#checkAlive();
    if (Number.isInteger(block) && block >= 0 && Number.isInteger(count) && count > 0)
      if (block + count <= this.#blocks) return;
    assert(false, `blocks ${block}…+${count} lie in volume ${this.identity.volume}`);
  }

  #checkNumber(number: number): void {
    if (!Number.isSafeInteger(number) || number <= this.last)
      assert(false, `entry ${number} comes after ${this.last}`);
  }

  #checkAlive(): void {
    if (this.destroyed)
      throw new GoneError(`volume ${this.identity.volume} (${this.identity.guid}) was destroyed`);
  }
}
