/** The pool as the daemon sees it: devices below, volumes above. Creation and import: pool-create.ts, pool-import.ts. */
import type { BlockDevice } from './block-device.ts';
import type { Compression, VolumeStore } from './volume-store.ts';

export type Layout = 'stripe' | 'mirror' | 'raidz' | 'raidz2';

export type PoolHealth = 'ONLINE' | 'DEGRADED' | 'FAULTED';

export interface DeviceStatus {
  /** Name of the BlockDevice or path, as given. */
  readonly name: string;
  readonly guid: string;
  readonly health: 'ONLINE' | 'FAULTED';
  /** Why it is not ONLINE. */
  readonly reason: string | undefined;
  readonly checksumErrors: number;
  readonly ioErrors: number;
}

export interface PoolStatus {
  readonly guid: string;
  readonly health: PoolHealth;
  /** One line for people; empty when ONLINE. */
  readonly message: string;
  readonly layout: Layout;
  /** Usable bytes after redundancy and reserve; used + free = total. */
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** Of what is free, what users may fill: below the threshold; nothing of a pool that may only be read. */
  readonly writableBytes: number;
  readonly logicalUsedBytes: number;
  readonly devices: readonly DeviceStatus[];
}

export interface ResilverStatus {
  /** Name of the device that is copied to. */
  readonly device: string;
  /** Name of the one whose place it takes; undefined: its own. */
  readonly replaces: string | undefined;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** Since it began in this process; undefined at first. */
  readonly bytesPerSecond: number | undefined;
  readonly etaSeconds: number | undefined;
}

export interface ScrubStatus {
  /** Scrubs of the pool so far, this one counted; 0: begun by a release that did not count. */
  readonly runs: number;
  readonly state: 'RUNNING' | 'PAUSED' | 'DONE' | 'STOPPED';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly repairedBlocks: number;
  /** No good copy of them is in this pool. */
  readonly lostBlocks: number;
  /** Part of the time that it may take beside users, in per cent. */
  readonly sharePercent: number;
  /** By the clock of the process (shared/clock.ts); undefined: before it started. */
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
}

export interface PoolProperties {
  /** No user may write when more than this part of the pool is in use, in per cent; 100: never. */
  readonly readOnlyThresholdPercent: number;
  /** Of all volumes, and of those to come. */
  readonly compression: Compression;
}

export interface VolumeSpec {
  readonly volume: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
}

/** Snapshots that hold an instant still while it is cloned. */
export const clonePrefix = '_clone-';

export interface CloneSpec {
  readonly volume: string;
  readonly replicaId: string;
  /** GUID of the volume that it begins as. */
  readonly origin: string;
  /** Of the origin; undefined: the origin as it is now. */
  readonly snapshot: string | undefined;
}

export interface Pool {
  readonly guid: string;
  status(): PoolStatus;
  /** Durable when answered. Makes a random guid. Rejects when the pool has a replica of that volume already, or is full. */
  createVolume(spec: VolumeSpec): Promise<VolumeStore>;
  volumes(): readonly VolumeStore[];
  /** By guid. */
  volume(guid: string): VolumeStore | undefined;
  /** Gone for good, durably, when answered; its space comes back in the background. Unknown guids are no error. */
  destroyVolume(guid: string): Promise<void>;
  /** Commits, marks the labels as cleanly exported and closes the devices. */
  close(): Promise<void>;
  /** Settles when the pool can not go on (reason): the process should end. */
  readonly failed: Promise<Error>;
}

export interface ManagedDeviceStatus extends DeviceStatus {
  /** `syncing`: in use, and being copied to; `leaving`: read until the device that takes its place has everything. */
  readonly state: 'current' | 'syncing' | 'failed' | 'absent' | 'leaving';
}

export interface ManagedPoolStatus extends PoolStatus {
  readonly devices: readonly ManagedDeviceStatus[];
  /** Names of devices. */
  readonly dataGroups: readonly (readonly string[])[];
  readonly logGroups: readonly (readonly string[])[];
  readonly properties: PoolProperties;
  /** What `growDevices` would add, as of the last look. */
  readonly growableBytes: number;
  /** No user may write: imported so, or above the threshold. */
  readonly readOnly: boolean;
  /** Devices that are being copied to. */
  readonly resilvers: readonly ResilverStatus[];
  /** Undefined: there never was one. */
  readonly scrub: ScrubStatus | undefined;
}

/** A pool with all that its administrator may ask of it. */
export interface ManagedPool extends Pool {
  status(): ManagedPoolStatus;
  /** A volume as it is, or as a snapshot has it, as a volume of its own, durable when answered. */
  cloneVolume(spec: CloneSpec): Promise<VolumeStore>;

  /**
   * Another device takes the place of one in a redundant group. Durable when answered; it is copied to while the pool
   * serves, over restarts too. Throws PoolRefusal.
   */
  replaceDevice(options: {
    /** Name or GUID. */
    readonly old: string;
    readonly device: BlockDevice;
    readonly overwrite: readonly string[];
  }): Promise<void>;
  /** A device of this pool is there again. Throws PoolRefusal. */
  attachDevice(device: BlockDevice): Promise<void>;
  /** Groups more, of the pool's layout. Durable when answered. Throws PoolRefusal. */
  addGroups(options: {
    readonly data: readonly (readonly BlockDevice[])[];
    readonly log: readonly (readonly BlockDevice[])[];
    readonly overwrite: readonly string[];
  }): Promise<void>;
  /** Log devices leave: all of the lists that have any of these names. Durable when answered; unknown names are no error. Throws PoolRefusal. */
  removeLogDevices(names: readonly string[]): Promise<void>;
  /** Takes in what devices have grown by. */
  growDevices(): Promise<void>;
  /** Looks how large the devices are now: `growableBytes` tells. */
  measureDevices(): Promise<void>;
  /** `start` goes on where `pause` stopped it. `sharePercent` with `start`: of the time, 1 to 100; undefined: as before. */
  scrub(action: 'start' | 'pause' | 'stop', sharePercent?: number): Promise<void>;
  /** Durable when answered. */
  setProperties(properties: Partial<PoolProperties>): Promise<void>;
}
