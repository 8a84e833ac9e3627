/**
 * What is to be sent on one socket: gathered during a turn of the event loop and written at its end with one system call.
 * Small pieces are put side by side into a slab, large ones are passed on as they are. Nothing is handed to the socket
 * before it has taken what it got, nor while the target may not answer.
 */
import type { Socket } from 'node:net';

export interface OutboxHost {
  /** Asked immediately before bytes go to the socket, of which some tell of the volume. */
  readonly mayAnswer: () => boolean;
  /** The target may not answer: flush again later. */
  readonly onHeld: () => void;
  /** The socket has taken everything. */
  readonly onEmpty: () => void;
}

/** Up to here pieces are copied into the slab. */
const copyBytesMax = 32_768;
const slabBytes = 524_288;

export class Outbox {
  readonly #socket: Socket;
  readonly #host: OutboxHost;
  /** In order; what stands in the slab from `#start` on follows them. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #writing = false;
  #scheduled = false;
  #endAfter = false;
  /** Fields are written into it in place, at what `reserve` answers. */
  slab = Buffer.allocUnsafeSlow(slabBytes);
  view = viewOf(this.slab);
  #start = 0;
  #fill = 0;
  /** Something that waits here tells of the volume: it and what is behind it wait until the target may answer. */
  #leased = false;
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

  /**
   * So many bytes of an answer that tells of the volume, at most what a slab has, at the end of what is sent: where in `slab`
   * they stand. To be filled at once.
   */
  reserve(bytes: number): number {
    const at = this.#reserve(bytes);
    this.#leased = true;
    return at;
  }

  #reserve(bytes: number): number {
    if (this.#fill + bytes > slabBytes) this.#makeRoom();
    const at = this.#fill;
    this.#fill += bytes;
    this.#bytes += bytes;
    this.#schedule();
    return at;
  }

  /** `leased`: it tells of the volume, and goes out only while the target may answer. */
  add(pieces: readonly Uint8Array[], leased: boolean): void {
    // What is before it need not wait with it.
    if (leased && !this.#leased && this.#bytes > 0 && !this.#host.mayAnswer()) this.flush();
    for (const piece of pieces) {
      if (piece.byteLength <= copyBytesMax) {
        const at = this.#reserve(piece.byteLength);
        this.slab.set(piece, at);
        this.#leased ||= leased;
        continue;
      }
      this.#closePart();
      this.#pieces.push(piece);
      this.#bytes += piece.byteLength;
      this.#leased ||= leased;
    }
    this.#schedule();
  }

  /** What is added until `release` is sent by that, and not before. */
  hold(): void {
    this.#scheduled = true;
  }

  release(): void {
    this.#scheduled = false;
    this.flush();
  }

  /** Ends the connection when everything is sent. */
  end(): void {
    this.#endAfter = true;
    this.#schedule();
  }

  #closePart(): void {
    if (this.#fill > this.#start) this.#pieces.push(this.slab.subarray(this.#start, this.#fill));
    this.#start = this.#fill;
  }

  /** Sends what there is; when the socket does not take it at once, the slab is its own and another one is begun. */
  #makeRoom(): void {
    this.flush();
    if (this.#fill === 0) return;
    this.#closePart();
    this.#newSlab();
  }

  #newSlab(): void {
    this.slab = Buffer.allocUnsafeSlow(slabBytes);
    this.view = viewOf(this.slab);
    this.#start = this.#fill = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    setImmediate(this.#turnEnds);
  }

  readonly #turnEnds = () => this.release();

  flush(): void {
    if (this.#writing || this.#socket.destroyed) return;
    if (this.#bytes > 0) {
      if (this.#leased && !this.#host.mayAnswer()) {
        this.heldSinceMs ??= performance.now();
        this.#host.onHeld();
        return;
      }
      this.heldSinceMs = undefined;
      this.#write();
    }
    if (this.#bytes === 0 && !this.#writing && this.#endAfter) this.#socket.end();
  }

  #write(): void {
    this.#closePart();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#bytes = 0;
    this.#leased = false;
    this.#writing = true;
    const last = pieces.pop();
    if (pieces.length > 0) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (last !== undefined) this.#socket.write(last, this.#written);
    if (pieces.length > 0) this.#socket.uncork();
    // The kernel took all of it at once, which is the rule: the slab is free again, and nobody waits for the callback.
    if (this.#socket.writableLength === 0) {
      this.#start = this.#fill = 0;
      this.#onWritten();
    } else this.#newSlab();
  }

  readonly #written = () => this.#onWritten();

  #onWritten(): void {
    if (!this.#writing || this.#socket.writableLength > 0) return;
    this.#writing = false;
    if (this.#bytes > 0 || this.#endAfter) this.#schedule();
    this.#host.onEmpty();
  }
}

const viewOf = (slab: Buffer): DataView => new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
