/** An open pool as the daemon sees it (pool.ts), on its engine. */
import { assert } from '../../../shared/assert.ts';
import type { BlockDevice } from '../block-device.ts';
import type { ReplayStart } from '../checkpoint/checkpoint.ts';
import { attachDevice } from '../group/device-exchange.ts';
import { measureDevices } from '../group/group-growth.ts';
import { newGuid } from '../host.ts';
import {
  clonePrefix,
  type CloneSpec,
  type ManagedPool,
  type ManagedPoolStatus,
  type PoolProperties,
  type VolumeSpec,
} from '../pool.ts';
import { cloneStart, newVolumeStart, type VolumeStart } from '../volume/volume-state.ts';
import { EngineVolume } from '../volume/volume.ts';
import { NoSpaceError } from '../volume-store.ts';
import { PoolEngine } from './pool-engine.ts';
import { PoolDevices } from './pool-devices.ts';
import { PoolFailure, type PoolParts } from './pool-parts.ts';
import { poolStatus } from './pool-status.ts';

/** What creating a volume may write besides users' data. */
const volumeUnitsMin = 64;
const slotsMax = 65_535;
/** Roots after the last change until nothing is held for older ones. */
const settlingRoots = 3;
/** Roots that a snapshot may take until it can be cloned. */
const settlingRootsMax = 1_000;

export class EnginePool implements ManagedPool {
  readonly guid: string;
  readonly failed: Promise<Error>;
  readonly #engine: PoolEngine;
  readonly #devices: PoolDevices;
  #isClosing = false;

  constructor(parts: PoolParts) {
    this.guid = parts.guid;
    this.#engine = new PoolEngine(parts);
    this.#devices = new PoolDevices(this.#engine);
    this.failed = this.#engine.failed;
  }

  get engine(): PoolEngine {
    return this.#engine;
  }

