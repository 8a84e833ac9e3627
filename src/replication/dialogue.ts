/**
 * One authenticated connection: the handshake first, then frames both ways, and a watch on silence. It knows no socket:
 * bytes and time are handed in, bytes go out through `sink`.
 *
 *   handshaking ──proved──▶ open ──▶ closed
 */
import { HandshakeError, refusal, type HandshakeProblem, type Step } from './handshake.ts';
import type { Timing } from './timing.ts';
import {
  emptyFrame,
  encodeFrame,
  payloadBytesMax,
  pingType,
  pongType,
  WireError,
  type Frame,
} from './wire.ts';
import { FrameDecoder } from './frame-decoder.ts';

export interface ByteSink {
  write(parts: readonly Uint8Array[]): void;
  /** bytes[from, to), which nobody changes any more, perhaps side by side with those passed before: they need not be copied. */
  pass(bytes: Uint8Array, from: number, to: number): void;
  /** Closes once everything written has gone out. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

export interface DialogueOptions<T> {
  readonly sink: ByteSink;
  /** The caller begins and pings; the listener answers. */
  readonly handshake: { begin?(): Frame; step(frame: Frame): Step<T> };
  readonly timing: Timing;
  readonly nowMs: number;
  readonly onOpen: (proved: T) => void;
  readonly onFrame: (frame: Frame) => void;
  /** Payloads of long frames are given back when nobody needs them (frame-rooms.ts). */
  readonly lends?: boolean;
  /** Once, unless this side closed. */
  readonly onClosed: (reason: string) => void;
  /** The other side sends what is no frame, or does not prove itself: before `onClosed`, for counting. */
  readonly onRefused?: (problem: 'garbage' | HandshakeProblem) => void;
}

/** A handshake that takes longer is somebody else's. */
const handshakeMsMax = 5_000;
const handshakePayloadMax = 4_096;

export class Dialogue<T> {
  readonly #o: DialogueOptions<T>;
  readonly #decoder: FrameDecoder;
  readonly #calls: boolean;
  readonly #beganAtMs: number;
  #state: 'handshaking' | 'open' | 'closed' = 'handshaking';
  #heardAtMs: number;
  #pingedAtMs: number;
  /** Something was sent since the last look. */
  #spoke = false;

  constructor(options: DialogueOptions<T>) {
    this.#o = options;
    this.#decoder = new FrameDecoder({ payloadBytesMax: handshakePayloadMax, lends: options.lends === true });
    this.#beganAtMs = options.nowMs;
    this.#heardAtMs = options.nowMs;
    this.#pingedAtMs = options.nowMs;
    const first = options.handshake.begin?.();
    this.#calls = first !== undefined;
    if (first) this.#write(first);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  send(frame: Frame): void {
    if (this.#state === 'open') this.#write(frame);
  }

  /** A whole frame that the caller made lies in bytes[from, to). */
  sendMade(bytes: Uint8Array, from: number, to: number): void {
    if (this.#state !== 'open') return;
    this.#spoke = true;
    this.#o.sink.pass(bytes, from, to);
  }

  /** Payloads of the frames are nobody else's. */
  receive(chunk: Uint8Array, nowMs: number): void {
    if (this.#state === 'closed' || chunk.byteLength === 0) return;
    this.#heardAtMs = nowMs;
    this.#guarded(() => {
      for (const frame of this.#decoder.push(chunk)) if (!this.#take(frame)) return;
    });
  }

  /**
   * As `receive`, of what lies in a buffer that is used again: payloads are valid during the call. Answers how far it is
   * through; what is behind that has to come again, with what follows it.
   */
  receiveFrom(bytes: Uint8Array, view: DataView, from: number, to: number, nowMs: number): number {
    if (this.#state === 'closed') return to;
    this.#heardAtMs = nowMs;
    let at = to;
    this.#guarded(() => (at = this.#decoder.take(bytes, view, from, to, this.#take)));
    return this.#isClosed() ? to : at;
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof WireError) && !(error instanceof HandshakeError)) throw error;
      this.#refuse(error);
    }
  }

  /** False: no more frames are taken. */
  readonly #take = (frame: Frame): boolean => {
    this.#frame(frame);
    return !this.#isClosed();
  };

  tick(nowMs: number): void {
    if (this.#state === 'closed') return;
    const { silenceMsMax, pingMs } = this.#o.timing;
    if (this.#state === 'handshaking' && nowMs - this.#beganAtMs > handshakeMsMax) {
      return this.#fail('the handshake took too long');
    }
    if (nowMs - this.#heardAtMs > silenceMsMax) return this.#fail(`silent for ${silenceMsMax} ms`);
    if (!this.#calls || nowMs - this.#pingedAtMs < pingMs) return;
    // Where both sides have said something else, each knows that the other is there.
    const isAlive = this.#spoke && this.#heardAtMs > this.#pingedAtMs;
    this.#pingedAtMs = nowMs;
    if (!isAlive) this.send(emptyFrame(pingType));
    this.#spoke = false;
  }

  /** Closes from this side, after what was sent. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#o.sink.end();
  }

  /** The connection is gone. */
  lost(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#o.onClosed(reason);
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #frame(frame: Frame): void {
    if (this.#state === 'open') {
      if (frame.type === pingType) this.#write(emptyFrame(pongType));
      else if (frame.type !== pongType) this.#o.onFrame(frame);
      return;
    }
    const { send, done } = this.#o.handshake.step(frame);
    if (send) this.#write(send);
    if (!done) return;
    this.#state = 'open';
    this.#decoder.payloadBytesMax = payloadBytesMax;
    this.#o.onOpen(done);
  }

  /** Before the handshake is done the listener says why, once. */
  #refuse(error: WireError | HandshakeError): void {
    this.#o.onRefused?.(error instanceof HandshakeError ? error.problem : 'garbage');
    if (this.#state === 'handshaking' && !this.#calls) this.#write(refusal(error.message));
    this.#state = 'closed';
    this.#o.sink.end();
    this.#o.onClosed(error.message);
  }

  #fail(reason: string): void {
    this.#state = 'closed';
    this.#o.sink.destroy();
    this.#o.onClosed(reason);
  }

  #write(frame: Frame): void {
    this.#spoke = true;
    this.#o.sink.write(encodeFrame(frame));
  }
}
