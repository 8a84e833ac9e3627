/**
 * A volume as its users change it: every mutation takes effect at once, in the order of the calls, and is noted in the
 * journal. Data has its name, its checksum and its way to the devices at once; building a tree later moves pointers only.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import {
  type CopiedExtent,
  LimitError,
  type Snapshot,
  type VolumeIdentity,
  type VolumeProperties,
} from '../volume-store.ts';
import type { SnapshotState } from './snapshot-state.ts';
import type { VolumeCore } from './volume-core.ts';
import { VolumeHead } from './volume-head.ts';
import type { VolumeNote } from './volume-journal.ts';
import { checkSize, type VolumeStart } from './volume-state.ts';

/** A volume that was destroyed, or a snapshot that is not there. */
export class GoneError extends Error {
  override readonly name = 'GoneError';
}

const annotationBytesMax = 65_536;
const nameBytesMax = 255;

export class MutableVolume {
  readonly identity: VolumeIdentity;
  readonly slot: number;
  sizeBytes: number;
  last: number;
  durable: number;
  record: Uint8Array;
  annotations: Uint8Array;
  destroyed: boolean;
  protected readonly core: VolumeCore;
  protected readonly head: VolumeHead;
  /** How often `last` has fallen: a position of before is not made durable any more. */
  protected generation = 0;

  constructor(core: VolumeCore, start: VolumeStart) {
    this.core = core;
    this.identity = start.identity;
    this.slot = start.slot;
    this.sizeBytes = start.sizeBytes;
    this.last = start.last;
    this.durable = start.last;
    this.record = start.record;
    this.annotations = start.annotations;
    this.destroyed = start.destroyed;
    this.head = new VolumeHead(core, start);
  }

  get properties(): VolumeProperties {
    return this.head.intake.properties;
  }

  write(number: number, block: number, data: Uint8Array): void {
    const count = data.byteLength / blockBytes;
    this.checkRange(block, count);
    this.#checkNumber(number);
    this.core.admission.admit(count, (Math.ceil(count / 128) + 1) * this.head.levels, 'numbered');
    this.head.put(block, data, number);
    this.last = number;
    this.core.journal.wrote(this.slot, number, block, count, this.head.intake.words, 0);
  }

  unmap(number: number, block: number, count: number): void {
    this.checkRange(block, count);
    this.#checkNumber(number);
    this.head.unmap(block, count, number);
    this.last = number;
    this.#note({ do: 'unmap', number, block, count });
  }

  advance(number: number): void {
    this.checkAlive();
    this.#checkNumber(number);
    this.last = number;
    this.#note({ do: 'advance', number });
  }

  resize(number: number, sizeBytes: number): void {
    this.checkAlive();
    assert(sizeBytes >= this.sizeBytes, 'a volume only grows');
    this.#checkNumber(number);
    checkSize(sizeBytes);
    const from = this.head.blocks;
    this.sizeBytes = sizeBytes;
    this.head.setSize(sizeBytes);
    if (this.head.blocks > from) this.head.unmap(from, this.head.blocks - from, number);
    this.last = number;
    this.#note({ do: 'resize', number, sizeBytes });
  }

  setRecord(record: Uint8Array): void {
    this.checkAlive();
    this.record = record.slice();
    this.#note({ do: 'setRecord', record: this.record });
  }

  setProperties({ compression, zstdLevel }: VolumeProperties): void {
    this.checkAlive();
    assert(compression !== 'zstd' || this.core.zstd !== undefined, 'zstd is at hand where it is asked for');
    assert(Number.isInteger(zstdLevel) && zstdLevel >= 1 && zstdLevel <= 19, 'a level of zstd');
    this.head.intake.properties = { compression, zstdLevel };
    this.#note({ do: 'setProperties', properties: this.properties });
  }

  setAnnotations(annotations: Uint8Array): void {
    this.checkAlive();
    if (annotations.byteLength > annotationBytesMax)
      throw new LimitError(`annotations of up to ${annotationBytesMax} bytes, not ${annotations.byteLength}`);
    this.annotations = annotations.slice();
    this.#note({ do: 'setAnnotations', annotations: this.annotations });
  }

