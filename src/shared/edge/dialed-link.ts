/**
 * The dialled end of a connection between two processes, within TLS where that is asked for. In mode `prefer` the other end
 * may not take part in it yet: what is reached, and then lost before its dialogue is open, is dialled once more without.
 */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { giveHashed, takeHashed } from '../hashed-memory.ts';
import { connectTo, type Endpoint } from './endpoint.ts';
import { isTlsRefusal, type LinkTls } from './link-tls.ts';
import { inputBytes, readerOptions, readEvents, type ByteReader } from './socket-input.ts';

export interface DialedLinkOptions {
  readonly endpoint: Endpoint;
  /** Undefined: without TLS. */
  readonly tls: LinkTls | undefined;
  /** What is received lies in memory that is hashed where it is, as long as there is some. */
  readonly inHashedMemory: boolean;
  readonly clock: Clock;
  /** Reached; `binding`: of the TLS session that it is within. What an earlier socket of this link had begun is over. */
  readonly onReached: (socket: Socket, binding: Uint8Array | undefined) => void;
  readonly receive: ByteReader['receive'];
  /** The other end speaks no TLS, or is not of our authority. */
  readonly onRefused: () => void;
  /** Once, unless it is left: it could not be made, or is lost. */
  readonly onGone: (reason: string) => void;
}

const reachedMsMax = 3_000;

export class DialedLink {
  readonly #o: DialedLinkOptions;
  /** Undefined: it is lost, or was left. */
  #socket: Socket | undefined;
  #isPlain = true;
  /** Reached and to be within TLS, but not open yet. */
  #isShaking = false;

  /** Nothing is called before this has returned. */
  constructor(options: DialedLinkOptions) {
    this.#o = options;
    this.#dial(options.tls);
  }

  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Both ends have proved who they are. */
  opened(): void {
    this.#isShaking = false;
  }

  /** Ends it, for a reason that is known here. `socket`: what it was found of. */
  lose(socket: Socket, reason: string): void {
    socket.destroy();
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (this.#isShaking && this.#o.tls?.mode === 'prefer') return this.#dial(undefined);
    this.#o.onGone(reason);
  }

  /** Ends it, for whatever reason, without another try. */
  end(reason: string): void {
    this.#isShaking = false;
    if (this.#socket) this.lose(this.#socket, reason);
  }

  /** Nobody hears of it any more. What was sent still goes out on the socket that is answered, unless it is not reached yet. */
  leave(): Socket | undefined {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket?.connecting) socket.destroy();
    return socket;
  }

  #dial(tls: LinkTls | undefined): void {
    const { endpoint, inHashedMemory, clock, onReached, receive } = this.#o;
    // What comes before the dialogue has begun is nobody's: nothing is said by an end that was not asked.
    const reader: ByteReader = {
      receive: (buffer, view, from, to) => (this.#socket === socket ? receive(buffer, view, from, to) : to),
    };
    const memory = inHashedMemory ? takeHashed(inputBytes) : undefined;
    const secure = tls?.dial(endpoint);
    const socket = secure ?? connect({ ...connectTo(endpoint), onread: readerOptions(reader, memory) });
    if (secure) readEvents(secure, reader, memory);
    this.#socket = socket;
    this.#isPlain = secure === undefined;
    this.#isShaking = false;
    const cancelDeadline = clock.after(reachedMsMax, () => this.lose(socket, 'connecting took too long'));
    secure?.once('connect', () => (this.#isShaking = this.#socket === secure));
    socket.on(secure ? 'secureConnect' : 'connect', () => {
      cancelDeadline();
      if (this.#socket !== socket) return void socket.destroy();
      const binding = secure && tls?.bindingOf(secure);
      if (binding || !secure) return onReached(socket, binding);
      this.#o.onRefused();
      this.lose(socket, 'its certificate is not of our authority');
    });
    socket.on('error', (error) => {
      if (secure && isTlsRefusal(error)) this.#o.onRefused();
      this.lose(socket, error.message);
    });
    socket.on('close', () => {
      cancelDeadline();
      this.lose(socket, 'the other end closed the connection');
      if (memory) giveHashed(memory);
    });
  }
}