  /** Makes a volume known: one of the last root, or a new one. */
  adopt(start: VolumeStart, isNew: boolean): EngineVolume {
    const { volumes } = this.#engine;
    assert(!volumes.has(start.slot), `slot ${start.slot} is free`);
    const volume = new EngineVolume(this.#engine.coreOf(start.slot), start, isNew);
    volumes.set(start.slot, volume);
    return volume;
  }

  /** After creation or import: a root before anything else is written, then users' mutations are noted. */
  async begin(): Promise<void> {
    const { checkpoints } = this.#engine;
    await checkpoints.begin('whole');
    this.#serve();
    if (this.#engine.hasWork()) checkpoints.want();
  }

  /**
   * After the replay of a log that goes on behind it: the first root is of the table alone, and names the same log. What
   * was replayed gets into trees while users are served.
   */
  async beginBehind(start: ReplayStart): Promise<void> {
    const { checkpoints, volumes } = this.#engine;
    this.#engine.wholeBefore(start);
    await checkpoints.begin('table');
    for (const volume of volumes.values()) volume.durableAt(volume.position());
    this.#serve();
    checkpoints.want();
  }

  #serve(): void {
    const { log, admission, volumes, work } = this.#engine;
    for (const volume of volumes.values()) volume.ready = true;
    log.isMuted = false;
    admission.isReplaying = false;
    work.kick();
  }

  /** What is here can be read; whoever changes it hears why that can not be (`why`: half a sentence). */
  beginReadOnly(why: string): void {
    const { admission, log, volumes } = this.#engine;
    admission.isReplaying = false;
    admission.readOnly = why;
    log.refuse(new PoolFailure(`pool ${this.guid} is read-only: ${why}`));
    for (const volume of volumes.values()) volume.ready = true;
  }

  volumes(): readonly EngineVolume[] {
    return [...this.#engine.volumes.values()].filter((volume) => volume.ready && !volume.destroyed);
  }

  volume(guid: string): EngineVolume | undefined {
    return this.volumes().find(({ identity }) => identity.guid === guid);
  }

  async createVolume({ volume, replicaId, sizeBytes }: VolumeSpec): Promise<EngineVolume> {
    assert(Number.isSafeInteger(sizeBytes) && sizeBytes > 0, 'a volume has a size');
    const identity = this.#newIdentity(volume, replicaId);
    const empty = newVolumeStart(this.#freeSlot(), identity, sizeBytes);
    const { compression } = this.#engine.settings.properties;
    const start = { ...empty, properties: { ...empty.properties, compression } };
    const created = this.adopt(start, true);
    await this.#engine.checkpoints.after();
    return created;
  }

  async cloneVolume(spec: CloneSpec): Promise<EngineVolume> {
    const from = this.volume(spec.origin);
    if (from === undefined) throw new Error(`pool ${this.guid} has no volume ${spec.origin} to clone`);
    if (spec.snapshot !== undefined) return await this.#cloneOf(from, spec.snapshot, spec);
    const snapshot = `${clonePrefix}${newGuid(this.#engine.parts.host)}`;
    from.snapshot(snapshot);
    try {
      return await this.#cloneOf(from, snapshot, spec);
    } finally {
      from.deleteSnapshot(snapshot); // without its name it stays as long as the clone needs it
    }
  }

  async #cloneOf(
    from: EngineVolume,
    snapshot: string,
    { volume, replicaId, origin }: CloneSpec,
  ): Promise<EngineVolume> {
    for (let roots = 0; roots === 0 || !from.isSettledAt(snapshot); roots++) {
      if (roots === settlingRootsMax) throw new Error(`snapshot ${snapshot} of ${origin} is being counted`);
      await this.#engine.checkpoints.after(); // its tree is built, what it has is counted
    }
    const identity = this.#newIdentity(volume, replicaId);
    const created = this.adopt(cloneStart(from, snapshot, this.#freeSlot(), identity), true);
    await this.#engine.checkpoints.after();
    return created;
  }

  async destroyVolume(guid: string): Promise<void> {
    this.volume(guid)?.destroy();
    await this.#engine.checkpoints.after();
  }

  async replaceDevice(options: Parameters<ManagedPool['replaceDevice']>[0]): Promise<void> {
    await this.#devices.replace(options);
    await this.#rooted();
  }

  async attachDevice(device: BlockDevice): Promise<void> {
    await attachDevice(this.#engine.parts.devices, device);
    await this.#rooted();
  }

  async addGroups(options: Parameters<ManagedPool['addGroups']>[0]): Promise<void> {
    await this.#devices.addGroups(options);
    await this.#rooted();
  }

  async removeLogDevices(names: readonly string[]): Promise<void> {
    await this.#devices.removeLogDevices(names);
    await this.#rooted();
  }

  async measureDevices(): Promise<void> {
    await measureDevices(this.#engine.parts.devices);
  }

  async growDevices(): Promise<void> {
    await this.#devices.grow();
    await this.#rooted();
  }

  async scrub(action: 'start' | 'pause' | 'stop', sharePercent?: number): Promise<void> {
    const { work } = this.#engine;
    if (action === 'start') work.startScrub(sharePercent);
    else work.scrub[action]();
    await this.#rooted();
  }

  async setProperties(properties: Partial<PoolProperties>): Promise<void> {
    const before = this.#engine.settings.properties;
    const next = { ...before, ...properties };
    this.#engine.set({ properties: next });
    for (const volume of this.volumes())
      if (before.compression !== next.compression && volume.properties.compression === before.compression)
        volume.setProperties({ ...volume.properties, compression: next.compression });
    await this.#rooted();
  }

  status(): ManagedPoolStatus {
    return poolStatus(this.#engine, this.volumes());
  }

  /** Makes all that was taken in so far durable. */
  async commit(): Promise<void> {
    await this.#engine.log.commit();
  }

  /** Resolves when all background work is done and nothing is held for older roots: totals are exact then. */
  async settled(): Promise<void> {
    const { checkpoints, work } = this.#engine;
    do await checkpoints.after();
    while (this.#engine.hasWork());
    await work.settled();
    for (let i = 0; i < settlingRoots; i++) await checkpoints.after();
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { cleaner, checkpoints, parts, work } = this.#engine;
    await Promise.all([cleaner.stop(), work.stop()]);
    if (this.#engine.failure === undefined) await checkpoints.finish();
    await parts.space.stopDiscards();
    await parts.devices.close();
    if (this.#engine.failure !== undefined) throw this.#engine.failure;
  }

  /** As after a crash: nothing is written any more, and buffers go back. For tests. */
  abandon(): void {
    this.#isClosing = true;
    this.#engine.abandon();
  }

  /** A change of devices or settings is in a root; what follows from it begins. */
  async #rooted(): Promise<void> {
    await this.#engine.checkpoints.after();
    this.#engine.work.kick();
  }

  #newIdentity(volume: string, replicaId: string): EngineVolume['identity'] {
    assert(!this.#isClosing, 'the pool is open');
    for (const { identity, destroyed } of this.#engine.volumes.values())
      if (identity.volume === volume && !destroyed)
        throw new Error(`pool ${this.guid} has a replica of volume ${volume} already (${identity.guid})`);
    if (this.#engine.admission.availableUnits < volumeUnitsMin)
      throw new NoSpaceError(`pool ${this.guid} has no room for a volume`);
    return { volume, replicaId, guid: newGuid(this.#engine.parts.host) };
  }

  #freeSlot(): number {
    for (let slot = 0; slot < slotsMax; slot++) if (!this.#engine.volumes.has(slot)) return slot;
    throw new NoSpaceError(`pool ${this.guid} has ${slotsMax} volumes: that is as many as it can have`);
  }
}
