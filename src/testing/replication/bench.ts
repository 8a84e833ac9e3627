/**
 * One replica core or one coordinator on a bench: messages are handed in one by one, what comes out is kept in lists,
 * time and commits move when the test says so.
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { MembershipState } from '../../replication/membership.ts';
import { Coordinator } from '../../replication/coordinator/coordinator.ts';
import type { Answer, Result } from '../../replication/coordinator/requests.ts';
import type { CopyReply, CopyRequest } from '../../replication/copy.ts';
import type { EpochStart } from '../../replication/history.ts';
import type { Values } from '../../replication/record.ts';
import type {
  EntryBody,
  ReplicaMessage,
  ReplicaSays,
  TargetMessage,
  TargetSays,
} from '../../replication/messages.ts';
import type { Fence } from '../../replication/record.ts';
import { Replica } from '../../replication/replica/replica.ts';
import type { Done } from '../../replication/store.ts';
import { defaultTiming, type Timing } from '../../replication/timing.ts';
import { must } from '../../shared/assert.ts';
import { blocksFor, SimStore } from './sim-store.ts';
import { askedAsMessage } from './sim-asked.ts';
import { gathered } from './sim-store-effects.ts';

export const benchTiming: Timing = { ...defaultTiming, settleMs: 0, groupBlocks: 4 };

type Told<M extends { type: string }, T> = Extract<M, { type: T }>;

/** A replica and the links that the test speaks on. */
export class ReplicaBench {
  readonly store: SimStore;
  nowMs = 0;
  readonly sent: { readonly link: number; readonly message: ReplicaMessage }[] = [];
  readonly closed: number[] = [];
  readonly asked: { readonly request: CopyRequest; readonly done: Done<CopyReply> }[] = [];
  /** Questions of a census, which a rebuild goes on without. */
  readonly counting: { readonly request: CopyRequest; readonly done: Done<CopyReply> }[] = [];
  #core: Replica;
  #commits: (() => void)[] = [];

  constructor(options: { readonly blocks?: number; readonly replicaId?: string } = {}) {
    const { blocks = 8, replicaId = 'r1' } = options;
    this.store = new SimStore({ volume: 'v', replicaId, guid: `guid-${replicaId}` }, blocks);
    this.#core = this.#start();
  }

  get core(): Replica {
    return this.#core;
  }

  /** Sends under a fence, as one batch. */
  tell(link: number, fence: Fence, ...messages: TargetSays[]): void {
    for (const message of messages) this.#core.message(link, { ...fence, ...message }, this.nowMs);
    this.#core.endBatch();
    this.store.endRun();
  }

  /** All commits called so far complete. */
  commit(): void {
    while (this.#commits.length > 0) {
      const commits = this.#commits;
      this.#commits = [];
      for (const done of commits) done();
      this.store.endRun();
    }
  }

  /** Promise, commit, attach at `from`. */
  attach(link: number, fence: Fence, epochs: readonly EpochStart[], from: number): void {
    this.promise(link, fence);
    this.tell(link, fence, { type: 'attach', epochs, from, revert: false });
  }

  promise(link: number, fence: Fence): void {
    this.tell(link, fence, { type: 'promise', memberships: [] });
    this.commit();
  }

  entry(link: number, fence: Fence, number: number, body: EntryBody): void {
    this.tell(link, fence, { type: 'entry', entry: { number, ...body } });
  }

  tick(forMs: number): void {
    this.nowMs += forMs;
    this.#core.tick(this.nowMs);
    this.store.endRun();
  }

  /** The process dies; only what was committed survives. The new process starts at the present time. */
  crash(): void {
    this.#commits = [];
    this.store.crash(() => 0);
    this.#core = this.#start();
  }

  /** A process without power loss: what was taken in is still there (in the page cache of a story). */
  restart(): void {
    this.#commits = [];
    this.#core = this.#start();
  }

