/**
 * The target's end of one link: dials a replica for as long as the target lives, proves the key, and hands messages to
 * and from the coordinator. A link that breaks is dialed again, soon at first, then less often.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { ReplicaMessage, TargetMessage } from '../replication/messages.ts';
import { Dialogue } from '../replication/dialogue.ts';
import { Caller, type Agreement, type Welcome } from '../replication/handshake.ts';
import type { Window } from '../replication/coordinator/window.ts';
import { headerBytes } from '../replication/wire.ts';
import { decodeReplicaMessage, encodeTargetMessage } from '../replication/message-codec.ts';
import { ReadFrames, readFrameBytes, type ReadAsked } from '../replication/read-frame.ts';
import type { Fence } from '../replication/record.ts';
import type { Refusal } from '../replication/refusals.ts';
import type { Timing } from '../replication/timing.ts';
import type { Clock } from '../shared/clock.ts';
import { connectTo, parseEndpoint } from '../shared/edge/endpoint.ts';
import { isTlsRefusal, type LinkTls } from '../shared/edge/link-tls.ts';
import { readerOptions, readEvents, type ByteReader } from '../shared/edge/socket-input.ts';
import { SocketSink } from '../shared/edge/socket-sink.ts';
import type { Log } from '../shared/log.ts';

export interface ReplicaLinkOptions {
  readonly volume: string;
  readonly replicaId: string;
  /** GUID that the membership names: another one behind this id is no member (R31). */
  readonly guid: string;
  readonly address: string;
  readonly key: Uint8Array;
  /** Undefined: without TLS. */
  readonly tls: LinkTls | undefined;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly log: Log;
  readonly onOpen: (welcome: Welcome, features: readonly string[]) => void;
  /** Data that it carries is valid until `onBatchEnd`. */
  readonly onMessage: (message: ReplicaMessage) => void;
  /** All messages that came together have been given. */
  readonly onBatchEnd: () => void;
  /** The link broke, or could not be made; it is dialed again by itself. Not called after `close`. */
  readonly onClosed: (reason: string) => void;
  /** The other end is not whom it should be, or says what nobody says. */
  readonly onRefused: (what: Refusal) => void;
}

const firstPauseMs = 100;
const pauseMsMax = 3_000;
const connectMsMax = 3_000;
const stoodMsMin = 2_000;

type Proved = Agreement & { readonly welcome: Welcome };

export class ReplicaLink {
  readonly #o: ReplicaLinkOptions;
  #address: string;
  #dialogue: Dialogue<Proved> | undefined;
  #socket: Socket | undefined;
  #pauseMs = firstPauseMs;
  #cancelRedial: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #openedAtMs: number | undefined;
  #stopped = false;
  readonly #reads = new ReadFrames();

  constructor(options: ReplicaLinkOptions) {
    this.#o = options;
    this.#address = options.address;
  }

