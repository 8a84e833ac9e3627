/**
 * The Volume port over replicas: links and clock around the coordinator, sectors around its blocks.
 *
 * Sectors of 512 bytes that do not fill a block are written by reading the block, changing it and writing it whole,
 * with the block locked meanwhile, so that replicas and rebuilds only ever see whole blocks.
 */
import { randomBytes } from 'node:crypto';
import type { MembershipRecord, ReplicaAddress } from '../api/target-config.ts';
import { BlockLocks } from '../replication/block-locks.ts';
import { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { Answer, Problem } from '../replication/coordinator/requests.ts';
import type { Stretch } from '../replication/mapping.ts';
import { membersMax } from '../replication/quorum.ts';
import { stateOf, type VolumeStatus } from '../replication/status.ts';
import { defaultTiming, type Timing } from '../replication/timing.ts';
import { assert, must } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { Clock } from '../shared/clock.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { copyKey } from '../shared/keys.ts';
import type { Log } from '../shared/log.ts';
import { ReplicaLink } from './replica-link.ts';
import { VolumeError, type Volume, type VolumeMapping, type WriteOptions } from './volume.ts';

export interface ReplicatedVolumeOptions {
  /** Name of the PersistentVolume. */
  readonly volume: string;
  readonly membership: MembershipRecord;
  /** During a change: the record after it. */
  readonly nextMembership?: MembershipRecord | undefined;
  readonly replicas: Readonly<Record<string, ReplicaAddress>>;
  /** By replica id (shared/keys.ts). */
  readonly linkKeys: ReadonlyMap<string, Uint8Array>;
  readonly clock: Clock;
  readonly log: Log;
  /** For tests; the defaults are the rules' numbers. */
  readonly timing?: Partial<Timing> | undefined;
}

export interface MembersChange {
  readonly membership: MembershipRecord;
  readonly nextMembership?: MembershipRecord | undefined;
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
  /** Grows the volume. RangeError when smaller than it is or not whole blocks. */
  resize(sizeBytes: number): Promise<void>;
  /** R28: to be asked immediately before an answer goes to the initiator. */
  mayAnswer(): boolean;
  /** A hint that this replica may be back: dials it at once. Undefined: all. */
  announce(replicaId?: string): void;
  /**
   * The configuration names other members (R32): newcomers are linked and rebuilt, and the change is made when they hold
   * everything. `status().membership` tells how far it is. Throws UsageError when a newcomer has no address or key.
   */
  setMembers(change: MembersChange): void;
  /** Addresses have changed; links to unchanged ones stay. */
  setReplicas(replicas: Readonly<Record<string, ReplicaAddress>>): void;
  /** Settles with the reason when this target may never serve again, except by `stop`. */
  readonly ended: Promise<string>;
  /** Orderly: flushes (at most 10 s), gives its grants back, closes the links. */
  stop(): Promise<void>;
}

const initiatorsKey = 'initiators';
/** State of the SCSI unit is kept beside ours under names of its own. */
const unitKey = (key: string) => `unit.${key}`;
/** Blocks of one entry or one read: bounds what a frame carries. */
const requestBlocksMax = 256;
/** Initiators that are remembered to have been told of a loss. */
const toldMax = 1_024;
const tickMs = 50;
const stopFlushMsMax = 10_000;

/** Starts dialing at once. Throws UsageError when a member has no address or key. */
export function openReplicatedVolume(options: ReplicatedVolumeOptions): ReplicatedVolume {
  return new CoordinatedVolume(options);
}

class CoordinatedVolume implements ReplicatedVolume {
  readonly serving: Promise<void>;
  readonly ended: Promise<string>;
  /** One entry: it has one number, and reaches every replica whole. */
  readonly atomicBytesMax = requestBlocksMax * blockBytes;
  readonly #o: ReplicatedVolumeOptions;
  readonly #coordinator: Coordinator;
  readonly #links = new Map<string, ReplicaLink>();
  readonly #timing: Timing;
  #linkKeys: ReadonlyMap<string, Uint8Array>;
  #replicas: Readonly<Record<string, ReplicaAddress>>;
  readonly #locks = new BlockLocks();
  /** Readers against atomic writes: a reader sees all of one or nothing. */
  readonly #readers = new BlockLocks();
  readonly #listeners = new Set<(status: VolumeStatus) => void>();
  readonly #served = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  #isServing = false;
  #told = '';
  #telling = false;
  #stopping = false;
  #cancelTick: () => void = () => undefined;
  /** Of a lossy recovery: the first flush of each initiator fails (docs/replication.md, "What is promised"). */
  #loss: { readonly epoch: number; readonly told: Set<string> } | undefined;

  constructor(options: ReplicatedVolumeOptions) {
    this.#o = options;
    this.serving = this.#served.promise;
    this.ended = this.#ended.promise;
    const timing = { ...defaultTiming, ...options.timing };
    this.#timing = timing;
    this.#linkKeys = options.linkKeys;
    this.#replicas = options.replicas;
    const places = memberPlaces(options);
    this.#coordinator = new Coordinator({
      membership: options.membership,
      nextMembership: options.nextMembership,
      places,
      nonce: randomNonce(),
      timing,
      effects: {
        // A member that is reached nowhere has no link.
        send: (replicaId, message) => this.#links.get(replicaId)?.send(message),
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
    for (const { id, guid } of places) this.#addLink(id, guid);
    this.#tick();
  }

  get sizeBytes(): number {
    return this.#coordinator.sizeBytes;
  }

  get spaceIsLow(): boolean {
    return this.#coordinator.spaceIsLow;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const range = outerBlocks(offsetBytes, lengthBytes);
    return this.#locked(this.#readers, range, false, () => this.#read(range, offsetBytes, lengthBytes));
  }

  async #read(range: BlockRange, offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const pieces = await Promise.all(
      split(range).map(({ block, count }) =>
        this.#ask<Uint8Array>((answer) => this.#coordinator.read(block, count, this.#now(), answer)),
      ),
    );
    const [only] = pieces;
    const all = pieces.length === 1 && only ? only : Buffer.concat(pieces);
    if (all.byteLength === lengthBytes) return all;
    const from = offsetBytes - range.block * blockBytes;
    return all.subarray(from, from + lengthBytes);
  }

  async write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    const fua = options?.fua === true;
    if (fua) this.#failOnceAfterLoss(options.initiator);
    const range = outerBlocks(offsetBytes, data.byteLength);
    if (options?.atomic === true) {
      assert(range.count <= requestBlocksMax, 'an atomic write is one entry');
      return this.#locked(this.#readers, range, true, () => this.#write(range, offsetBytes, data, fua));
    }
    return this.#write(range, offsetBytes, data, fua);
  }

  async #write(range: BlockRange, offsetBytes: number, data: Uint8Array, fua: boolean): Promise<void> {
    const whole = offsetBytes % blockBytes === 0 && data.byteLength % blockBytes === 0;
    await this.#locked(this.#locks, range, !whole, async () => {
      const blocks = whole ? data : await this.#merged(range, offsetBytes, data);
      await this.#writeBlocks(range.block, blocks, fua);
    });
  }

  async unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    const range = outerBlocks(offsetBytes, lengthBytes);
    const first = Math.ceil(offsetBytes / blockBytes);
    const end = Math.floor((offsetBytes + lengthBytes) / blockBytes);
    const head = first * blockBytes - offsetBytes;
    const tail = offsetBytes + lengthBytes - end * blockBytes;
    if (end < first) return this.write(offsetBytes, new Uint8Array(lengthBytes)); // inside one block
    if (head > 0) await this.write(offsetBytes, new Uint8Array(head));
    if (tail > 0) await this.write(end * blockBytes, new Uint8Array(tail));
    if (end === first) return;
    await this.#locked(this.#locks, range, false, () =>
      this.#ask<void>((answer) => this.#coordinator.unmap(first, end - first, this.#now(), answer)),
    );
  }

  async flush(options?: { readonly initiator?: string }): Promise<void> {
    this.#failOnceAfterLoss(options?.initiator);
    await this.#ask<void>((answer) => this.#coordinator.flush(this.#now(), answer));
  }

  async compareAndWrite(
    offsetBytes: number,
    expected: Uint8Array,
    data: Uint8Array,
  ): Promise<number | undefined> {
    assert(expected.byteLength === data.byteLength, 'compared and written are of one length');
    const range = outerBlocks(offsetBytes, data.byteLength);
    return this.#locked(this.#locks, range, true, async () => {
      const present = await this.#read(range, offsetBytes, data.byteLength);
      const differs = present.findIndex((byte, i) => byte !== expected[i]);
      if (differs >= 0) return differs;
      await this.#writeBlocks(range.block, await this.#merged(range, offsetBytes, data), false);
      return undefined;
    });
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
    await this.#ask<void>((answer) => this.#coordinator.setValue(initiatorsKey, value, this.#now(), answer));
    this.#o.log.info('initiators granted', { initiators: iqns });
  }

  async mapping(offsetBytes: number, lengthBytes: number): Promise<VolumeMapping> {
    const { block, count } = outerBlocks(offsetBytes, lengthBytes);
    const stretch = await this.#ask<Stretch>((answer) =>
      this.#coordinator.mapping(block, count, this.#now(), answer),
    );
    const endBytes = (block + stretch.count) * blockBytes;
    return { mapped: stretch.mapped, lengthBytes: Math.min(lengthBytes, endBytes - offsetBytes) };
  }

  recall(key: string): string | undefined {
    return this.#coordinator.values[unitKey(key)];
  }

  async remember(key: string, value: string): Promise<void> {
    await this.#ask<void>((answer) => this.#coordinator.setValue(unitKey(key), value, this.#now(), answer));
  }

  async resize(sizeBytes: number): Promise<void> {
    await this.serving;
    if (sizeBytes < this.sizeBytes || sizeBytes % blockBytes !== 0) {
      throw new RangeError(
        `${sizeBytes} bytes: give whole blocks of ${blockBytes}, at least ${this.sizeBytes}`,
      );
    }
    if (sizeBytes === this.sizeBytes) return;
    await this.#ask<void>((answer) => this.#coordinator.resize(sizeBytes, this.#now(), answer));
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
    const places = memberPlaces({ ...change, membership: nextMembership ?? membership });
    for (const { id, guid } of places) {
      const link = this.#links.get(id);
      if (!link || link.guid === guid) continue;
      // The disk of that seat is gone; what it held still counts where it was a member.
      this.#coordinator.disconnected(id, 'replaced', this.#now());
      this.#coordinator.forget(id);
      this.#endLink(id);
    }
    const newcomers = places.filter(({ id }) => !this.#links.has(id));
    this.#coordinator.setMembers(membership, nextMembership, places, this.#now());
    for (const { id, guid } of newcomers) this.#addLink(id, guid);
    this.#changed();
  }

  setReplicas(replicas: Readonly<Record<string, ReplicaAddress>>): void {
    for (const [id, link] of this.#links) {
      const place = replicas[id];
      if (!place) continue;
      this.#coordinator.setPlace(id, place.pool, place.copy);
      link.moveTo(place.replication);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const { phase } = this.status();
    if (phase === 'Healthy' || phase === 'Degraded') {
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
      clock,
      timing,
      log,
      onOpen: ({ promisedEpoch }) => {
        log.info('replica connected');
        lastReason = '';
        this.#coordinator.connected(replicaId, promisedEpoch, this.#now());
      },
      onMessage: (message) => this.#coordinator.message(replicaId, message, this.#now()),
      onClosed: (reason) => {
        if (reason !== lastReason) log.info('replica not connected', { reason });
        lastReason = reason;
        this.#coordinator.disconnected(replicaId, reason, this.#now());
      },
    });
  }

  #tick(): void {
    this.#cancelTick = this.#o.clock.after(tickMs, () => this.#tick());
    this.#coordinator.tick(this.#now());
  }

  #changed(): void {
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
    this.#loss = lossyEpoch > 0 ? { epoch: lossyEpoch, told: new Set() } : undefined;
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

  /**
   * An initiator that kept running must not go on over lost writes: its first flush fails, once. Our own flush at a stop
   * has nobody to tell, and initiators whose name is not known count as one.
   */
  #failOnceAfterLoss(initiator = ''): void {
    const loss = this.#loss;
    if (!loss || this.#stopping || loss.told.has(initiator)) return;
    // Names that come and go do not fill the memory: who is forgotten is told once more.
    if (loss.told.size >= toldMax) loss.told.clear();
    loss.told.add(initiator);
    throw new VolumeError(
      'unflushedWritesLost',
      `acknowledged writes that were not flushed may be lost since epoch ${loss.epoch}`,
    );
  }

  /** The blocks of `range` as they are, with `data` put over them. The caller has them locked. */
  async #merged(range: BlockRange, offsetBytes: number, data: Uint8Array): Promise<Uint8Array> {
    const from = offsetBytes - range.block * blockBytes;
    const lastBlock = range.count - 1;
    const blocks = new Uint8Array(range.count * blockBytes);
    const edges = from === 0 ? [] : [0];
    if ((from + data.byteLength) % blockBytes !== 0 && !edges.includes(lastBlock)) edges.push(lastBlock);
    await Promise.all(
      edges.map(async (index) => {
        const at = (range.block + index) * blockBytes;
        const block = { block: range.block + index, count: 1 };
        blocks.set(await this.#read(block, at, blockBytes), index * blockBytes);
      }),
    );
    blocks.set(data, from);
    return blocks;
  }

  /** All pieces get their numbers in order; only the last one needs to be durable for all of them to be. */
  async #writeBlocks(block: number, data: Uint8Array, fua: boolean): Promise<void> {
    const pieces = split({ block, count: data.byteLength / blockBytes });
    await Promise.all(
      pieces.map((piece, i) => {
        const from = (piece.block - block) * blockBytes;
        const part = data.subarray(from, from + piece.count * blockBytes);
        const last = i === pieces.length - 1;
        return this.#ask<void>((answer) =>
          this.#coordinator.write(piece.block, part, fua && last, this.#now(), answer),
        );
      }),
    );
  }

  async #locked<T>(locks: BlockLocks, range: BlockRange, alone: boolean, run: () => Promise<T>): Promise<T> {
    let isGranted = false;
    let onGranted = () => {
      isGranted = true;
    };
    const release = locks.claim(range.block, range.count, alone, () => onGranted());
    // Nearly always at once: then nobody waits, not even for a turn.
    if (!isGranted) await new Promise<void>((resolve) => (onGranted = resolve));
    try {
      return await run();
    } finally {
      release();
    }
  }

  #ask<T>(submit: (answer: Answer<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      submit((result) => {
        if (result.ok) resolve(result.value);
        else reject(new VolumeError(result.problem, problemText[result.problem]));
      });
    });
  }
}

