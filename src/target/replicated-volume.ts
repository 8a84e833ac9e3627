/** The Volume port over replicas: links and a clock around a coordinated volume (coordinated-volume.ts). */
import { randomBytes } from 'node:crypto';
import type { MembershipRecord, ReplicaAddress } from '../api/target-config.ts';
import { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { BlockRange } from '../replication/copy.ts';
import type { Speaks } from '../replication/handshake.ts';
import { membersMax } from '../replication/quorum.ts';
import { Refusals, type Refusal } from '../replication/refusals.ts';
import { stateOf, type VolumeStatus } from '../replication/status.ts';
import { defaultTiming, type Timing } from '../replication/timing.ts';
import { must } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';
import { untilBeatMs } from '../shared/beats.ts';
import type { Clock } from '../shared/clock.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import { UsageError } from '../shared/exit-codes.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { copyKey } from '../shared/keys.ts';
import type { Log } from '../shared/log.ts';
import { CoordinatedVolume } from './coordinated-volume.ts';
import { ReplicaLink } from './replica-link.ts';
import { VolumeSnapshots } from './volume-snapshots.ts';
import {
  VolumeError,
  type QuickVolume,
  type Volume,
  type VolumeMapping,
  type WriteOptions,
  type VolumeSpace,
} from './volume.ts';

export interface ReplicatedVolumeOptions {
  /** Name of the PersistentVolume. */
  readonly volume: string;
  /** Name of this process among the targets of the volume; absent: none (R10). */
  readonly instance?: string | undefined;
  readonly membership: MembershipRecord;
  /** During a change: the record after it. */
  readonly nextMembership?: MembershipRecord | undefined;
  /** A change that is not wanted any more, but may have begun: its members are linked until it is known. */
  readonly withdrawnMembership?: MembershipRecord | undefined;
  readonly replicas: Readonly<Record<string, ReplicaAddress>>;
  /** By replica id (shared/keys.ts). */
  readonly linkKeys: ReadonlyMap<string, Uint8Array>;
  /** Absent: links without TLS. */
  readonly tls?: LinkTls | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests; the defaults are the rules' numbers. */
  readonly timing?: Partial<Timing> | undefined;
  /** For tests: what another release would say. */
  readonly speaks?: Speaks | undefined;
}

export interface MembersChange {
  readonly membership: MembershipRecord;
  readonly nextMembership?: MembershipRecord | undefined;
  readonly withdrawnMembership?: MembershipRecord | undefined;
  readonly replicas: Readonly<Record<string, ReplicaAddress>>;
  readonly linkKeys: ReadonlyMap<string, Uint8Array>;
}

export interface ReplicatedVolume extends Volume {
  /** Settles when the first request can be served; `sizeBytes` is 0 before. */
  readonly serving: Promise<void>;
  status(): VolumeStatus;
  /** Told of changes of state, not of counters; the answer ends it. */
  onStatus(listener: (status: VolumeStatus) => void): () => void;
  /** Who may log in; empty until serving. */
  initiators(): readonly string[];
  /** Durable on a quorum when answered. Rejects with VolumeError busy without one. */
  setInitiators(iqns: readonly string[]): Promise<void>;
  readonly snapshots: VolumeSnapshots;
  /** Grows the volume. RangeError when smaller than it is or not whole blocks. */
  resize(sizeBytes: number): Promise<void>;
  /** R28: to be asked immediately before an answer goes to the initiator. */
  mayAnswer(): boolean;
  /** Requests that can not be answered now hear busy at once instead of when their time is over. */
  hurry(): void;
  /** A hint that this replica may be back: dials it at once. Undefined: all. */
  announce(replicaId?: string): void;
  /**
   * The configuration names other members (R32): newcomers are linked and rebuilt, and the change is made when they hold
   * everything. `status().membership` tells how far it is. Throws UsageError when a newcomer has no address, a wrong one,
   * or no key.
   */
  setMembers(change: MembersChange): void;
  /** Addresses have changed; links to unchanged ones stay. Throws UsageError when one is none, and changes nothing then. */
  setReplicas(replicas: Readonly<Record<string, ReplicaAddress>>): void;
  /** Compares the replicas in the background and mends what differs; `status().scrub` tells of it. One that runs goes on. */
  scrub(): void;
  /** A scrub begins by itself so long after the one before, or after the start; undefined: never. */
  setScrubInterval(intervalMs: number | undefined): void;
  /** How often the other end of a link was refused, by reason. */
  refusals(): Readonly<Record<Refusal, number>>;
  /** Links that are open without TLS. */
  plainLinks(): number;
  /** How long requests that come from now on wait for a quorum (R16). */
  setQuorumWait(quorumWaitMs: number): void;
  /** Settles with the reason when this target may never serve again, except by `stop`. */
  readonly ended: Promise<string>;
  /** Orderly: flushes (at most 10 s), gives its grants back, closes the links. Once, however often it is asked for. */
  stop(): Promise<void>;
}

const initiatorsKey = 'initiators';
const tickMs = 50;
/** While nothing is going on: idle volumes cost as little as can be. Leases are renewed in time all the same. */
const calmTickMs = 250;
/**
 * When nobody has asked for anything for so long, leases are renewed at each tick, before the one before has run out. Where
 * one is late the first who asks has a tick at once.
 */
const restAfterMs = 5_000;
const restTickMs = 2_000;
const stopFlushMsMax = 10_000;

/** Starts dialing at once. Throws UsageError when a member has no address, a wrong one, or no key. */
export function openReplicatedVolume(options: ReplicatedVolumeOptions): ReplicatedVolume {
  return new LinkedVolume(options);
}

class LinkedVolume implements ReplicatedVolume {
  readonly serving: Promise<void>;
  readonly ended: Promise<string>;
  readonly #o: ReplicatedVolumeOptions;
  readonly #coordinator: Coordinator;
  readonly #volume: CoordinatedVolume;
  readonly snapshots: VolumeSnapshots;
  readonly #links = new Map<string, ReplicaLink>();
  readonly #timing: Timing & { quorumWaitMs: number };
  #linkKeys: ReadonlyMap<string, Uint8Array>;
  #replicas: Readonly<Record<string, ReplicaAddress>>;
  readonly #listeners = new Set<(status: VolumeStatus) => void>();
  readonly #served = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  #isServing = false;
  #told = '';
  #telling = false;
  #stopping = false;
  #stopped: Promise<void> | undefined;
  #cancelTick: () => void = () => undefined;
  #isResting = false;
  #asked = 0;
  #askedAtMs = 0;
  readonly #refusals = new Refusals();
  #scrubIntervalMs: number | undefined;
  #scrubbedAtMs: number;

  constructor(options: ReplicatedVolumeOptions) {
    this.#o = options;
    this.serving = this.#served.promise;
    this.ended = this.#ended.promise;
    const timing = { ...defaultTiming, ...options.timing };
    this.#timing = timing;
    this.#scrubbedAtMs = options.clock.nowMs();
    this.#linkKeys = options.linkKeys;
    this.#replicas = options.replicas;
    const places = memberPlaces(options);
    this.#coordinator = new Coordinator({
      membership: options.membership,
      nextMembership: options.nextMembership,
      places,
      nonce: randomNonce(),
      instance: options.instance,
      timing,
      effects: {
        // A member that is reached nowhere has no link.
        send: (replicaId, message) => this.#links.get(replicaId)?.send(message),
        ask: (replicaId, fence, read) => this.#links.get(replicaId)?.ask(fence, read),
        feed: (replicaId, window, from, to) => this.#links.get(replicaId)?.feed(window, from, to),
        close: (replicaId, reason) => {
          options.log.info('link closed', { replica: replicaId, reason });
          this.#link(replicaId).reset();
        },
        ticket: (sourceId, copierGuid, { epoch, nonce }) =>
          Buffer.from(copyKey(this.#key(sourceId), epoch, String(nonce), copierGuid)).toString('hex'),
        changed: () => this.#changed(),
        dropped: (replicaId) => this.#dropped(replicaId),
        ended: (reason) => this.#onEnded(reason),
      },
    });
    this.#volume = new CoordinatedVolume(this.#coordinator, () => this.#now());
    this.snapshots = new VolumeSnapshots(
      this.#coordinator,
      () => this.#now(),
      (run) => this.#volume.alone(run),
    );
    for (const { id, guid } of places) this.#addLink(id, guid);
    this.#tick();
  }

  get sizeBytes(): number {
    return this.#volume.sizeBytes;
  }

  get quick(): QuickVolume {
    return this.#volume.quick;
  }

  get spaceIsLow(): boolean {
    return this.#volume.spaceIsLow;
  }

  get space(): VolumeSpace | undefined {
    return this.#volume.space;
  }

  get atomicBytesMax(): number {
    return this.#volume.atomicBytesMax;
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#volume.read(offsetBytes, lengthBytes);
  }

  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    return this.#volume.write(offsetBytes, data, options);
  }

  unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#volume.unmap(offsetBytes, lengthBytes);
  }

  flush(options?: { readonly initiator?: string }): Promise<void> {
    return this.#volume.flush(options);
  }

  compareAndWrite(offsetBytes: number, expected: Uint8Array, data: Uint8Array): Promise<number | undefined> {
    return this.#volume.compareAndWrite(offsetBytes, expected, data);
  }

  mapping(offsetBytes: number, lengthBytes: number): Promise<VolumeMapping> {
    return this.#volume.mapping(offsetBytes, lengthBytes);
  }

  recall(key: string): string | undefined {
    return this.#volume.recall(key);
  }

  remember(key: string, value: string): Promise<void> {
    return this.#volume.remember(key, value);
  }

  hurry(): void {
    this.#volume.hurry();
  }

  status(): VolumeStatus {
    return this.#coordinator.status();
  }

  onStatus(listener: (status: VolumeStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  initiators(): readonly string[] {
    const value = this.#coordinator.values[initiatorsKey];
    // Written by setInitiators only.
    return value === undefined ? [] : (JSON.parse(value) as string[]);
  }

  async setInitiators(iqns: readonly string[]): Promise<void> {
    const value = JSON.stringify(iqns);
    await this.#volume.setValue(initiatorsKey, value);
    this.#o.log.info('initiators granted', { initiators: iqns });
  }

  async resize(sizeBytes: number): Promise<void> {
    await this.serving;
    if (sizeBytes < this.sizeBytes || sizeBytes % blockBytes !== 0) {
      throw new RangeError(
        `${sizeBytes} bytes: give whole blocks of ${blockBytes}, at least ${this.sizeBytes}`,
      );
    }
    if (sizeBytes === this.sizeBytes) return;
    await this.#volume.resize(sizeBytes);
    this.#changed();
  }

  mayAnswer(): boolean {
    return this.#coordinator.mayAnswer(this.#now());
  }

  announce(replicaId?: string): void {
    for (const [id, link] of this.#links) if (replicaId === undefined || id === replicaId) link.hint();
  }

  setMembers(change: MembersChange): void {
    const { membership, nextMembership, replicas, linkKeys } = change;
    this.#replicas = { ...this.#replicas, ...replicas };
    this.#linkKeys = linkKeys;
    // What has begun here is known here: withdrawn members have their links already, or need none.
    const places = memberPlaces({
      ...change,
      membership: nextMembership ?? membership,
      withdrawnMembership: undefined,
    });
    for (const { id, guid } of places) {
      const link = this.#links.get(id);
      if (!link || link.guid === guid) continue;
      // The disk of that seat is gone; what it held still counts where it was a member.
      this.#coordinator.disconnected(id, 'replaced', this.#now());
      this.#coordinator.forget(id);
      this.#endLink(id);
    }
    // Links come first: whom the coordinator does not need it drops within the call.
    for (const { id, guid } of places) if (!this.#links.has(id)) this.#addLink(id, guid);
    this.#coordinator.setMembers(membership, nextMembership, places, this.#now());
    this.#changed();
  }

  setReplicas(replicas: Readonly<Record<string, ReplicaAddress>>): void {
    for (const { replication } of Object.values(replicas)) parseEndpoint(replication); // before any link has moved
    for (const [id, link] of this.#links) {
      const place = replicas[id];
      if (!place) continue;
      this.#coordinator.setPlace(id, place.pool, place.copy);
      link.moveTo(place.replication);
    }
  }

  scrub(): void {
    this.#scrubbedAtMs = this.#now();
    this.#o.log.info('the replicas are compared');
    this.#coordinator.scrub((range, from, done) => void this.#mend(range, from, done));
  }

  async #mend(range: BlockRange, from: string, done: (mended: boolean) => void): Promise<void> {
    this.#o.log.error('replicas differ: blocks are written anew', { ...range, from });
    try {
      await this.#volume.mend(range, from);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      this.#o.log.error('blocks could not be written anew', { ...range, from, reason: error.message });
      return done(false);
    }
    return done(true);
  }

  refusals(): Readonly<Record<Refusal, number>> {
    return this.#refusals.counts();
  }

  plainLinks(): number {
    return [...this.#links.values()].filter(({ isPlain }) => isPlain).length;
  }

  setScrubInterval(intervalMs: number | undefined): void {
    this.#scrubIntervalMs = intervalMs;
  }

  setQuorumWait(quorumWaitMs: number): void {
    this.#timing.quorumWaitMs = quorumWaitMs;
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#stopping = true;
    this.#tickLater(this.#now());
    const { phase } = this.status();
    if (phase === 'Healthy' || phase === 'Degraded') {
      this.#volume.lost(0); // this flush has nobody to tell
      const flushed = this.flush().catch((error: unknown) => {
        if (!(error instanceof VolumeError)) throw error;
        this.#o.log.info('not everything is durable at the stop', { reason: error.message });
      });
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const cancel = this.#o.clock.after(stopFlushMsMax, resolve);
      await Promise.race([flushed, late]);
      cancel();
    }
    this.#cancelTick();
    this.#coordinator.stop('stopped in order');
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
  }

  #now(): number {
    return this.#o.clock.nowMs();
  }

  #link(replicaId: string): ReplicaLink {
    return must(this.#links.get(replicaId), `link of ${replicaId}`);
  }

  #addLink(replicaId: string, guid: string): void {
    const link = this.#newLink(replicaId, guid, this.#timing);
    this.#links.set(replicaId, link);
    link.dial();
  }

  /** What is to be said has been said: the link closes after it. */
  #endLink(replicaId: string): void {
    const link = this.#links.get(replicaId);
    this.#links.delete(replicaId);
    link?.stop().catch((error: unknown) => this.#o.log.error('a link did not close', { error }));
  }

  #dropped(replicaId: string): void {
    this.#o.log.info('replica is no member any more', { replica: replicaId });
    this.#endLink(replicaId);
  }

  #key(replicaId: string): Uint8Array {
    return must(this.#linkKeys.get(replicaId), `key of ${replicaId}`);
  }

  #newLink(replicaId: string, guid: string, timing: Timing): ReplicaLink {
    const { volume, clock } = this.#o;
    const log = this.#o.log.with({ replica: replicaId });
    let lastReason = '';
    return new ReplicaLink({
      volume,
      replicaId,
      guid,
      address: must(this.#replicas[replicaId], `address of ${replicaId}`).replication,
      key: this.#key(replicaId),
      tls: this.#o.tls,
      speaks: this.#o.speaks,
      clock,
      timing,
      log,
      onOpen: ({ promisedEpoch }, features) => {
        log.info('replica connected');
        lastReason = '';
        this.#coordinator.connected(replicaId, promisedEpoch, this.#now(), features);
      },
      onRefused: (what) => this.#refusals.note(what),
      onMessage: (message) => this.#coordinator.receive(replicaId, message, this.#now()),
      onBatchEnd: () => this.#coordinator.endBatch(this.#now()),
      onClosed: (reason) => {
        if (reason !== lastReason) log.info('replica not connected', { reason });
        lastReason = reason;
        this.#coordinator.disconnected(replicaId, reason, this.#now());
      },
    });
  }

  #tick(): void {
    const nowMs = this.#now();
    this.#tickLater(nowMs);
    this.#coordinator.tick(nowMs);
    if (nowMs - this.#scrubbedAtMs >= (this.#scrubIntervalMs ?? Infinity)) this.scrub();
  }

  #tickLater(nowMs: number): void {
    const { asked, isCalm } = this.#coordinator;
    if (asked !== this.#asked || !isCalm || this.#stopping) this.#askedAtMs = nowMs;
    this.#asked = asked;
    this.#isResting = nowMs - this.#askedAtMs >= restAfterMs;
    const calmMs = this.#isResting ? restTickMs : calmTickMs;
    const afterMs = isCalm ? untilBeatMs(nowMs, calmMs) : tickMs;
    this.#cancelTick();
    this.#cancelTick = this.#o.clock.after(afterMs, () => this.#tick());
  }

  #changed(): void {
    if (this.#isResting && !this.#coordinator.isCalm) this.#tickLater(this.#now());
    if (this.#coordinator.serving) this.#onServing();
    if (this.#telling) return;
    this.#telling = true;
    this.#o.clock.after(0, () => {
      this.#telling = false;
      const status = this.status();
      const told = stateOf(status);
      if (told === this.#told) return;
      this.#told = told;
      for (const listener of this.#listeners) listener(status);
    });
  }

  #onServing(): void {
    const { lossyEpoch } = this.#coordinator;
    if (this.#isServing) return;
    this.#isServing = true;
    if (lossyEpoch > 0) this.#volume.lost(lossyEpoch);
    const { epoch, last } = this.status();
    this.#o.log.info('serving', { epoch, last });
    if (lossyEpoch > 0) this.#o.log.error('acknowledged writes that were not flushed may be lost', { epoch });
    this.#served.resolve();
  }

  #onEnded(reason: string): void {
    for (const link of this.#links.values()) link.reset();
    if (this.#stopping) return;
    this.#o.log.error('this target ends', { reason });
    this.#ended.resolve(reason);
  }
}

/** 1 … 2^48: two processes that start under one epoch do not have the same. */
const randomNonce = (): number => randomBytes(6).readUIntBE(0, 6) + 1;

/** Of the members, and of newcomers: in a seat that changes hands the newcomer is who is reached. */
function memberPlaces(change: MembersChange) {
  const { membership, nextMembership, withdrawnMembership, replicas, linkKeys } = change;
  for (const { members } of [membership, nextMembership ?? membership]) {
    const count = Object.keys(members).length;
    if (count < 1 || count > membersMax)
      throw new UsageError(`membership names ${count} replicas: name 1 to ${membersMax}`);
  }
  const members = Object.entries({
    ...withdrawnMembership?.members,
    ...membership.members,
    ...nextMembership?.members,
  });
  return members.map(([id, guid]) => {
    const place = replicas[id];
    if (!place) throw new UsageError(`replicas has no address of member ${id}: add it`);
    if (!linkKeys.has(id)) throw new UsageError(`the key file has no key of member ${id}: add it`);
    parseEndpoint(place.replication); // here, before anybody is told of anything
    return { id, guid, pool: place.pool, copyAddress: place.copy };
  });
}
