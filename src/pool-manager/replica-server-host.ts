/** One replica of this pool: the core, the store it works on, the links of its target and the copies it makes. */
import type { CopyReply, CopyRequest } from '../replication/copy.ts';
import { sealData } from '../replication/data-frame.ts';
import type { Speaks } from '../replication/handshake.ts';
import { encodeReplicaMessage } from '../replication/replica-message-codec.ts';
import type { CopySource, PoolRoom, ReplicaMessage, TargetMessage } from '../replication/messages.ts';
import { Replica, type ReplicaState } from '../replication/replica/replica.ts';
import type { LinkId } from '../replication/replica/session.ts';
import type { Done, Outcome } from '../replication/store.ts';
import type { Timing } from '../replication/timing.ts';
import type { Refusals } from '../replication/refusals.ts';
import type { Turns } from '../replication/turns.ts';
import type { Frame } from '../replication/wire.ts';
import type { Clock } from '../shared/clock.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import type { Log } from '../shared/log.ts';
import { CopyClient } from './copy-client.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import { ReadRooms } from './read-rooms.ts';
import { storeEffects } from './replica-server-store.ts';

/** A target's connection, as the host sees it. */
export interface HostLink {
  send(frame: Frame): void;
  /** A whole frame lies in bytes[from, to), where it stays until it is sent. */
  sendMade(bytes: Uint8Array, from: number, to: number): void;
  /** After what was sent. */
  close(): void;
}

export interface ReplicaHostOptions {
  readonly store: VolumeStore;
  readonly clock: Clock;
  /** When this process began to serve: what was granted before is forgotten (R29). */
  readonly startedAtMs: number;
  readonly timing: Timing;
  readonly log: Log;
  readonly onChange: () => void;
  /** Messages have come that may have left something for ticks to do, and brought so much data. */
  readonly onWork: (of: { readonly isAtRest: boolean }, takenBytes: number) => void;
  /** Shared by all replicas of the pool. */
  readonly turns: Turns;
  readonly refusals: Refusals;
  /** For tests: what another release would say to those it copies from. */
  readonly speaks?: Speaks | undefined;
  /** Undefined: copies without TLS. */
  readonly tls: LinkTls | undefined;
}

export class ReplicaHost {
  readonly store: VolumeStore;
  readonly #o: ReplicaHostOptions;
  readonly #replica: Replica;
  readonly #copies: CopyClient;
  readonly #links = new Map<LinkId, HostLink>();
  readonly #rooms = new ReadRooms();
  #lastLink = 0;
  #closedBecause = '';
  #abandoned = false;
  #repairedBlocks = 0;
  #takenBytes = 0;

  /** Throws RecordError when this release can not read what the replica remembers. */
  constructor(options: ReplicaHostOptions) {
    this.#o = options;
    this.store = options.store;
    const { store, clock, timing, log, tls, speaks, refusals } = options;
    const { volume, guid } = store.identity;
    const onRefused = (what: 'tls') => refusals.note(what);
    this.#copies = new CopyClient({ volume, guid, clock, timing, tls, speaks, onRefused });
    this.#replica = new Replica({
      store,
      timing,
      nowMs: options.startedAtMs,
      effects: {
        ...storeEffects(
          store,
          log,
          () => {
            this.#repairedBlocks += 1;
            options.onChange();
          },
          this.#rooms,
        ),
        send: (link, message) => {
          if (message.type === 'refuse') options.refusals.note('fence');
          this.#send(link, message);
        },
        close: (link, reason) => this.#close(link, reason),
        copy: (source, request, done) =>
          options.turns.take(source.goodCopies ?? 1, (release) => this.#copy(source, request, done, release)),
        changed: () => options.onChange(),
      },
    });
  }

  get state(): ReplicaState {
    return this.#replica.state;
  }

  /** No tick changes anything before the next message. */
  get isAtRest(): boolean {
    return this.#replica.isAtRest;
  }

  get epoch(): number {
    return this.#replica.epoch;
  }

  get heardEpoch(): number {
    return this.#replica.heardEpoch;
  }

  /** That were unreadable here, and were given back by another replica, in this process. */
  get repairedBlocks(): number {
    return this.#repairedBlocks;
  }

  /** Why the last link was closed, while there is none. */
  get offlineBecause(): string {
    return this.#replica.state === 'Offline' ? this.#closedBecause : '';
  }

  connect(link: HostLink): LinkId {
    this.#lastLink += 1;
    this.#links.set(this.#lastLink, link);
    return this.#lastLink;
  }

  disconnected(link: LinkId, reason: string): void {
    if (!this.#links.delete(link)) return;
    this.#closedBecause = reason;
    this.#replica.disconnected(link);
  }

  message(link: LinkId, message: TargetMessage, nowMs: number): void {
    if (this.#links.has(link)) this.#replica.message(link, message, nowMs);
  }

  endBatch(): void {
    this.#replica.endBatch();
    const { takenBytes } = this.#replica;
    this.#o.onWork(this.#replica, takenBytes - this.#takenBytes);
    this.#takenBytes = takenBytes;
  }

  copyRequest(request: CopyRequest, done: Done<CopyReply>): void {
    this.#replica.copyRequest(request, done);
  }

  setSpace(low: boolean, room: PoolRoom): void {
    this.#replica.setSpace(low, room);
  }

  hintTarget(instance: string, lifetimeMs: number): void {
    this.#replica.hintTarget(instance, this.#o.clock.nowMs() + lifetimeMs);
  }

  tick(): void {
    this.#replica.tick(this.#o.clock.nowMs());
  }

  /** Orderly (R29): resolves when everything is durable and noted. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.#replica.stop(this.#o.clock.nowMs(), resolve));
  }

  /** Ends its links at once; the store is not touched afterwards. */
  abandon(reason: string): void {
    this.#abandoned = true;
    for (const id of this.#links.keys()) {
      this.#close(id, reason);
      this.#replica.disconnected(id);
    }
    this.#copies.close(reason);
  }

  #copy(source: CopySource, request: CopyRequest, done: Done<CopyReply>, release: () => void): void {
    if (this.#abandoned) return release();
    this.#copies.ask(source, request, (reply, giveBack) => {
      release();
      // What is copied waits for room like what is written.
      void this.#withRoom(reply, done, giveBack);
    });
  }

  /** The replica has taken over what it was answered when `done` returns. */
  async #withRoom(reply: Outcome<CopyReply>, done: Done<CopyReply>, giveBack: () => void): Promise<void> {
    await this.store.room();
    done(reply);
    giveBack();
  }

  #send(id: LinkId, message: ReplicaMessage): void {
    const link = this.#links.get(id);
    const room = message.type === 'data' && link !== undefined ? this.#rooms.roomOf(message.data) : undefined;
    if (room === undefined || message.type !== 'data') link?.send(encodeReplicaMessage(message));
    else link?.sendMade(room.slab.bytes, sealData(room, message), room.at + room.dataBytes);
  }

  #close(id: LinkId, reason: string): void {
    const link = this.#links.get(id);
    this.#links.delete(id);
    this.#closedBecause = reason;
    this.#o.log.info('link closed', { reason });
    link?.close();
  }
}
