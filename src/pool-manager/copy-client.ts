/**
 * The copying end of a connection between two replicas: asks a source, one request after the other. A connection is
 * kept while the source stays the same and closed when it has not been used for a while.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { decodeCopyReply, encodeCopyRequest } from '../replication/copy-codec.ts';
import type { CopyReply, CopyRequest } from '../replication/copy.ts';
import { Dialogue } from '../replication/dialogue.ts';
import { Caller, type Agreement } from '../replication/handshake.ts';
import type { CopySource } from '../replication/messages.ts';
import type { Done } from '../replication/store.ts';
import type { Timing } from '../replication/timing.ts';
import type { Clock } from '../shared/clock.ts';
import { connectTo, parseEndpoint } from '../shared/edge/endpoint.ts';
import { SocketSink } from '../shared/edge/socket-sink.ts';

interface CopyClientOptions {
  readonly volume: string;
  /** Of the replica that copies. */
  readonly guid: string;
  readonly clock: Clock;
  readonly timing: Timing;
}

const answerMsMax = 10_000;
const tickMs = 500;

interface Connection {
  readonly key: string;
  readonly socket: Socket;
  readonly dialogue: Dialogue<Agreement>;
  readonly end: () => void;
}

export class CopyClient {
  readonly #o: CopyClientOptions;
  #connection: Connection | undefined;
  #lastId = 0;
  /** What is asked; at most one at a time, the replica core sees to that. */
  #asked: { readonly id: number; readonly request: CopyRequest; readonly done: Done<CopyReply> } | undefined;
  #cancelDeadline: () => void = () => undefined;

  constructor(options: CopyClientOptions) {
    this.#o = options;
  }

  ask(source: CopySource, request: CopyRequest, done: Done<CopyReply>): void {
    this.#answer({ ok: false, message: 'another question came before the answer' });
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const id = this.#lastId;
    this.#asked = { id, request, done };
    this.#cancelDeadline = this.#o.clock.after(answerMsMax, () => this.close('no answer in time'));
    const key = JSON.stringify([source, request.epoch, request.nonce]);
    if (this.#connection && this.#connection.key !== key) this.#drop();
    if (this.#connection?.dialogue.isOpen)
      return this.#connection.dialogue.send(encodeCopyRequest(id, request));
    this.#connection ??= this.#connect(key, source, request);
  }

  /** Ends the connection; what is asked fails. */
  close(reason: string): void {
    this.#drop();
    this.#answer({ ok: false, message: reason });
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.end();
  }

  #answer(outcome: Parameters<Done<CopyReply>>[0]): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.#cancelDeadline();
    asked?.done(outcome);
  }

  #connect(key: string, source: CopySource, { epoch, nonce }: CopyRequest): Connection {
    const { volume, guid, clock, timing } = this.#o;
    const socket = connect(connectTo(parseEndpoint(source.address)));
    const gone = (reason: string) => {
      if (this.#connection?.socket === socket) this.close(reason);
    };
    const { replicaId } = source;
    const dialogue = new Dialogue<Agreement>({
      sink: new SocketSink(socket),
      handshake: new Caller({
        key: Buffer.from(source.ticket, 'hex'),
        subject: { role: 'copier', volume, replicaId, epoch, nonce, copierGuid: guid },
        challenge: randomBytes(32),
      }),
      timing,
      nowMs: clock.nowMs(),
      onOpen: () => {
        if (this.#asked) dialogue.send(encodeCopyRequest(this.#asked.id, this.#asked.request));
      },
      onFrame: (frame) => {
        const { id, reply } = decodeCopyReply(frame);
        if (this.#asked?.id === id) this.#answer({ ok: true, value: reply });
      },
      onClosed: gone,
    });
    socket.on('data', (chunk: Buffer) => dialogue.receive(chunk, clock.nowMs()));
    socket.on('error', (error) => gone(error.message));
    socket.on('close', () => gone('the source closed the connection'));
    let cancelTick = () => undefined as void;
    const tick = () => {
      cancelTick = clock.after(tickMs, tick);
      dialogue.tick(clock.nowMs());
    };
    tick();
    const end = () => {
      cancelTick();
      dialogue.close();
      socket.destroy();
    };
    return { key, socket, dialogue, end };
  }
}
