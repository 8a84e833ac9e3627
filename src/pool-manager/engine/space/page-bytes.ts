/** The bytes of a page of the table, written and read field by field. */
import { TableError } from './table-log.ts';

/** Takes one page after the other: its memory is used again. */
export class PageWriter {
  #bytes = new Uint8Array(1 << 16);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  u8(value: number): void {
    this.#room(1);
    this.#view.setUint8(this.#at++, value);
  }
  u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }
  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }
  get at(): number {
    return this.#at;
  }
  /** All bytes, with room for so many more from `at` on. */
  bytes(length: number): Uint8Array {
    this.#room(length);
    return this.#bytes;
  }
  skip(length: number): void {
    this.#at += length;
  }
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return bytes;
  }
  #room(bytes: number): void {
    if (this.#at + bytes <= this.#view.byteLength) return;
    const grown = new Uint8Array(this.#bytes.byteLength * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Throws TableError where the page ends too early. */
export class PageReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }
  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }
  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }
  skip(bytes: number): number {
    const { at } = this;
    if (at + bytes > this.#view.byteLength) throw new TableError('a page of the table ends too early');
    this.at += bytes;
    return at;
  }
}
