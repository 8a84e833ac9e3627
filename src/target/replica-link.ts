/**
 * The target's end of one link: dials a replica for as long as the target lives, proves the key, and hands messages to
 * and from the coordinator. A link that breaks is dialed again, soon at first, then less often.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ReplicaMessage, TargetMessage } from '../replication/messages.ts';
import { Dialogue } from '../replication/dialogue.ts';
import { Caller, type Agreement, type Speaks, type Welcome } from '../replication/handshake.ts';
import type { Window } from '../replication/coordinator/window.ts';
import { headerBytes } from '../replication/wire.ts';
import { decodeReplicaMessage } from '../replication/replica-message-codec.ts';
import { encodeTargetMessage } from '../replication/target-message-codec.ts';
import { ReadFrames, readFrameBytes, type ReadAsked } from '../replication/read-frame.ts';
import type { Fence } from '../replication/record.ts';
import type { Refusal } from '../replication/refusals.ts';
import type { Timing } from '../replication/timing.ts';
import { untilBeatMs } from '../shared/beats.ts';
import type { Clock } from '../shared/clock.ts';
import { DialedLink } from '../shared/edge/dialed-link.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
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
  /** For tests of what another release would say. */
  readonly speaks?: Speaks | undefined;
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
const pauseMsMax = 1_000;
const stoodMsMin = 2_000;

type Proved = Agreement & { readonly welcome: Welcome };

export class ReplicaLink {
  readonly #o: ReplicaLinkOptions;
  #address: string;
  #dialogue: Dialogue<Proved> | undefined;
  #link: DialedLink | undefined;
  #pauseMs = firstPauseMs;
  #cancelRedial: (() => void) | undefined;
  #cancelTick: (() => void) | undefined;
  #openedAtMs: number | undefined;
  #stopped = false;
  readonly #forgetTls: (() => void) | undefined;
  readonly #reads = new ReadFrames();

  constructor(options: ReplicaLinkOptions) {
    this.#o = options;
    this.#address = options.address;
    this.#forgetTls = options.tls?.onRequired(() => this.#endPlain());
  }

  /** Dials now unless a connection stands or is being made. */
  dial(): void {
    if (this.#stopped || this.#link) return;
    this.#cancelRedial?.();
    const link = new DialedLink({
      endpoint: parseEndpoint(this.#address),
      tls: this.#o.tls,
      inHashedMemory: true,
      clock: this.#o.clock,
      onReached: (socket, binding) => this.#begin(link, socket, binding),
      receive: (buffer, view, from, to) => this.#receive(buffer, view, from, to),
      onRefused: () => this.#o.onRefused('tls'),
      onGone: (reason) => this.#gone(reason),
    });
    this.#link = link;
  }

  /** Open, and not within TLS. */
  get isPlain(): boolean {
    return this.#openedAtMs !== undefined && this.#link?.isPlain === true;
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
    this.#link?.end('its address has changed');
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
    this.#leave();
  }

  #leave(): Socket | undefined {
    this.#dialogue?.close();
    const socket = this.#link?.leave();
    this.#forget();
    this.#redial();
    return socket;
  }

  #forget(): void {
    this.#link = undefined;
    this.#dialogue = undefined;
    this.#cancelTick?.();
  }

  /** For good. Resolves when what was sent has gone out, or can not any more. */
  async stop(): Promise<void> {
    const socket = this.#leave();
    this.#stopped = true;
    this.#cancelRedial?.();
    this.#forgetTls?.();
    if (!socket || socket.closed) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#o.clock.after(lingerMs, resolve);
      socket.once('close', () => {
        cancel();
        resolve();
      });
    });
  }

  #begin(link: DialedLink, socket: Socket, binding: Uint8Array | undefined): void {
    this.#cancelTick?.();
    const { volume, replicaId, key, clock, timing } = this.#o;
    const handshake = new Caller({
      key,
      subject: { role: 'target', volume, replicaId },
      challenge: randomBytes(32),
      binding,
      speaks: this.#o.speaks,
    });
    const dialogue: Dialogue<Proved> = new Dialogue<Proved>({
      sink: new SocketSink(socket),
      handshake,
      timing,
      nowMs: clock.nowMs(),
      onOpen: ({ welcome, features }) => this.#opened(link, welcome, features),
      onFrame: (frame) => this.#o.onMessage(decodeReplicaMessage(frame)),
      onClosed: (reason) => link.lose(socket, reason),
      onRefused: (problem) => this.#o.onRefused(problem),
    });
    this.#dialogue = dialogue;
    const tickLater = () => {
      this.#cancelTick = clock.after(untilBeatMs(clock.nowMs(), tickMs), () => {
        tickLater();
        dialogue.tick(clock.nowMs());
      });
    };
    tickLater();
  }

  #receive(buffer: Uint8Array, view: DataView, from: number, to: number): number {
    const dialogue = this.#dialogue;
    if (!dialogue) return to;
    const at = dialogue.receiveFrom(buffer, view, from, to, this.#o.clock.nowMs());
    this.#o.onBatchEnd();
    return at;
  }

  #opened(link: DialedLink, welcome: Welcome, features: readonly string[]): void {
    const { guid, replicaId, log } = this.#o;
    if (welcome.guid !== guid) {
      log.error('a replica that is no member answers under a known id', {
        replica: replicaId,
        guid: welcome.guid,
      });
      const why = `is no member: its GUID is ${welcome.guid}, the volume knows ${guid}; it can only come in as a newcomer`;
      this.#pauseMs = pauseMsMax;
      this.#o.onRefused('stranger');
      return link.end(why);
    }
    this.#openedAtMs = this.#o.clock.nowMs();
    link.opened();
    this.#o.onOpen(welcome, features);
  }

  #gone(reason: string): void {
    this.#forget();
    this.#o.onClosed(reason);
    this.#redial();
  }

  #endPlain(): void {
    if (this.#link?.isPlain === true) this.#link.end('it is to be within TLS from now on');
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

const tickMs = 2_000;
const lingerMs = 1_000;
