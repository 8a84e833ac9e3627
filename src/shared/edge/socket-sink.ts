/** Writes to a socket, gathered: what is written in one turn goes to the kernel in one call. */
import type { Socket } from 'node:net';
import { giveBack, lend } from '../lent-buffers.ts';

/** Up to here parts are put side by side into a slab; larger ones are passed on as they are. */
const copyBytesMax = 16_384;
const slabBytes = 65_536;

export class SocketSink {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];
  /** What the parts are of. */
  #lent: Uint8Array[] = [];
  /** What follows the parts: bytes of one memory, side by side. */
  #run: Uint8Array | undefined;
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
      else this.pass(part, 0, part.byteLength);
    }
  }

  /** bytes[from, to), which nobody changes any more, need not be copied. */
  pass(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#flush);
    }
    if (bytes !== this.#run || from !== this.#runTo) {
      this.#closeRun();
      lend(bytes);
      this.#lent.push(bytes);
      this.#run = bytes;
      this.#runFrom = from;
    }
    this.#runTo = to;
  }

  end(): void {
    this.#flush();
    this.#socket.end();
    // A peer that does not close its side would keep the socket for ever.
    this.#socket.setTimeout(lingerMs, () => this.#socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy(); // what was not sent yet finds a socket that is not writable
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
    this.pass(this.#slab, from, this.#fill);
  }

  #closeRun(): void {
    if (this.#run !== undefined) this.#parts.push(this.#run.subarray(this.#runFrom, this.#runTo));
    this.#run = undefined;
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    this.#closeRun();
    const parts = this.#parts;
    const last = parts.at(-1);
    if (!last) return;
    this.#parts = [];
    const lent = this.#lent;
    this.#lent = [];
    const taken = () => {
      for (const bytes of lent) giveBack(bytes);
    };
    const socket = this.#socket;
    if (!socket.writable) return taken();
    if (parts.length > 1) socket.cork();
    for (const part of parts) if (part !== last) socket.write(part);
    socket.write(last, taken);
    if (parts.length > 1) socket.uncork();
    // The kernel has all of it, which is the rule: the slab can be used again.
    if (socket.writableLength === 0) this.#fill = 0;
    else {
      this.#slab = new Uint8Array(0);
      this.#fill = 0;
    }
  };
}

const lingerMs = 2_000;
