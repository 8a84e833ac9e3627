/** Whole numbers, strings and byte strings, one behind the other, little-endian. Used for what lies in blobs. */
export class ByteEncoder {
  #bytes = new Uint8Array(256);
  #length = 0;

  u64(value: number): this {
    const view = this.#grow(8);
    view.setUint32(0, value >>> 0, true);
    view.setUint32(4, Math.floor(value / 2 ** 32), true);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.u64(value.byteLength);
    const view = this.#grow(value.byteLength);
    new Uint8Array(view.buffer, view.byteOffset, value.byteLength).set(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(new TextEncoder().encode(value));
  }

  words(value: Uint32Array): this {
    const view = this.#grow(value.byteLength);
    value.forEach((word, i) => view.setUint32(i * 4, word, true));
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(by: number): DataView {
    const at = this.#length;
    this.#length += by;
    if (this.#length > this.#bytes.byteLength) {
      const grown = new Uint8Array(this.#length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return new DataView(this.#bytes.buffer, at, by);
  }
}

/** The other way; a length that leads out of the bytes is a RangeError. */
export class ByteDecoder {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  bytes(): Uint8Array {
    const length = this.u64();
    const at = this.#take(length);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length).slice();
  }

  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  words(count: number): Uint32Array {
    const at = this.#take(count * 4);
    return Uint32Array.from({ length: count }, (_, i) => this.#view.getUint32(at + i * 4, true));
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#view.byteLength - at)
      throw new RangeError(`${length} bytes at ${at} lead out of the blob`);
    this.#at = at + length;
    return at;
  }
}
