/**
 * One volume of an open pool (the port: volume-store.ts).
 *
 * Changes go into the open layer on top of the head's view; `cut` seals it for a commit. Data has its place, its
 * checksum and its way to the devices at once, so building a tree later moves pointers only.
 */
import { createHash } from 'node:crypto';
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { checksumWord, isMapped, pointerWords, setHole, setMapped, unitOf } from './block-pointer.ts';
import { checksumUnlessZero } from './checksum.ts';
import { DeltaLayer, unfold, type View } from './delta-layer.ts';
import { BadNodeError } from './node-store.ts';
import type { PoolCore } from './pool-core.ts';
import { readBlocks } from './read-blocks.ts';
import type { SnapshotState } from './snapshot-state.ts';
import { emptyTree, levelsFor, nodesMax } from './tree.ts';
import { ExtentCollector, walkView } from './view-walk.ts';
import {
  BadBlockError,
  type CopiedExtent,
  type Extent,
  type Snapshot,
  type VolumeIdentity,
  type VolumeStore,
  type VolumeUsage,
} from './volume-store.ts';
import type { Blob } from './blob.ts';

/** A volume that was destroyed, or a snapshot that is not there. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
}

/** What a commit writes of a volume: its state at one instant. */
export interface VolumeCut {
  readonly volume: EngineVolume;
  readonly changed: boolean;
  readonly snapshotsChanged: boolean;
  readonly generation: number;
  /** To be built, in this order. */
  readonly layers: readonly DeltaLayer[];
  readonly head: View;
  readonly parent: SnapshotState | undefined;
  readonly last: number;
  readonly record: Uint8Array;
  readonly sizeBytes: number;
  readonly destroyed: boolean;
  readonly snapshots: readonly SnapshotState[];
  /** Those of `snapshots` that were deleted by then. */
  readonly deleted: ReadonlySet<SnapshotState>;
}

/** What a volume begins with, new or from the disk. */
export interface VolumeStart {
  readonly identity: VolumeIdentity;
  readonly sizeBytes: number;
  readonly last: number;
  readonly record: Uint8Array;
  readonly head: View;
  readonly parent: SnapshotState | undefined;
  readonly snapshots: readonly SnapshotState[];
  readonly nextSnapshotId: number;
  readonly liveUnits: number;
  readonly destroyed: boolean;
}

const blocksOf = (sizeBytes: number): number => Math.ceil(sizeBytes / blockBytes);
/** Data in one write gets contiguous places up to this. */
const runUnitsMax = 256;

export class EngineVolume implements VolumeStore {
  readonly identity: VolumeIdentity;
  sizeBytes: number;
  last: number;
  durable: number;
  record: Uint8Array;
  /** Shown to others only when its creation is durable. */
  ready = false;
  destroyed: boolean;
  /** What the commit that wrote it last put on disk. */
  blobs: { readonly head: Blob; readonly snapshots: Blob | undefined } | undefined;
  /** Units that trees of this volume reach, head and snapshots. */
  liveUnits: number;
  nextSnapshotId: number;
  parent: SnapshotState | undefined;
  readonly snapshotStates = new Set<SnapshotState>();
  readonly #core: PoolCore;
  readonly #commit: () => Promise<void>;
  #open: DeltaLayer;
  #unbuilt: DeltaLayer[] = [];
  #changed = true;
  #snapshotsChanged = true;
  #generation = 0;
  /** Data units of layers that are not built. */
  #pendingUnits = 0;

  constructor(core: PoolCore, commit: () => Promise<void>, start: VolumeStart) {
    this.#core = core;
    this.#commit = commit;
    this.identity = start.identity;
    this.sizeBytes = start.sizeBytes;
    this.last = start.last;
    this.durable = start.last;
    this.record = start.record;
    this.parent = start.parent;
    for (const snapshot of start.snapshots) this.snapshotStates.add(snapshot);
    this.nextSnapshotId = start.nextSnapshotId;
    this.liveUnits = start.liveUnits;
    this.destroyed = start.destroyed;
    this.#open = new DeltaLayer(start.head, start.parent);
  }

  get blocks(): number {
    return blocksOf(this.sizeBytes);
  }

