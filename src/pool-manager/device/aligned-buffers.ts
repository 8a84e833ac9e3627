/**
 * Page-aligned buffers for O_DIRECT, handed out and taken back; who comes when all are out waits.
 *
 * A resizable ArrayBuffer is mapped on its own pages, a plain one is not aligned at all.
 */
export const alignedBufferBytes = 1024 * 1024;

export class AlignedBuffers {
  readonly #free: Uint8Array[] = [];
  readonly #waiting: {
    readonly resolve: (buffer: Uint8Array) => void;
    readonly reject: (error: Error) => void;
  }[] = [];
  #failure: Error | undefined;
  readonly #countMax: number;
  #count = 0;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  async take(): Promise<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure;
    const buffer = this.#free.pop();
    if (buffer !== undefined) return buffer;
    if (this.#count < this.#countMax) {
      this.#count++;
      return new Uint8Array(new ArrayBuffer(alignedBufferBytes, { maxByteLength: alignedBufferBytes }));
    }
    return await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  give(buffer: Uint8Array): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(buffer);
    else next.resolve(buffer);
  }

  /** Nobody gets a buffer any more: those that are out may never come back. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
