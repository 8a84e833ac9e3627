import type { TlsLinks } from '../shared/tls-files.ts';

/**
 * What a target is told at start, mounted as one JSON file (`caskade target --config FILE`). Enough to serve while the
 * operator and the API server are down.
 */
export interface TargetConfig {
  /** Name of the PersistentVolume. */
  readonly volume: string;
  readonly iqn: string;
  readonly sizeBytes: number;
  /** Tells target processes of one volume apart, for the hint of R10; absent: $CASKADE_INSTANCE. The epoch's nonce is random. */
  readonly instance?: string;
  readonly membership: MembershipRecord;
  /** During a change: the record after it. */
  readonly nextMembership?: MembershipRecord;
  /** A change that was asked for before `nextMembership` and is not wanted any more: it may have begun all the same. */
  readonly withdrawnMembership?: MembershipRecord;
  /** Where each replica is reached; key is the replica id. */
  readonly replicas: Readonly<Record<string, ReplicaAddress>>;
  readonly listen: {
    /** HOST:PORT of the iSCSI portal (3260). */
    readonly iscsi: string;
    /** HOST:PORT or unix:PATH of the admin gRPC (7777). */
    readonly admin: string;
    /** HOST:PORT where a restarted pool announces itself (6060); absent: none. */
    readonly announce?: string;
    readonly http?: string;
  };
  /** HOST:PORT that SendTargets names, where it differs from the listening address (the Service's). */
  readonly advertise?: string;
  /** HOST:PORT to which initiators that log in are sent instead, while the target moves there. */
  readonly redirect?: string;
  /** JSON file `{ "<replica id>": "<64 hex digits>" }`: the link keys (docs/security.md). */
  readonly keyFile: string;
  readonly adminTokenFile: string;
  /** Pools are spoken to within TLS. Absent: without. */
  readonly tls?: TlsLinks;
  /** Lines `USER SECRET` and `mutual USER SECRET`, mode 600. Absent: no CHAP. */
  readonly chapFile?: string;
  /** `any`: every initiator. `granted`: only those granted by SetInitiators, which the replicas remember. */
  readonly initiators: 'any' | 'granted';
  /**
   * How long a request waits for a quorum of replicas before its initiator hears BUSY; absent: 20. Below its own patience.
   * A running target follows a change.
   */
  readonly quorumWaitSeconds?: number;
  /** The replicas are compared by themselves so often; absent: 168, 0: never. A running target follows a change. */
  readonly scrubIntervalHours?: number;
}

export interface MembershipRecord {
  readonly version: number;
  /** Replica id → GUID of the volume on that pool (CStorVolume spec.replicaDetails.knownReplicas). */
  readonly members: Readonly<Record<string, string>>;
  /** A person has given up the members that are missing here, and perhaps what only they had (docs/durability.md). */
  readonly forced?: boolean;
}

export interface ReplicaAddress {
  /** Pool (CStorPoolInstance) that holds it: for status and logs. */
  readonly pool: string;
  /** HOST:PORT of the pool's replication listener. */
  readonly replication: string;
  /** HOST:PORT of the pool's copy listener. */
  readonly copy: string;
}
