/**
 * The copying end of a connection between two replicas: asks a source, a few requests at a time. A connection is kept
 * while the source stays the same.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { decodeCopyReply, encodeCopyRequest } from '../replication/copy-codec.ts';
import type { CopyReply, CopyRequest } from '../replication/copy.ts';
import { Dialogue } from '../replication/dialogue.ts';
import {
  Caller,
  censusFeature,
  gatherFeature,
  type Agreement,
  type Speaks,
} from '../replication/handshake.ts';
import type { CopySource } from '../replication/messages.ts';
import { giveFrameRoom } from '../replication/frame-rooms.ts';
import type { Outcome } from '../replication/store.ts';
import type { Timing } from '../replication/timing.ts';
import { inPlaceBytesMax } from '../replication/frame-decoder.ts';
import type { Frame } from '../replication/wire.ts';
import { assert } from '../shared/assert.ts';
import type { Clock } from '../shared/clock.ts';
import { DialedLink } from '../shared/edge/dialed-link.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { SocketSink } from '../shared/edge/socket-sink.ts';

interface CopyClientOptions {
  readonly volume: string;
  /** Of the replica that copies. */
  readonly guid: string;
  readonly clock: Clock;
  readonly timing: Timing;
  /** For tests of what another release would say. */
  readonly speaks?: Speaks | undefined;
  /** Undefined: without TLS. */
  readonly tls: LinkTls | undefined;
  /** The source is not of our authority, or speaks no TLS. */
  readonly onRefused: (what: 'tls') => void;
}

const answerMsMax = 10_000;
const tickMs = 500;

interface Asked {
  readonly request: CopyRequest;
  readonly done: CopyDone;
  readonly cancelDeadline: () => void;
}

/** `release`: called when nobody needs what was answered. */
export type CopyDone = (reply: Outcome<CopyReply>, release: () => void) => void;

const nothing = (): void => undefined;

function end({ cancelDeadline, done }: Asked, outcome: Outcome<CopyReply>, release = nothing): void {
  cancelDeadline();
  done(outcome, release);
}

interface Connection {
  readonly key: string;
  readonly link: DialedLink;
  /** False: it is not open yet. */
  readonly send: (id: number, request: CopyRequest) => boolean;
  readonly end: () => void;
}

/** What is copied waits for room in the pool, and so has to outlive the buffer in which it came. */
function kept(frame: Frame): Frame {
  const { payload } = frame;
  return { ...frame, payload: payload.byteLength > inPlaceBytesMax ? payload : new Uint8Array(payload) };
}

export class CopyClient {
  readonly #o: CopyClientOptions;
  #connection: Connection | undefined;
  /** What the source can besides (features of the protocol): count for a census, and list and gather for batches. */
  #counts = false;
  #gathers = false;
  #lastId = 0;
  /** What is asked, by its id; the replica core keeps it few. */
  readonly #asked = new Map<number, Asked>();

  constructor(options: CopyClientOptions) {
    this.#o = options;
  }

  ask(source: CopySource, request: CopyRequest, done: CopyDone): void {
    const key = JSON.stringify([source, request.epoch, request.nonce]);
    if (this.#connection && this.#connection.key !== key) this.close('another source is asked');
    if (this.#connection?.link.isPlain === true && this.#o.tls?.mode === 'require')
      this.close('it is to be within TLS from now on');
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const id = this.#lastId;
    assert(!this.#asked.has(id), 'few requests are under way');
    const cancelDeadline = this.#o.clock.after(answerMsMax, () => this.close('no answer in time'));
    this.#asked.set(id, { request, done, cancelDeadline });
    if (this.#connection?.send(id, request) === true) return;
    this.#connection ??= this.#connect(key, source, request);
  }

  /** Ends the connection; what is asked fails. */
  close(reason: string): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.end();
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const one of asked) end(one, { ok: false, message: reason });
  }

  #answer(id: number, outcome: Outcome<CopyReply>, release: () => void = nothing): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (asked) end(asked, outcome, release);
    else release();
  }

  #put(dialogue: Dialogue<Agreement>, id: number, request: CopyRequest): void {
    if (this.#understands(request)) return dialogue.send(encodeCopyRequest(id, request));
    const message = `a source of this release answers no ${request.type}`;
    this.#answer(id, { ok: true, value: { type: 'refused', message } });
  }

  #understands({ type }: CopyRequest): boolean {
    if (type === 'census') return this.#counts;
    return type === 'list' || type === 'gather' ? this.#gathers : true;
  }

  #connect(key: string, source: CopySource, request: CopyRequest): Connection {
    const { clock, tls, onRefused } = this.#o;
    let dialogue: Dialogue<Agreement> | undefined;
    const link: DialedLink = new DialedLink({
      endpoint: parseEndpoint(source.address),
      tls,
      inHashedMemory: false,
      clock,
      onReached: (socket, binding) => (dialogue = this.#begin(link, socket, binding, source, request)),
      receive: (buffer, view, from, to) =>
        dialogue ? dialogue.receiveFrom(buffer, view, from, to, clock.nowMs()) : to,
      onRefused: () => onRefused('tls'),
      onGone: (reason) => this.close(reason),
    });
    let cancelTick = () => undefined as void;
    const tick = () => {
      cancelTick = clock.after(tickMs, tick);
      dialogue?.tick(clock.nowMs());
    };
    tick();
    const send = (id: number, asked: CopyRequest): boolean => {
      if (dialogue?.isOpen !== true) return false;
      this.#put(dialogue, id, asked);
      return true;
    };
    const end = () => {
      cancelTick();
      dialogue?.close();
      link.leave()?.destroy();
    };
    return { key, link, send, end };
  }

  #begin(
    link: DialedLink,
    socket: Socket,
    binding: Uint8Array | undefined,
    { ticket, replicaId }: CopySource,
    { epoch, nonce }: CopyRequest,
  ): Dialogue<Agreement> {
    const { volume, guid, clock, timing } = this.#o;
    const dialogue: Dialogue<Agreement> = new Dialogue<Agreement>({
      sink: new SocketSink(socket),
      handshake: new Caller({
        key: Buffer.from(ticket, 'hex'),
        subject: { role: 'copier', volume, replicaId, epoch, nonce, copierGuid: guid },
        challenge: randomBytes(32),
        binding,
        speaks: this.#o.speaks,
      }),
      timing,
      nowMs: clock.nowMs(),
      lends: true,
      onOpen: ({ features }) => {
        link.opened();
        this.#counts = features.includes(censusFeature);
        this.#gathers = features.includes(gatherFeature);
        for (const [id, { request: asked }] of this.#asked) this.#put(dialogue, id, asked);
      },
      onFrame: (frame) => {
        const lasting = kept(frame);
        const { id, reply } = decodeCopyReply(lasting);
        this.#answer(id, { ok: true, value: reply }, () => giveFrameRoom(lasting.payload));
      },
      onClosed: (reason) => link.lose(socket, reason),
    });
    return dialogue;
  }
}