const problemText: Readonly<Record<Problem, string>> = {
  busy: 'no quorum of replicas within the time an initiator waits',
  noSpace: 'the pools have no room for this write',
  unreadable: 'no replica in sync has a good copy of these blocks',
};

interface BlockRange {
  readonly block: number;
  readonly count: number;
}

/** The whole blocks around a range of bytes. */
function outerBlocks(offsetBytes: number, lengthBytes: number): BlockRange {
  assert(offsetBytes >= 0 && lengthBytes > 0, 'a range of bytes');
  const block = Math.floor(offsetBytes / blockBytes);
  return { block, count: Math.ceil((offsetBytes + lengthBytes) / blockBytes) - block };
}

function split({ block, count }: BlockRange): BlockRange[] {
  return Array.from({ length: Math.ceil(count / requestBlocksMax) }, (_, i) => ({
    block: block + i * requestBlocksMax,
    count: Math.min(requestBlocksMax, count - i * requestBlocksMax),
  }));
}

/** 1 … 2^48: two processes that start under one epoch do not have the same. */
const randomNonce = (): number => randomBytes(6).readUIntBE(0, 6) + 1;

/** Of the members, and of newcomers: in a seat that changes hands the newcomer is who is reached. */
function memberPlaces({ membership, nextMembership, replicas, linkKeys }: MembersChange) {
  for (const { members } of [membership, nextMembership ?? membership]) {
    const count = Object.keys(members).length;
    if (count < 1 || count > membersMax)
      throw new UsageError(`membership names ${count} replicas: name 1 to ${membersMax}`);
  }
  const members = Object.entries({ ...membership.members, ...nextMembership?.members });
  return members.map(([id, guid]) => {
    const place = replicas[id];
    if (!place) throw new UsageError(`replicas has no address of member ${id}: add it`);
    if (!linkKeys.has(id)) throw new UsageError(`the key file has no key of member ${id}: add it`);
    return { id, guid, pool: place.pool, copyAddress: place.copy };
  });
}