  write(number: number, block: number, data: Uint8Array): void {
    const count = data.byteLength / blockBytes;
    assert(Number.isInteger(count) && count > 0, 'a write is whole blocks');
    this.#checkRange(block, count);
    this.#checkNumber(number);
    this.#core.admit(count, this.#nodesFor(Math.ceil(count / 128) + 1));
    this.#put(block, data, number);
    this.last = number;
    this.#touch();
  }

  unmap(number: number, block: number, count: number): void {
    this.#checkRange(block, count);
    this.#checkNumber(number);
    this.#unmap(block, block + count, number);
    this.last = number;
    this.#touch();
  }

  advance(number: number): void {
    this.#checkNumber(number);
    this.last = number;
    this.#touch();
  }

  resize(number: number, sizeBytes: number): void {
    assert(Number.isSafeInteger(sizeBytes) && sizeBytes >= this.sizeBytes, 'a volume only grows');
    this.#checkNumber(number);
    const from = this.blocks;
    this.sizeBytes = sizeBytes;
    if (this.blocks > from) this.#unmap(from, this.blocks, number);
    this.last = number;
    this.#touch();
  }

  setRecord(record: Uint8Array): void {
    this.#checkAlive();
    this.record = record.slice();
    this.#touch();
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
    this.#core.admit(units, this.#nodesFor(leaves));
    for (const { block, count, birth, data } of extents) {
      if (data !== undefined) this.#put(block, data, birth);
      else this.#unmap(block, block + count, birth);
    }
    this.#touch();
  }

  snapshot(name: string): void {
    this.#checkAlive();
    assert(this.#find(name) === undefined, `volume ${this.identity.volume} has a snapshot ${name}`);
    this.#freeze(name, false);
  }

  deleteSnapshot(name: string): void {
    this.#checkAlive();
    this.#must(name).deleting = true;
    this.#snapshotsChanged = true;
    this.#touch();
  }

  rollback(name: string): void {
    this.#checkAlive();
    const snapshot = this.#must(name);
    this.#freeze(undefined, true);
    this.#open = new DeltaLayer(snapshot.view, snapshot);
    this.parent = snapshot;
    this.sizeBytes = snapshot.sizeBytes;
    this.last = snapshot.number;
    this.durable = Math.min(this.durable, this.last);
    this.record = snapshot.record;
    this.#generation++;
    this.#touch();
  }

  snapshots(): readonly Snapshot[] {
    return [...this.snapshotStates].flatMap(({ name, number, record, deleting }) =>
      name === undefined || deleting ? [] : [{ name, number, record }],
    );
  }

  async commit(): Promise<number> {
    await this.#commit();
    return this.durable;
  }

  /** Given by the pool: it knows when writes finish. */
  room: () => Promise<void> = () => Promise.resolve();

  async read(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    return await this.#core.pins.hold(async () => {
      const view = this.#view(block, count, snapshot);
      return await readBlocks(this.#core, this.identity.volume, view, block, count);
    });
  }

