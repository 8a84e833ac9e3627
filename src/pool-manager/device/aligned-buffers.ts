/**
 * Page-aligned buffers of one size for O_DIRECT, handed out and taken back; who comes when all are out waits.
 *
 * A resizable ArrayBuffer is mapped on its own pages, a plain one is not aligned at all.
 */
export class AlignedBuffers {
  readonly bytes: number;
  readonly #free: Uint8Array[] = [];
  readonly #waiting: { readonly use: (buffer: Uint8Array) => void; readonly fail: (error: Error) => void }[] =
    [];
  #failure: Error | undefined;
  readonly #countMax: number;
  #count = 0;

  constructor(bytes: number, countMax: number) {
    this.bytes = bytes;
    this.#countMax = countMax;
  }

  /** Calls `use` with a buffer, at once if one is free; `fail` when nobody gets any more. */
  take(use: (buffer: Uint8Array) => void, fail: (error: Error) => void): void {
    const buffer = this.#failure === undefined ? (this.#free.pop() ?? this.#make()) : undefined;
    if (buffer !== undefined) use(buffer);
    else if (this.#failure !== undefined) fail(this.#failure);
    else this.#waiting.push({ use, fail });
  }

  give(buffer: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(buffer);
    else next.use(buffer);
  }

  /** Nobody gets a buffer any more: those that are out may never come back. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }

  #make(): Uint8Array | undefined {
    if (this.#count >= this.#countMax) return undefined;
    this.#count++;
    return new Uint8Array(new ArrayBuffer(this.bytes, { maxByteLength: this.bytes }));
  }
}
