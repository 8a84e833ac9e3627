import type { TlsLinks } from '../shared/tls-files.ts';

/**
 * What a pool daemon is told at start, mounted as one JSON file (`caskade pool --config FILE`). It needs nobody else to
 * serve: pools are imported from their labels. Creating a pool is a call (proto/pool.proto), never a file, so that a
 * stale file can not format a disk.
 */
export interface PoolConfig {
  /** Name of the CStorPoolInstance, or `pool-N` of `caskade local`. */
  readonly name: string;
  readonly layout: 'stripe' | 'mirror' | 'raidz' | 'raidz2';
  /**
   * Data groups in order. `paths` are tried in turn; the first that opens is taken. A device that the pool on the others does not
   * know is left alone until a call names it (AddGroups, ReplaceDevice).
   */
  readonly groups: readonly { readonly devices: readonly PoolDevice[] }[];
  /** Groups of log devices (`writeCacheRaidGroups`), of one device each or mirrors; absent: the log is on the data devices. */
  readonly logGroups?: readonly { readonly devices: readonly PoolDevice[] }[];
  /** Devices that were in the pool and are being replaced: opened while they are there, never written to anew. */
  readonly leaving?: readonly PoolDevice[];
  readonly listen: {
    /** HOST:PORT where targets dial in (3232 in a cluster). */
    readonly replication: string;
    /** HOST:PORT where other replicas copy from (3233). */
    readonly copy: string;
    /** HOST:PORT or unix:PATH of the admin gRPC (7777). */
    readonly admin: string;
    /** HOST:PORT of health and metrics (9500); absent: none. */
    readonly http?: string;
  };
  /** How long an operation of a device may take before the device is out of use: 1 to 300, 10 unless given. */
  readonly deviceDeadlineSeconds?: number;
  /** File with 64 hexadecimal digits, the pool key (docs/security.md). */
  readonly keyFile: string;
  /** File with the bearer token that admin calls must carry. */
  readonly adminTokenFile: string;
  /** Replication and copies take place within TLS. Absent: without. */
  readonly tls?: TlsLinks;
}

export interface PoolDevice {
  /** Name of the BlockDevice. */
  readonly name: string;
  readonly paths: readonly string[];
}
