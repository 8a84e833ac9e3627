/** The Volume port over replicas: links and a clock around a coordinated volume (coordinated-volume.ts). */
import { randomBytes } from 'node:crypto';
import type { ReplicaAddress } from '../api/target-config.ts';
import { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { MemberPlace } from '../replication/coordinator/options.ts';
import { declaredLoss, granted, initiatorsKey } from '../replication/loss.ts';
import type { Refusal } from '../replication/refusals.ts';
import type { VolumeStatus } from '../replication/status.ts';
import { defaultTiming, type Timing } from '../replication/timing.ts';
import { blockBytes } from '../shared/block-size.ts';
import { copyKey } from '../shared/keys.ts';
import { CoordinatedVolume } from './coordinated-volume.ts';
import { memberPlaces, type MembersChange } from './member-places.ts';
import { ReplicaLinks } from './replica-links.ts';
import type { ReplicatedVolume, ReplicatedVolumeOptions } from './replicated-volume.ts';
import { StatusNews } from './status-news.ts';
import { VolumeBeat } from './volume-beat.ts';
import { VolumeScrub } from './volume-scrub.ts';
import { VolumeSnapshots } from './volume-snapshots.ts';
import {
  VolumeError,
  type QuickVolume,
  type VolumeMapping,
  type WriteOptions,
  type VolumeSpace,
} from './volume.ts';

const stopFlushMsMax = 10_000;

export class LinkedVolume implements ReplicatedVolume {
  readonly serving: Promise<void>;
  readonly ended: Promise<string>;
  readonly snapshots: VolumeSnapshots;
  readonly #o: ReplicatedVolumeOptions;
  readonly #coordinator: Coordinator;
  readonly #volume: CoordinatedVolume;
  readonly #links: ReplicaLinks;
  readonly #beat: VolumeBeat;
  readonly #news: StatusNews;
  readonly #scrub: VolumeScrub;
  readonly #timing: Timing & { quorumWaitMs: number };
  readonly #served = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  #isServing = false;
  #stopping = false;
  #stopped: Promise<void> | undefined;

  /** Starts dialing at once. Throws UsageError when a member has no address, a wrong one, or no key. */
  constructor(options: ReplicatedVolumeOptions) {
    this.#o = options;
    this.serving = this.#served.promise;
    this.ended = this.#ended.promise;
    this.#timing = { ...defaultTiming, ...options.timing };
    const { clock, log } = options;
    const places = memberPlaces(options);
    this.#links = new ReplicaLinks({ ...options, timing: this.#timing }, options);
    this.#coordinator = this.#coordinate(places);
    this.#volume = new CoordinatedVolume(this.#coordinator, () => this.#now());
    this.snapshots = new VolumeSnapshots(
      this.#coordinator,
      () => this.#now(),
      (run) => this.#volume.alone(run),
    );
    this.#news = new StatusNews(clock, () => this.status());
    const [coordinator, volume] = [this.#coordinator, this.#volume];
    this.#scrub = new VolumeScrub({ coordinator, volume, log, nowMs: clock.nowMs() });
    this.#beat = new VolumeBeat(clock, coordinator, (nowMs) => {
      coordinator.tick(nowMs);
      this.#scrub.tick(nowMs);
    });
    for (const { id, guid } of places) this.#links.add(id, guid, coordinator);
    this.#beat.start();
  }

  #coordinate(places: readonly MemberPlace[]): Coordinator {
    const { membership, nextMembership, instance, log } = this.#o;
    const links = this.#links;
    return new Coordinator({
      membership,
      nextMembership,
      places,
      nonce: randomNonce(),
      instance,
      timing: this.#timing,
      effects: {
        send: (replicaId, message) => links.find(replicaId)?.send(message),
        ask: (replicaId, fence, read) => links.find(replicaId)?.ask(fence, read),
        feed: (replicaId, window, from, to) => links.find(replicaId)?.feed(window, from, to),
        close: (replicaId, reason) => links.reset(replicaId, reason),
        ticket: (sourceId, copierGuid, { epoch, nonce }) =>
          Buffer.from(copyKey(links.key(sourceId), epoch, String(nonce), copierGuid)).toString('hex'),
        changed: () => this.#changed(),
        dropped: (replicaId) => {
          log.info('replica is no member any more', { replica: replicaId });
          links.end(replicaId);
        },
        ended: (reason) => this.#onEnded(reason),
      },
    });
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
    return this.#news.listen(listener);
  }

  initiators(): readonly string[] {
    return granted(this.#coordinator.values);
  }

  async setInitiators(iqns: readonly string[]): Promise<void> {
    const value = JSON.stringify(iqns);
    await this.#volume.setValue(initiatorsKey, value);
    this.#volume.keepUntold(iqns);
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
    this.#links.hint(replicaId);
  }

  setMembers(change: MembersChange): void {
    const { membership, nextMembership } = change;
    this.#links.use(change);
    // What has begun here is known here: withdrawn members have their links already, or need none.
    const places = memberPlaces({
      ...change,
      membership: nextMembership ?? membership,
      withdrawnMembership: undefined,
    });
    for (const { id, guid } of places) {
      const link = this.#links.find(id);
      if (!link || link.guid === guid) continue;
      // The disk of that seat is gone; what it held still counts where it was a member.
      this.#coordinator.disconnected(id, 'replaced', this.#now());
      this.#coordinator.forget(id);
      this.#links.end(id);
    }
    // Links come first: whom the coordinator does not need it drops within the call.
    for (const { id, guid } of places)
      if (!this.#links.find(id)) this.#links.add(id, guid, this.#coordinator);
    this.#coordinator.setMembers(membership, nextMembership, places, this.#now());
    this.#changed();
  }

  setReplicas(replicas: Readonly<Record<string, ReplicaAddress>>): void {
    this.#links.move(replicas, this.#coordinator);
  }

  scrub(): void {
    this.#scrub.start(this.#now());
  }

  setScrubInterval(intervalMs: number | undefined): void {
    this.#scrub.intervalMs = intervalMs;
  }

  refusals(): Readonly<Record<Refusal, number>> {
    return this.#links.refusals.counts();
  }

  plainLinks(): number {
    return this.#links.plain;
  }

  setQuorumWait(quorumWaitMs: number): void {
    this.#timing.quorumWaitMs = quorumWaitMs;
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#end());
  }

  async #end(): Promise<void> {
    this.#stopping = true;
    this.#beat.stopping();
    const { phase } = this.status();
    if (phase === 'Healthy' || phase === 'Degraded') await this.#flushLast();
    this.#beat.end();
    this.#coordinator.stop('stopped in order');
    await this.#links.stop();
  }

  async #flushLast(): Promise<void> {
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

  #now(): number {
    return this.#o.clock.nowMs();
  }

  #changed(): void {
    this.#beat.changed();
    if (this.#coordinator.serving) this.#onServing();
    this.#news.changed();
  }

  #onServing(): void {
    const { lossyEpoch } = this.#coordinator;
    if (this.#isServing) return;
    this.#isServing = true;
    const lostIn = lossyEpoch || (declaredLoss(this.#coordinator.values)?.epoch ?? 0);
    if (lostIn > 0) this.#volume.lost(lostIn);
    const { epoch, last } = this.status();
    this.#o.log.info('serving', { epoch, last });
    if (lossyEpoch > 0) this.#o.log.error('acknowledged writes that were not flushed may be lost', { epoch });
    this.#served.resolve();
  }

  #onEnded(reason: string): void {
    this.#links.resetAll();
    if (this.#stopping) return;
    this.#o.log.error('this target ends', { reason });
    this.#ended.resolve(reason);
  }
}

/** 1 … 2^48: two processes that start under one epoch do not have the same. */
const randomNonce = (): number => randomBytes(6).readUIntBE(0, 6) + 1;