  copyIn(extents: readonly CopiedExtent[]): void {
    this.checkAlive();
    let units = 0;
    let leaves = 0;
    for (const { block, count, birth, data } of extents) {
      this.checkRange(block, count);
      assert(Number.isSafeInteger(birth) && birth >= 0, 'a birth is a whole number');
      assert(data === undefined || data.byteLength === count * blockBytes, 'copied data fills its extent');
      if (data !== undefined) units += count;
      leaves += Math.ceil(count / 128) + 1;
    }
    this.core.admission.admit(units, leaves * this.head.levels, 'copied');
    for (const extent of extents) this.#copy(extent);
  }

  snapshot(name: string): void {
    this.checkAlive();
    assert(
      this.head.snapshots.named(name) === undefined,
      `volume ${this.identity.volume} has a snapshot ${name}`,
    );
    const nameBytes = Buffer.byteLength(name);
    if (nameBytes === 0 || nameBytes > nameBytesMax)
      throw new LimitError(`the name of a snapshot has 1 to ${nameBytesMax} bytes, not ${nameBytes}`);
    this.#freeze(name);
    this.#note({ do: 'snapshot', name });
  }

  deleteSnapshot(name: string): void {
    this.checkAlive();
    this.head.snapshots.delete(this.must(name));
    this.#note({ do: 'deleteSnapshot', name });
  }

  rollback(name: string): void {
    this.checkAlive();
    const snapshot = this.must(name);
    this.head.snapshots.delete(this.#freeze(undefined));
    this.head.goBackTo(snapshot);
    this.sizeBytes = snapshot.sizeBytes;
    this.last = snapshot.number;
    this.durable = Math.min(this.durable, this.last);
    this.record = snapshot.record;
    this.generation++;
    this.#note({ do: 'rollback', name });
  }

  snapshots(): readonly Snapshot[] {
    return this.head.snapshots.visible.flatMap(({ name, number, record }) =>
      name === undefined ? [] : [{ name, number, record }],
    );
  }

  /** Gone for users at once; head and snapshots are taken apart by the next checkpoints. */
  destroy(): void {
    this.checkAlive();
    this.#freeze(undefined);
    this.head.abandon();
    this.destroyed = true;
  }

  /** Replay: pointers as they are, data or holes; space knows their names. */
  replayPut(block: number, count: number, words: Uint32Array, at: number): void {
    this.checkRange(block, count);
    this.head.putPointers(block, count, words, at);
  }

  /** Replay: the number of the entry whose pointers were put. */
  replayNumber(number: number): void {
    this.#checkNumber(number);
    this.last = number;
    this.head.touch();
  }

  protected must(name: string): SnapshotState {
    const snapshot = this.head.snapshots.named(name);
    if (snapshot === undefined) throw new GoneError(`volume ${this.identity.volume} has no snapshot ${name}`);
    return snapshot;
  }

  protected checkRange(block: number, count: number): void {
    this.checkAlive();
    if (Number.isInteger(block) && block >= 0 && Number.isInteger(count) && count > 0)
      if (block + count <= this.head.blocks) return;
    assert(false, `blocks ${block}…+${count} lie in volume ${this.identity.volume}`);
  }

  protected checkAlive(): void {
    if (this.destroyed)
      throw new GoneError(`volume ${this.identity.volume} (${this.identity.guid}) was destroyed`);
  }

  #copy({ block, count, birth, data }: CopiedExtent): void {
    if (data === undefined) {
      this.head.unmap(block, count, birth);
      this.#note({ do: 'copyHole', block, count, birth });
      return;
    }
    this.head.put(block, data, birth);
    this.core.journal.copied(this.slot, block, count, this.head.intake.words, 0);
  }

  #freeze(name: string | undefined): SnapshotState {
    const { last: number, record, sizeBytes } = this;
    return this.head.freeze({ name, number, record, sizeBytes });
  }

  #note(note: VolumeNote): void {
    this.head.touch();
    this.core.journal.note(this.slot, note);
  }

  #checkNumber(number: number): void {
    if (!Number.isSafeInteger(number) || number <= this.last)
      assert(false, `entry ${number} comes after ${this.last}`);
  }
}
