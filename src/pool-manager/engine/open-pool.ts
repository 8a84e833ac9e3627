/**
 * An open pool: takes commits in groups, lets background work go on in them, and says when there is room.
 *
 * One commit is under way at a time. Who asks meanwhile joins the next one, which cuts all volumes in one instant. While
 * deleted snapshots or volumes are left to take apart, commits follow one another by themselves.
 */
import { assert, must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { commitTxg, type PoolCut, type RootedState } from './commit.ts';
import { firstSnapshotId } from './directory.ts';
import type { Member } from './device-group.ts';
import { newGuid } from './host.ts';
import type { DeviceStatus, Pool, PoolHealth, PoolStatus, VolumeSpec } from './pool.ts';
import type { PoolCore } from './pool-core.ts';
import { Resilver } from './resilver.ts';
import { holdTxgs } from './space.ts';
import { emptyTree } from './tree.ts';
import { EngineVolume, type VolumeStart } from './volume.ts';
import { NoSpaceError } from './volume-store.ts';

/** What one commit writes besides users' changes: descriptions, pages of the space map and the nodes above them. */
const commitUnitsMin = 64;

/** What `room` waits for, if waiting can bring it: a write of 4 MiB. */
const roomUnits = 1_024;

interface Group {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class EnginePool implements Pool {
  readonly failed: Promise<Error>;
  readonly #core: PoolCore;
  readonly #rooted: RootedState;
  readonly #volumes = new Map<string, EngineVolume>();
  #fail: (error: Error) => void = () => undefined;
  #next: Group | undefined;
  #running: Group | undefined;
  #closing = false;
  #waiters: (() => void)[] = [];
  readonly #resilver: Resilver;

  constructor(core: PoolCore, rooted: RootedState) {
    this.#core = core;
    this.#rooted = rooted;
    this.failed = new Promise((resolve) => (this.#fail = resolve));
    core.onProgress = () => this.#progress();
    this.#resilver = new Resilver(core);
  }

  get guid(): string {
    return this.#core.guid;
  }

  /** Makes a volume of the pool known; at import, and for new ones. */
  adopt(start: VolumeStart): EngineVolume {
    const volume = new EngineVolume(this.#core, () => this.commit(), start);
    volume.room = () => this.#room();
    this.#volumes.set(start.identity.guid, volume);
    return volume;
  }

  volumes(): readonly EngineVolume[] {
    return [...this.#volumes.values()].filter((volume) => volume.ready && !volume.destroyed);
  }

  volume(guid: string): EngineVolume | undefined {
    const volume = this.#volumes.get(guid);
    return volume !== undefined && volume.ready && !volume.destroyed ? volume : undefined;
  }

  async createVolume(spec: VolumeSpec): Promise<EngineVolume> {
    assert(!this.#closing, 'the pool is open');
    const { volume: name, replicaId, sizeBytes } = spec;
    assert(Number.isSafeInteger(sizeBytes) && sizeBytes > 0, 'a volume has a size');
    for (const { identity, destroyed } of this.#volumes.values())
      if (identity.volume === name && !destroyed)
        throw new Error(`pool ${this.guid} has a replica of volume ${name} already (${identity.guid})`);
    if (this.#core.availableUnits < commitUnitsMin)
      throw new NoSpaceError(`pool ${this.guid} has no room for a volume`);
    const volume = this.adopt({
      identity: { volume: name, replicaId, guid: newGuid(this.#core.host) },
      sizeBytes,
      last: 0,
      record: new Uint8Array(0),
      head: emptyTree(Math.ceil(sizeBytes / blockBytes)),
      parent: undefined,
      snapshots: [],
      nextSnapshotId: firstSnapshotId,
      liveUnits: 0,
      destroyed: false,
    });
    this.#core.dirty = true;
    await this.commit();
    return volume;
  }

  async destroyVolume(guid: string): Promise<void> {
    const volume = this.#volumes.get(guid);
    if (volume !== undefined && !volume.destroyed) volume.destroy();
    await this.commit();
  }

  status(): PoolStatus {
    const { space, reserveUnits, devices } = this.#core;
    const totalUnits = space.totalUnits - reserveUnits;
    const usedUnits = Math.min(totalUnits, space.totalUnits - space.freeUnits - space.heldUnits);
    const statuses = devices.members.map(deviceStatus);
    const health: PoolHealth =
      this.#core.failure !== undefined ? 'FAULTED' : devices.members.every(isWhole) ? 'ONLINE' : 'DEGRADED';
    return {
      guid: this.guid,
      health,
      message:
        this.#core.failure?.message ??
        statuses
          .filter((device) => device.health !== 'ONLINE')
          .map((device) => `${device.name}: ${device.reason ?? device.health}`)
          .join('; '),
      layout: this.#core.layout,
      totalBytes: totalUnits * blockBytes,
      usedBytes: usedUnits * blockBytes,
      freeBytes: (totalUnits - usedUnits) * blockBytes,
      logicalUsedBytes: this.volumes().reduce((sum, volume) => sum + volume.usage().logicalBytes, 0),
      devices: statuses,
    };
  }

  /** Makes all that was taken in so far durable. */
  async commit(): Promise<void> {
    if (this.#core.failure !== undefined) throw this.#core.failure;
    if (!this.#core.dirty && this.#next === undefined) {
      await this.#running?.done;
      return;
    }
    await this.#join().done;
  }

  /** Resolves when all background work is done and no freed unit is held back: totals are exact then. */
  async settled(): Promise<void> {
    await this.commit();
    while (
      this.#core.failure === undefined &&
      (this.#hasWork() || this.#core.space.heldUnits > 0 || this.#resilver.isRunning)
    )
      await Promise.race([this.#join().done, this.#changed()]);
    if (this.#core.failure !== undefined) throw this.#core.failure;
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#resilver.stop();
    while (
      this.#core.failure === undefined &&
      (this.#running !== undefined || this.#next !== undefined || this.#core.dirty)
    )
      await this.#join().done;
    if (this.#core.failure === undefined) await this.#commitOnce(true);
    await Promise.all(
      this.#core.devices.members.flatMap(({ device }) => (device === undefined ? [] : [device.close()])),
    );
    if (this.#core.failure !== undefined) throw this.#core.failure;
  }

  /** After creation or import: roots before anything else is written, then what a crash interrupted. */
  async begin(): Promise<void> {
    for (const volume of this.#volumes.values()) volume.ready = true;
    // as many as units are held for: the root we came from stays whole, and the next ones name the same
    for (let i = 0; i < holdTxgs; i++) await this.#join().done;
    this.#resilver.start(() => {
      this.#core.dirty = true;
      return this.commit();
    });
  }

  /** The group that is not cut yet; starts the commits when none is under way. */
  #join(): Group {
    if (this.#next !== undefined) return this.#next;
    this.#next = newGroup();
    if (this.#running === undefined) void this.#run();
    return this.#next;
  }

  async #run(): Promise<void> {
    for (let group = this.#next; group !== undefined; group = this.#next) {
      this.#running = group;
      await this.#core.host.pause(); // the cut is never inside a caller's synchronous run
      this.#next = undefined;
      try {
        await this.#commitOnce(false);
        group.resolve();
      } catch (error) {
        this.#failWith(error instanceof Error ? error : new Error(String(error)));
        group.reject(must(this.#core.failure, 'the failure'));
      }
      if (this.#core.failure === undefined && this.#hasWork() && !this.#closing) this.#next ??= newGroup();
      this.#progress();
    }
    this.#running = undefined;
  }

  async #commitOnce(clean: boolean): Promise<void> {
    if (this.#core.failure !== undefined) throw this.#core.failure;
    // Roots that change nothing give back what is held; building must find room.
    for (let i = 0; i < 3 && this.#isTight(); i++)
      await commitTxg(this.#core, this.#cut([], false), this.#rooted);
    this.#core.dirty = false;
    const cut = this.#cut(
      [...this.#volumes.values()].map((volume) => volume.cut()),
      clean,
    );
    const gone = await commitTxg(this.#core, cut, this.#rooted);
    for (const volume of gone) this.#volumes.delete(volume.identity.guid);
    for (const each of cut.volumes) each.volume.settle(each);
  }

  #cut(volumes: PoolCut['volumes'], clean: boolean): PoolCut {
    return { txg: this.#core.openTxg++, era: this.#core.era, volumes, clean };
  }

  #isTight(): boolean {
    const { space, nodesPending, reserveUnits } = this.#core;
    return space.heldUnits > 0 && space.freeUnits < nodesPending + reserveUnits / 2;
  }

  /** Something is deleted that the next commit can take apart. */
  #hasWork(): boolean {
    for (const volume of this.#volumes.values())
      if (volume.destroyed || volume.hasSpareSnapshots()) return true;
    return false;
  }

  async #room(): Promise<void> {
    const { limits, space, stream } = this.#core;
    for (;;) {
      if (this.#core.failure !== undefined) throw this.#core.failure;
      const full =
        this.#core.availableUnits < roomUnits &&
        (space.heldUnits > 0 || this.#core.nodesPending > 0 || this.#hasWork());
      if (full || this.#core.deltasPending > limits.deltasMax) this.#join();
      else if (stream.unwrittenBytes <= limits.unwrittenBytesMax) return;
      await this.#changed();
    }
  }

  /** Resolves when writes have finished, a commit has ended, or the pool has failed. */
  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #progress(): void {
    if (this.#core.stream.failure !== undefined) this.#failWith(this.#core.stream.failure);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #failWith(error: Error): void {
    if (this.#core.failure !== undefined) return;
    this.#core.failure = new PoolFailure(`pool ${this.guid} can not go on: ${error.message}`, {
      cause: error,
    });
    this.#fail(this.#core.failure);
  }
}

/** The pool can not go on: nothing more becomes durable. What was read before can be read still, as far as devices answer. */
export class PoolFailure extends Error {
  override readonly name = 'PoolFailure';
}

const isWhole = (member: Member): boolean => member.state === 'current';

function deviceStatus(member: Member): DeviceStatus {
  const { name, guid, checksumErrors, ioErrors } = member;
  const reason = member.state === 'syncing' ? 'being copied to from the rest of its mirror' : member.reason;
  return { name, guid, health: isWhole(member) ? 'ONLINE' : 'FAULTED', reason, checksumErrors, ioErrors };
}

function newGroup(): Group {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => undefined); // whoever asked for the commit hears it; `failed` tells the rest
  return { done, resolve, reject };
}
