/** The pool as the daemon sees it: devices below, volumes above. Creation and import: pool-create.ts, pool-import.ts. */
import type { BlockDevice } from './block-device.ts';
import type { VolumeProperties, VolumeStore } from './volume-store.ts';

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
  readonly logicalUsedBytes: number;
  readonly devices: readonly DeviceStatus[];
}

export interface ResilverStatus {
  /** Name of the device. */
  readonly device: string;
  readonly doneSegments: number;
  readonly totalSegments: number;
  readonly copiedBytes: number;
  /** Since it began in this process; undefined at first. */
  readonly bytesPerSecond: number | undefined;
  readonly etaSeconds: number | undefined;
}

export interface ScrubStatus {
  readonly state: 'idle' | 'running' | 'paused';
  readonly doneSegments: number;
  readonly totalSegments: number;
  readonly unitsDone: number;
  readonly unitsRepaired: number;
  /** No good copy of them is in this pool. */
  readonly unitsBad: number;
}

export interface VolumeSpec {
  readonly volume: string;
  readonly replicaId: string;
  readonly sizeBytes: number;
}

export interface CloneSpec {
  readonly volume: string;
  readonly replicaId: string;
  /** GUID of the volume that has the snapshot. */
  readonly origin: string;
  readonly snapshot: string;
}

export interface OverwriteOptions {
  /** Names of devices whose content may be destroyed. */
  readonly overwrite?: readonly string[];
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
  /** `syncing`: in use, and being copied to. */
  readonly state: 'current' | 'syncing' | 'failed' | 'absent';
  /** Index of the group; −1 for log devices. */
  readonly group: number;
}

export interface ManagedPoolStatus extends PoolStatus {
  readonly devices: readonly ManagedDeviceStatus[];
  /** Devices that are being copied to. */
  readonly resilvers: readonly ResilverStatus[];
  readonly scrub: ScrubStatus;
  /** Why nobody may write; undefined: they may. */
  readonly readOnly: string | undefined;
  readonly roThresholdPercent: number;
}

/** A pool with all that its administrator may ask of it. */
export interface ManagedPool extends Pool {
  status(): ManagedPoolStatus;
  /** A snapshot of a volume as a volume of its own, durable when answered. */
  cloneVolume(spec: CloneSpec): Promise<VolumeStore>;

  /**
   * Another device takes the place of one (name or GUID) in a redundant group and is copied to while the pool serves.
   * Answered when the pool knows it. Throws PoolRefusal.
   */
  replaceDevice(old: string, device: BlockDevice, options?: OverwriteOptions): Promise<void>;
  /** A device of this pool is there again. Throws PoolRefusal. */
  attachDevice(device: BlockDevice): Promise<void>;
  /** One group more, of the pool's layout. Throws PoolRefusal. */
  addGroup(devices: readonly BlockDevice[], options?: OverwriteOptions): Promise<void>;
  /** Takes in what devices have grown by; answers how many segments that are. */
  growDevices(): Promise<number>;
  /** `start` goes on where `pause` stopped it. */
  scrub(action: 'start' | 'pause' | 'stop'): Promise<void>;
  /** Durable when answered. */
  setSettings(settings: {
    readonly roThresholdPercent?: number;
    readonly properties?: VolumeProperties;
  }): Promise<void>;
}
