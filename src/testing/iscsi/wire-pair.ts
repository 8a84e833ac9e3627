/** A socket without a network: what a target holds of a connection, and the initiator's end of it. */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** The parts of net.Socket that a target uses. */
class TargetEnd extends Duplex {
  readonly remoteAddress = '192.0.2.7';
  readonly remotePort = 1;
  readonly localAddress = '192.0.2.1';
  readonly localPort = 3260;
  readonly #heard: (bytes: Uint8Array) => void;
  /** While it is deaf, what the target writes is not taken. */
  #taken: (() => void) | undefined;
  deaf = false;

  constructor(heard: (bytes: Uint8Array) => void) {
    super({ allowHalfOpen: false });
    this.#heard = heard;
  }
  setNoDelay(): this {
    return this;
  }
  listen(): void {
    this.deaf = false;
    this.#taken?.();
    this.#taken = undefined;
  }
  override _read(): void {
    // Bytes are pushed as they come.
  }
  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: () => void): void {
    this.#heard(Uint8Array.from(chunk));
    if (this.deaf) this.#taken = callback;
    else callback();
  }
  override _final(callback: () => void): void {
    callback();
    this.destroy();
  }
}

export interface WirePair {
  /** For the target. */
  readonly socket: Socket;
  /** The initiator sends. */
  send(bytes: Uint8Array): void;
  /** The initiator takes what it is sent no more, until it listens again. */
  setDeaf(deaf: boolean): void;
  /** The connection is lost. */
  cut(): void;
  readonly isOver: boolean;
}

/** `heard` gets what the target writes. */
export function wirePair(heard: (bytes: Uint8Array) => void): WirePair {
  const end = new TargetEnd(heard);
  return {
    // A target uses of a socket what TargetEnd has.
    socket: end as unknown as Socket,
    send: (bytes) => {
      if (!end.destroyed) end.push(bytes);
    },
    setDeaf: (deaf) => {
      if (deaf) end.deaf = true;
      else end.listen();
    },
    cut: () => void end.destroy(),
    get isOver() {
      return end.destroyed;
    },
  };
}
