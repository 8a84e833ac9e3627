/** Writes to a socket, gathered: what is written in one turn goes to the kernel in one call. */
import type { Socket } from 'node:net';
import { beginLentWrite, endLentWrite } from '../lent-writes.ts';

/** Up to here parts are put side by side into a slab; larger ones are passed on as they are. */
const copyBytesMax = 16_384;
const slabBytes = 65_536;

export class SocketSink {
  readonly #socket: Socket;
  readonly #parts: Uint8Array[] = [];
  /** What follows the parts: bytes of one buffer, side by side. */
  #run: ArrayBufferLike | undefined;
  #runFrom = 0;
  #runTo = 0;
  #slab = new Uint8Array(0);
  #fill = 0;
  #scheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  write(parts: readonly Uint8Array[]): void {
    for (const part of parts) {
      if (part.byteLength <= copyBytesMax) this.#copy(part);
      else this.pass(part);
    }
  }

  /** What nobody changes any more need not be copied. */
  pass(bytes: Uint8Array): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      beginLentWrite();
      queueMicrotask(this.#flush);
    }
    const { buffer, byteOffset, byteLength } = bytes;
    if (buffer !== this.#run || byteOffset !== this.#runTo) {
      this.#closeRun();
      this.#run = buffer;
      this.#runFrom = byteOffset;
    }
    this.#runTo = byteOffset + byteLength;
  }

  end(): void {
    this.#flush();
    this.#socket.end();
    // A peer that does not close its side would keep the socket for ever.
    this.#socket.setTimeout(lingerMs, () => this.#socket.destroy());
  }

  destroy(): void {
    this.#drop();
    this.#socket.destroy();
  }

  #copy(part: Uint8Array): void {
    if (part.byteLength === 0) return;
    if (this.#fill + part.byteLength > this.#slab.byteLength) {
      this.#slab = new Uint8Array(Buffer.allocUnsafeSlow(slabBytes).buffer);
      this.#fill = 0;
    }
    const from = this.#fill;
    this.#slab.set(part, from);
    this.#fill += part.byteLength;
    this.pass(this.#slab.subarray(from, this.#fill));
  }

  #closeRun(): void {
    if (this.#run !== undefined)
      this.#parts.push(new Uint8Array(this.#run, this.#runFrom, this.#runTo - this.#runFrom));
    this.#run = undefined;
  }

  #drop(): void {
    this.#run = undefined;
    this.#parts.length = 0;
  }

  readonly #flush = (): void => {
    if (!this.#scheduled) return undefined;
    this.#scheduled = false;
    this.#closeRun();
    const socket = this.#socket;
    const last = this.#parts.pop();
    if (!last || !socket.writable) {
      this.#drop();
      endLentWrite();
    } else {
      if (this.#parts.length > 0) socket.cork();
      for (const part of this.#parts) socket.write(part);
      socket.write(last, endLentWrite);
      if (this.#parts.length > 0) socket.uncork();
    }
    this.#parts.length = 0;
    // The kernel has all of it, which is the rule: the slab can be used again.
    if (socket.writableLength === 0) this.#fill = 0;
    else {
      this.#slab = new Uint8Array(0);
      this.#fill = 0;
    }
    return undefined;
  };
}

const lingerMs = 2_000;