  last<T extends ReplicaMessage['type']>(type: T): Told<ReplicaMessage, T> | undefined {
    const found = this.sent.findLast(({ message }) => message.type === type)?.message;
    return found as Told<ReplicaMessage, T> | undefined;
  }

  count(type: ReplicaMessage['type']): number {
    return this.sent.filter(({ message }) => message.type === type).length;
  }

  #start(): Replica {
    const now = <T>(value: () => T, done: Done<T>) =>
      this.#commits.push(() => done({ ok: true, value: value() }));
    return new Replica({
      store: this.store,
      timing: benchTiming,
      nowMs: this.nowMs,
      effects: {
        send: (link, message) => this.sent.push({ link, message }),
        close: (link) => this.closed.push(link),
        changed: () => undefined,
        commit: (done) => {
          const complete = this.store.beginCommit();
          this.#commits.push(() => {
            complete();
            done();
          });
        },
        read: (block, count, done, snapshot) => now(() => this.store.read(block, count, snapshot), done),
        readBriefly: (block, count, done) => now(() => this.store.read(block, count), done),
        gather: (ranges, done, snapshot) => now(() => gathered(this.store, ranges, snapshot), done),
        births: (after, { block, count }, limit, done, snapshot) =>
          now(() => this.store.births(after, block, count, limit, snapshot), done),
        repair: (block, data) => void this.store.repair(block, data),
        digest: (block, count, snapshot, done) => now(() => this.store.digest(block, count, snapshot), done),
        copy: (_source, request, done) =>
          void (request.type === 'census' ? this.counting : this.asked).push({ request, done }),
      },
    });
  }
}

export const write = (block: number, tag: number, fua = false): EntryBody => ({
  kind: 'write',
  block,
  count: 1,
  data: blocksFor([tag]),
  fua,
});

export const adopt = (epoch: number, previousLast: number): EntryBody => ({
  kind: 'adopt',
  epoch,
  previousLast,
});

/** A target whose replicas are played by the test. */
/** The members are named by letters. */
export const recordOf = (version: number, letters: string): MembershipRecord => ({
  version,
  members: Object.fromEntries(letters.split('').map((id) => [id, `guid-${id}`])),
});

export class TargetBench {
  readonly coordinator: Coordinator;
  readonly nonce = 77;
  nowMs = 0;
  readonly sent: { readonly to: string; readonly message: TargetMessage }[] = [];
  readonly closed: string[] = [];
  readonly dropped: string[] = [];
  ended: string | undefined;
  readonly #features: readonly string[] | undefined;

  /** `next`: members after a change that is to be made. */
  constructor(
    options: {
      readonly replicas?: number;
      readonly timing?: Partial<Timing>;
      readonly membership?: MembershipRecord;
      readonly next?: MembershipRecord;
      /** That replicas speak; undefined: all. */
      readonly features?: readonly string[];
    } = {},
  ) {
    this.#features = options.features;
    const membership = options.membership ?? recordOf(1, 'ABCDE'.slice(0, options.replicas ?? 3));
    const ids = Object.keys({ ...membership.members, ...options.next?.members });
    this.coordinator = new Coordinator({
      membership,
      nextMembership: options.next,
      places: ids.map((id) => ({ id, guid: `guid-${id}`, pool: id, copyAddress: id })),
      nonce: this.nonce,
      timing: { ...benchTiming, ...options.timing },
      effects: {
        send: (to, message) => this.sent.push({ to, message }),
        ask: (replicaId, fence, read) =>
          void this.sent.push({ to: replicaId, message: askedAsMessage(fence, read) }),
        feed: (replicaId, window, from, to) => {
          for (let number = from; number <= to; number++) {
            const message = { ...window.fence, type: 'entry', entry: window.entry(number) } as const;
            this.sent.push({ to: replicaId, message });
          }
        },
        close: (replicaId) => this.closed.push(replicaId),
        ticket: () => 'ticket',
        changed: () => undefined,
        dropped: (replicaId) => this.dropped.push(replicaId),
        ended: (reason) => (this.ended = reason),
      },
    });
  }

