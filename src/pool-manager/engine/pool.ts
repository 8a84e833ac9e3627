/** The pool as the daemon sees it: devices below, volumes above. Creation and import: pool-create.ts, pool-import.ts. */
import type { VolumeStore } from './volume-store.ts';

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
