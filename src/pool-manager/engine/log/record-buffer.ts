/**
 * Records of the log, one behind the other (docs/disk-format.md, "Intent log"):
 *
 *   kind u16 · slot u16 · length of the body u32 · body, padded to 8 bytes       all little-endian
 */
import { assert } from '../../../shared/assert.ts';
import type { BatchPlace } from '../space/block-space.ts';
import type { VolumeNote } from '../volume/volume-journal.ts';

export const pointerBytes = 32;
export const recordHeadBytes = 8;

/** Numbers on disk: never given to another kind. */
export const recordKind = {
  wrote: 1,
  copied: 2,
  unmap: 3,
  copyHole: 4,
  advance: 5,
  resize: 6,
  setRecord: 7,
  setProperties: 8,
  setAnnotations: 9,
  snapshot: 10,
  deleteSnapshot: 11,
  rollback: 12,
  /** Where a batch lies that pointers behind it name. */
  batch: 16,
  /** Stored bytes of a unit, by its name. */
  inline: 17,
} as const;

export class RecordBuffer {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #words = new Uint32Array(this.#bytes.buffer);
  #length = 0;

  /** What was put so far, until the next record. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  get lengthBytes(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** `number` is 0 for copied blocks. */
  pointers(
    kind: typeof recordKind.wrote | typeof recordKind.copied,
    slot: number,
    number: number,
    block: number,
    count: number,
    words: Uint32Array,
    from: number,
  ): void {
    const at = this.#begin(kind, slot, 24 + count * pointerBytes);
    this.#u64(at, number);
    this.#u64(at + 8, block);
    this.#u64(at + 16, count);
    const to = (at + 24) / 4;
    const length = (count * pointerBytes) / 4;
    for (let i = 0; i < length; i++) this.#words[to + i] = words[from + i] ?? 0;
  }

  batch(batch: number, place: BatchPlace): void {
    const at = this.#begin(recordKind.batch, 0, 24);
    this.#u64(at, batch);
    this.#view.setUint32(at + 8, place.group, true);
    this.#view.setUint32(at + 12, place.segment, true);
    this.#view.setUint32(at + 16, place.firstUnit, true);
    this.#view.setUint32(at + 20, 0, true);
  }

  /** The first two words of a pointer, and the stored bytes that they name. */
  inline(nameLow: number, nameHigh: number, stored: Uint8Array): void {
    const at = this.#begin(recordKind.inline, 0, 8 + stored.byteLength);
    this.#view.setUint32(at, nameLow, true);
    this.#view.setUint32(at + 4, nameHigh, true);
    this.#bytes.set(stored, at + 8);
  }

  note(slot: number, note: VolumeNote): void {
    const kind = recordKind[note.do];
    switch (note.do) {
      case 'unmap':
        this.#numbers(kind, slot, note.number, note.block, note.count);
        return;
      case 'copyHole':
        this.#numbers(kind, slot, note.birth, note.block, note.count);
        return;
      case 'advance':
        this.#numbers(kind, slot, note.number);
        return;
      case 'resize':
        this.#numbers(kind, slot, note.number, note.sizeBytes);
        return;
      case 'setRecord':
        this.#body(kind, slot, note.record);
        return;
      case 'setAnnotations':
        this.#body(kind, slot, note.annotations);
        return;
      case 'setProperties':
        this.#body(kind, slot, new TextEncoder().encode(JSON.stringify(note.properties)));
        return;
      case 'snapshot':
      case 'deleteSnapshot':
      case 'rollback':
        this.#body(kind, slot, new TextEncoder().encode(note.name));
        return;
    }
  }

  /** All of another buffer behind this. */
  append(other: RecordBuffer): void {
    const at = this.#grow(other.#length);
    this.#bytes.set(other.bytes, at);
  }

  #numbers(kind: number, slot: number, ...values: readonly number[]): void {
    const at = this.#begin(kind, slot, values.length * 8);
    values.forEach((value, i) => this.#u64(at + i * 8, value));
  }

  #body(kind: number, slot: number, body: Uint8Array): void {
    const at = this.#begin(kind, slot, body.byteLength); // first: it may put all of it into a longer buffer
    this.#bytes.set(body, at);
  }

  /** Answers where the body goes; all of it is to be written. */
  #begin(kind: number, slot: number, bodyBytes: number): number {
    assert(slot >= 0 && slot < 65_536, 'a slot has 16 bits');
    const at = this.#grow(recordHeadBytes + Math.ceil(bodyBytes / 8) * 8);
    if (bodyBytes % 8 !== 0) this.#bytes.fill(0, at + recordHeadBytes + bodyBytes, this.#length);
    this.#view.setUint16(at, kind, true);
    this.#view.setUint16(at + 2, slot, true);
    this.#view.setUint32(at + 4, bodyBytes, true);
    return at + recordHeadBytes;
  }

  #u64(at: number, value: number): void {
    this.#view.setUint32(at, value >>> 0, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  #grow(by: number): number {
    const at = this.#length;
    this.#length += by;
    if (this.#length > this.#bytes.byteLength) {
      const grown = new Uint8Array(2 ** Math.ceil(Math.log2(this.#length)));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
      this.#words = new Uint32Array(grown.buffer);
    }
    return at;
  }
}