  get epoch(): number {
    return this.coordinator.status().epoch;
  }

  connect(...ids: string[]): void {
    // Histories in tests have epochs 1 and 2.
    for (const id of ids)
      this.coordinator.connected(id, Math.min(2, this.epoch || 2), this.nowMs, this.#features);
    this.tick(0);
  }

  lose(id: string): void {
    this.coordinator.disconnected(id, 'lost', this.nowMs);
  }

  tell(id: string, ...messages: ReplicaSays[]): void {
    const fence = { epoch: this.epoch, nonce: this.nonce };
    for (const message of messages) this.coordinator.message(id, { ...fence, ...message }, this.nowMs);
  }

  /** A report of a complete state that ends at `last` in these epochs. */
  report(
    id: string,
    epochs: readonly EpochStart[],
    last: number,
    more: {
      clean?: boolean;
      isBase?: boolean;
      membership?: MembershipState;
      isOld?: boolean;
      values?: Values;
    } = {},
  ): void {
    const { clean = true, isBase = false, membership, values = {} } = more;
    const complete = { history: { epochs, last }, isBase, sizeBytes: 8 * 4096, values, membership };
    const records = membership ? [membership.current, membership.next] : [];
    const memberships = records.flatMap((record) => record ?? []);
    const held = more.isOld === true ? {} : { snapshots: [] };
    this.tell(id, { type: 'report', complete, last, clean, memberships, committed: 0, ...held });
  }

  /** Everything sent to these replicas so far is received, or durable too. */
  acknowledge(how: 'received' | 'durable', ...ids: string[]): void {
    for (const id of ids) this.tell(id, { type: how, number: this.coordinator.status().last });
  }

  /** A round of lease renewals that these replicas answer. */
  lease(...ids: string[]): void {
    this.tick(benchTiming.renewMs);
    for (const id of ids) this.tell(id, { type: 'renewed', sentAtMs: this.nowMs });
  }

  tick(forMs: number): void {
    this.nowMs += forMs;
    this.coordinator.tick(this.nowMs);
  }

  /** A fresh volume of which all replicas have adopted the first epoch; serving. */
  serve(...ids: string[]): this {
    this.connect(...ids);
    for (const id of ids) this.report(id, [], 0);
    this.acknowledge('received', ...ids);
    this.acknowledge('durable', ...ids);
    this.lease(...ids);
    return this;
  }

  /** The answer to a request once it comes. */
  ask<T>(submit: (nowMs: number, answer: Answer<T>) => void): { result: Result<T> | undefined } {
    const box: { result: Result<T> | undefined } = { result: undefined };
    submit(this.nowMs, (result) => (box.result = result));
    return box;
  }

  write(block: number, tag: number, fua = false): { result: Result<void> | undefined } {
    return this.ask<void>((nowMs, answer) =>
      this.coordinator.write(block, blocksFor([tag]), fua, nowMs, answer),
    );
  }

  flush(): { result: Result<void> | undefined } {
    return this.ask<void>((nowMs, answer) => this.coordinator.flush(nowMs, answer));
  }

  read(block: number): { result: Result<Uint8Array> | undefined } {
    return this.ask<Uint8Array>((nowMs, answer) => this.coordinator.read(block, 1, nowMs, answer));
  }

  last<T extends TargetMessage['type']>(to: string, type: T): Told<TargetMessage, T> | undefined {
    const found = this.sent.findLast((one) => one.to === to && one.message.type === type)?.message;
    return found as Told<TargetMessage, T> | undefined;
  }

  must<T extends TargetMessage['type']>(to: string, type: T): Told<TargetMessage, T> {
    return must(this.last(to, type), `${type} to ${to}`);
  }
}
