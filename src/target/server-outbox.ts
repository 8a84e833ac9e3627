/**
 * What is to be sent on one socket: gathered during a turn of the event loop and written at its end with one system call.
 * Nothing is handed to the socket before it has taken what it got, nor while the target may not answer.
 */
import type { Socket } from 'node:net';

export interface OutboxHost {
  /** Asked immediately before bytes go to the socket. */
  readonly mayAnswer: () => boolean;
  /** The target may not answer: flush again later. */
  readonly onHeld: () => void;
  /** The socket has taken everything. */
  readonly onEmpty: () => void;
}

/** Up to here pieces are copied side by side into one buffer; larger ones are passed on as they are. */
const copyBytesMax = 32_768;
const slabBytes = 262_144;

export class Outbox {
  readonly #socket: Socket;
  readonly #host: OutboxHost;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #writing = false;
  #scheduled = false;
  #endAfter = false;
  #slab: Buffer | undefined;
  /** Since when answers are held back. */
  heldSinceMs: number | undefined;

  constructor(socket: Socket, host: OutboxHost) {
    this.#socket = socket;
    this.#host = host;
  }

  /** Bytes that wait here or in the socket. */
  get unsentBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#bytes += piece.byteLength;
    }
    this.#schedule();
  }

  /** Ends the connection when everything is sent. */
  end(): void {
    this.#endAfter = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.#writing || this.#socket.destroyed) return;
    if (this.#pieces.length > 0) {
      if (!this.#host.mayAnswer()) {
        this.heldSinceMs ??= performance.now();
        this.#host.onHeld();
        return;
      }
      this.heldSinceMs = undefined;
      this.#write();
    }
    if (this.#pieces.length === 0 && !this.#writing && this.#endAfter) this.#socket.end();
  }

  #write(): void {
    const [pieces, bytes] = [this.#pieces, this.#bytes];
    this.#pieces = [];
    this.#bytes = 0;
    this.#writing = true;
    const slab = this.#slab ?? Buffer.allocUnsafeSlow(slabBytes);
    this.#slab = undefined;
    const written = () => {
      this.#slab = slab;
      this.#onWritten();
    };
    this.#socket.cork();
    const last = this.#gather(pieces, bytes, slab);
    this.#socket.write(last, written);
    this.#socket.uncork();
    // The kernel took all of it at once, which is the rule: the next turn need not wait for the callback.
    if (this.#writing && this.#socket.writableLength === 0) written();
  }

  /** Writes all but the last buffer, which it answers. Small pieces share the slab. */
  #gather(pieces: readonly Uint8Array[], bytes: number, slab: Buffer): Uint8Array {
    if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
    let [start, fill] = [0, 0];
    let rest = bytes;
    let last: Uint8Array | undefined;
    const push = (buffer: Uint8Array) => {
      if (last !== undefined) this.#socket.write(last);
      last = buffer;
    };
    for (const piece of pieces) {
      if (piece.byteLength <= copyBytesMax && fill + piece.byteLength <= slab.byteLength) {
        slab.set(piece, fill);
        fill += piece.byteLength;
      } else {
        if (fill > start) push(slab.subarray(start, fill));
        start = fill;
        push(piece);
      }
      rest -= piece.byteLength;
    }
    if (fill > start) push(slab.subarray(start, fill));
    return last ?? slab.subarray(0, rest);
  }

  #onWritten(): void {
    if (!this.#writing) return;
    this.#writing = false;
    if (this.#pieces.length > 0 || this.#endAfter) this.#schedule();
    this.#host.onEmpty();
  }
}
