/** Reads the fields of a command descriptor block: big-endian, by byte offset, as the tables of SPC-4 and SBC-3 show them. */
export class Cdb {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  get opcode(): number {
    return this.u8(0);
  }
  u8(at: number): number {
    return this.#view.getUint8(at);
  }
  u16(at: number): number {
    return this.#view.getUint16(at);
  }
  u24(at: number): number {
    return (this.#view.getUint16(at) << 8) | this.#view.getUint8(at + 2);
  }
  u32(at: number): number {
    return this.#view.getUint32(at);
  }
  /** Exact up to 2^53; larger values only have to be larger than any volume. */
  u64(at: number): number {
    return this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
  }
  bit(at: number, bit: number): boolean {
    return ((this.u8(at) >> bit) & 1) === 1;
  }
}