  async births(
    after: number,
    block: number,
    count: number,
    limit: number,
    snapshot?: string,
  ): Promise<{ readonly extents: readonly Extent[]; readonly next: number }> {
    assert(limit > 0 && after >= 0, 'a positive limit, and births that count from 1');
    const collector = new ExtentCollector(limit);
    await this.#walk(after, block, count, snapshot, (from, to, birth, words) =>
      collector.add(from, to, birth, words !== undefined),
    );
    return { extents: collector.extents, next: collector.stoppedAt ?? block + count };
  }

  /** SHA-256 over (block number, checksum) of each block that holds data: no data is read. */
  async digest(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    const hash = createHash('sha256');
    await this.#walk(-1, block, count, snapshot, (from, _to, _birth, words, at) => {
      if (words === undefined) return true;
      const entry = new Uint32Array(6);
      entry[0] = from;
      entry[1] = Math.floor(from / 2 ** 32);
      entry.set(words.subarray(at + checksumWord, at + pointerWords), 2);
      hash.update(entry);
      return true;
    });
    return new Uint8Array(hash.digest());
  }

  usage(): VolumeUsage {
    return {
      logicalBytes: unfold(this.#open).tree.mappedBlocks * blockBytes,
      allocatedBytes: (this.liveUnits + this.#pendingUnits) * blockBytes,
    };
  }

  /** Gone for users at once; head and snapshots are taken apart by the next commits. */
  destroy(): void {
    this.#checkAlive();
    this.#freeze(undefined, true);
    for (const snapshot of this.snapshotStates) snapshot.deleting = true;
    this.#snapshotsChanged = true;
    this.#open = new DeltaLayer(emptyTree(1), undefined);
    this.parent = undefined;
    this.#touch();
    this.destroyed = true;
  }

  /** Seals what was taken in so far. Synchronous: a commit cuts all volumes in one instant. */
  cut(): VolumeCut {
    this.#seal();
    const layers = this.#unbuilt;
    this.#unbuilt = [];
    const cut = {
      volume: this,
      changed: this.#changed,
      snapshotsChanged: this.#snapshotsChanged,
      generation: this.#generation,
      layers,
      head: this.#open.below,
      parent: this.parent,
      last: this.last,
      record: this.record,
      sizeBytes: this.sizeBytes,
      destroyed: this.destroyed,
      snapshots: [...this.snapshotStates],
      deleted: new Set([...this.snapshotStates].filter(({ deleting }) => deleting)),
    };
    this.#changed = false;
    this.#snapshotsChanged = false;
    return cut;
  }

  /** The cut is on disk. */
  settle(cut: VolumeCut): void {
    this.ready = true;
    if (cut.generation === this.#generation) this.durable = Math.max(this.durable, cut.last);
  }

  /** A data pointer of a layer stands in a tree. */
  adopted(): void {
    this.#pendingUnits--;
    this.liveUnits++;
  }

  /** After building: nobody needs the layers any more. */
  release(layers: readonly DeltaLayer[]): void {
    for (const layer of layers) {
      this.#core.nodesPending -= layer.nodesMax;
      this.#core.deltasPending -= layer.deltas;
    }
    for (const layer of [...this.#unbuilt, this.#open]) layer.below = shorten(layer.below);
    for (const snapshot of this.snapshotStates) snapshot.view = shorten(snapshot.view);
  }

  /** A deleted snapshot is wholly taken apart: its children descend from its parent now. */
  unlink(gone: SnapshotState): void {
    this.snapshotStates.delete(gone);
    for (const snapshot of this.snapshotStates) if (snapshot.parent === gone) snapshot.parent = gone.parent;
    for (const layer of [...this.#unbuilt, this.#open]) if (layer.keeper === gone) layer.keeper = gone.parent;
    if (this.parent === gone) this.parent = gone.parent;
  }

  #unmap(from: number, to: number, birth: number): void {
    this.#open.unmap({ from, to, birth }, (words, at) => this.#forget(words, at));
  }

  /** Whether a deleted snapshot is left that not two others descend from. */
  hasSpareSnapshots(): boolean {
    return [...this.snapshotStates].some((snapshot) => {
      if (!snapshot.deleting) return false;
      const children = [...this.snapshotStates].filter(({ parent }) => parent === snapshot).length;
      return children + (this.parent === snapshot ? 1 : 0) <= 1;
    });
  }

  /** Puts whole blocks into the open layer: checksums first, then places, so that zeros take none. */
  #put(block: number, data: Uint8Array, birth: number): void {
    const count = data.byteLength / blockBytes;
    const sums = new Uint32Array(count * 4);
    const filled = new Uint8Array(count);
    let units = 0;
    for (let i = 0; i < count; i++)
      if (checksumUnlessZero(data, i * blockBytes, block + i, sums, i * 4)) units += filled[i] = 1;
    this.#pendingUnits += units;
    const places = this.#places(units);
    for (let i = 0; i < count; i++) {
      const at = this.#slot(block + i);
      const { words } = this.#open;
      if (filled[i] === 0) {
        setHole(words, at, birth);
        continue;
      }
      const unit = places.next();
      setMapped(words, at, unit, birth, this.#core.era);
      words.set(sums.subarray(i * 4, i * 4 + 4), at + checksumWord);
      this.#core.stream.append(unit, data.subarray(i * blockBytes, (i + 1) * blockBytes));
    }
  }

  /** Places for so many units, contiguous as far as the pool allows. */
  #places(units: number): { next(): number } {
    let left = units;
    let run = { unit: 0, count: 0 };
    return {
      next: () => {
        if (run.count === 0) {
          const found = this.#core.space.alloc(Math.min(left, runUnitsMax));
          assert(found !== undefined, 'admitted data has room');
          run = { ...found };
        }
        left--;
        run.count--;
        return run.unit++;
      },
    };
  }

  /** The slot of a block in the open layer, what stood there forgotten. */
  #slot(block: number): number {
    const found = this.#open.find(block);
    if (typeof found === 'number') this.#forget(this.#open.words, found);
    return this.#open.put(block);
  }

  /** A pointer that never got into a tree. */
  #forget(words: Uint32Array, at: number): void {
    if (!isMapped(words, at)) return;
    this.#core.space.drop(unitOf(words, at), this.#core.openTxg);
    this.#pendingUnits--;
  }

  /** Freezes the head's view; what is written from now on has a higher era. */
  #freeze(name: string | undefined, deleting: boolean): void {
    this.#seal();
    const frozen: SnapshotState = {
      id: this.nextSnapshotId++,
      name,
      number: this.last,
      record: this.record,
      sizeBytes: this.sizeBytes,
      era: this.#core.era++,
      view: this.#open.below,
      parent: this.parent,
      deleting,
      cursor: 0,
    };
    this.snapshotStates.add(frozen);
    this.parent = frozen;
    this.#open.keeper = frozen;
    this.#snapshotsChanged = true;
    this.#touch();
  }

  #seal(): void {
    const sealed = this.#open;
    if (sealed.isEmpty) return;
    sealed.era = this.#core.era;
    sealed.blocks = this.blocks;
    this.#unbuilt.push(sealed);
    this.#open = new DeltaLayer(sealed, this.parent);
  }

  async #walk(
    after: number,
    block: number,
    count: number,
    snapshot: string | undefined,
    visit: Parameters<typeof walkView>[3],
  ): Promise<void> {
    await this.#core.pins.hold(async () => {
      const view = this.#view(block, count, snapshot);
      try {
        await walkView(this.#core, view, { from: block, to: block + count, after }, visit);
      } catch (error) {
        if (error instanceof BadNodeError)
          throw new BadBlockError(this.identity.volume, block, undefined, { cause: error });
        throw error;
      }
    });
  }

  #view(block: number, count: number, name: string | undefined): View {
    this.#checkAlive();
    const snapshot = name === undefined ? undefined : this.#must(name);
    const blocks = blocksOf(snapshot?.sizeBytes ?? this.sizeBytes);
    assert(block >= 0 && count > 0 && block + count <= blocks, 'a range lies in the volume');
    return snapshot?.view ?? this.#open;
  }

  /** Counts what building the open layer may cost, after each change of it. */
  #touch(): void {
    const { points } = this.#open;
    const nodes = this.#open.isEmpty ? 0 : nodesMax(this.blocks, this.#open.leavesMax) + 1;
    this.#core.nodesPending += nodes - this.#open.nodesMax;
    this.#open.nodesMax = nodes;
    const deltas = points + this.#open.ranges.length;
    this.#core.deltasPending += deltas - this.#open.deltas;
    this.#open.deltas = deltas;
    this.#changed = true;
    this.#core.dirty = true;
  }

  #nodesFor(leaves: number): number {
    return leaves * levelsFor(this.blocks);
  }

  #find(name: string): SnapshotState | undefined {
    for (const snapshot of this.snapshotStates)
      if (snapshot.name === name && !snapshot.deleting) return snapshot;
    return undefined;
  }

  #must(name: string): SnapshotState {
    const snapshot = this.#find(name);
    if (snapshot === undefined) throw new GoneError(`volume ${this.identity.volume} has no snapshot ${name}`);
    return snapshot;
  }

  #checkRange(block: number, count: number): void {
    this.#checkAlive();
    const inside = Number.isInteger(block) && block >= 0 && count > 0 && block + count <= this.blocks;
    assert(inside, `blocks ${block}…+${count} lie in volume ${this.identity.volume}`);
  }

  #checkNumber(number: number): void {
    assert(Number.isSafeInteger(number) && number > this.last, `entry ${number} comes after ${this.last}`);
  }

  #checkAlive(): void {
    if (this.destroyed)
      throw new GoneError(`volume ${this.identity.volume} (${this.identity.guid}) was destroyed`);
  }
}

/** The tree, where the layer has become one. */
const shorten = (view: View): View =>
  view instanceof DeltaLayer && view.tree !== undefined ? view.tree : view;