  /** Dials now unless a connection stands or is being made. */
  dial(): void {
    if (this.#stopped || this.#socket) return;
    this.#cancelRedial?.();
    // What comes before the dialogue has begun is nobody's: nothing is said by a replica that was not asked.
    const reader: ByteReader = {
      receive: (buffer, view, from, to) => this.#receive(socket, buffer, view, from, to),
    };
    const endpoint = parseEndpoint(this.#address);
    const secure = this.#o.tls?.dial(endpoint);
    const socket: Socket = secure ?? connect({ ...connectTo(endpoint), onread: readerOptions(reader) });
    if (secure) readEvents(secure, reader);
    this.#socket = socket;
    const cancelDeadline = this.#o.clock.after(connectMsMax, () =>
      this.#gone(socket, 'connecting took too long'),
    );
    socket.on(secure ? 'secureConnect' : 'connect', () => {
      cancelDeadline();
      const binding = secure && this.#o.tls?.bindingOf(secure);
      if (binding || !secure) return this.#begin(socket, binding);
      this.#o.onRefused('tls');
      this.#gone(socket, 'its certificate is not of our authority');
    });
    socket.on('error', (error) => {
      if (secure && isTlsRefusal(error)) this.#o.onRefused('tls');
      this.#gone(socket, error.message);
    });
    socket.on('close', () => {
      cancelDeadline();
      this.#gone(socket, 'the replica closed the connection');
    });
  }

  /** Whom it is for. */
  get guid(): string {
    return this.#o.guid;
  }

  /** A hint that the replica may be back. */
  hint(): void {
    this.#pauseMs = firstPauseMs;
    this.dial();
  }

  /** The replica is reached elsewhere from now on. */
  moveTo(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    const socket = this.#socket;
    if (socket) this.#gone(socket, 'its address has changed');
    this.hint();
  }

  send(message: TargetMessage): void {
    this.#dialogue?.send(encodeTargetMessage(message));
  }

  ask(fence: Fence, read: ReadAsked): void {
    const dialogue = this.#dialogue;
    if (!dialogue) return;
    const at = this.#reads.put(fence, read);
    dialogue.sendMade(this.#reads.bytes, at, at + readFrameBytes);
  }

  /** The entries `from` to `to`. Frames of writes lie there as they are sent, mostly side by side. */
  feed(window: Window, from: number, to: number): void {
    const dialogue = this.#dialogue;
    if (!dialogue) return;
    for (let number = from; number <= to; number++) {
      const slab = window.slabOf(number);
      const at = window.dataAt(number);
      if (slab) dialogue.sendMade(slab.bytes, at - headerBytes, at + window.dataBytes(number));
      else this.send({ ...window.fence, type: 'entry', entry: window.entry(number) });
    }
  }

  /** Ends this connection after what was sent; another one is made soon. `onClosed` is not called for it. */
  reset(): void {
    const socket = this.#socket;
    this.#dialogue?.close();
    this.#dialogue = undefined;
    this.#socket = undefined;
    this.#cancelTick?.();
    if (socket?.connecting) socket.destroy();
    this.#redial();
  }

  /** For good. Resolves when what was sent has gone out, or can not any more. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    this.reset();
    this.#stopped = true;
    this.#cancelRedial?.();
    if (!socket || socket.closed) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#o.clock.after(lingerMs, resolve);
      socket.once('close', () => {
        cancel();
        resolve();
      });
    });
  }

  #begin(socket: Socket, binding: Uint8Array | undefined): void {
    const { volume, replicaId, key, clock, timing } = this.#o;
    const handshake = new Caller({
      key,
      subject: { role: 'target', volume, replicaId },
      challenge: randomBytes(32),
      binding,
    });
    const dialogue: Dialogue<Proved> = new Dialogue<Proved>({
      sink: new SocketSink(socket),
      handshake,
      timing,
      nowMs: clock.nowMs(),
      onOpen: ({ welcome, features }) => this.#opened(socket, welcome, features),
      onFrame: (frame) => this.#o.onMessage(decodeReplicaMessage(frame)),
      onClosed: (reason) => this.#gone(socket, reason),
      onRefused: (problem) => this.#o.onRefused(problem),
    });
    this.#dialogue = dialogue;
    const tick = () => {
      this.#cancelTick = clock.after(tickMs, tick);
      dialogue.tick(clock.nowMs());
    };
    this.#cancelTick = clock.after(tickMs, tick);
  }

  #receive(socket: Socket, buffer: Uint8Array, view: DataView, from: number, to: number): number {
    const dialogue = this.#dialogue;
    if (socket !== this.#socket || !dialogue) return to;
    const at = dialogue.receiveFrom(buffer, view, from, to, this.#o.clock.nowMs());
    this.#o.onBatchEnd();
    return at;
  }

  #opened(socket: Socket, welcome: Welcome, features: readonly string[]): void {
    const { guid, replicaId, log } = this.#o;
    if (welcome.guid !== guid) {
      log.error('a replica that is no member answers under a known id', {
        replica: replicaId,
        guid: welcome.guid,
      });
      const why = `is no member: its GUID is ${welcome.guid}, the volume knows ${guid}; it can only come in as a newcomer`;
      this.#pauseMs = pauseMsMax;
      this.#o.onRefused('stranger');
      return this.#gone(socket, why);
    }
    this.#openedAtMs = this.#o.clock.nowMs();
    this.#o.onOpen(welcome, features);
  }

  #gone(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return void socket.destroy();
    this.#socket = undefined;
    this.#dialogue = undefined;
    this.#cancelTick?.();
    socket.destroy();
    this.#o.onClosed(reason);
    this.#redial();
  }

  #redial(): void {
    if (this.#stopped) return;
    // A link that stood for a while has not failed: the pause begins anew. One that is closed at once has.
    const stoodMs = this.#o.clock.nowMs() - (this.#openedAtMs ?? Infinity);
    if (stoodMs >= stoodMsMin) this.#pauseMs = firstPauseMs;
    this.#openedAtMs = undefined;
    this.#cancelRedial?.();
    this.#cancelRedial = this.#o.clock.after(this.#pauseMs, () => this.dial());
    this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMsMax);
  }
}

const tickMs = 1_000;
const lingerMs = 1_000;
