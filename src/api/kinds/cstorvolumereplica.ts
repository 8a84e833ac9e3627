// Generated from crds/cstorvolumereplicas.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** One replica of a volume on one pool, named <volume>-<pool>. */
export interface CStorVolumeReplica {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorVolumeReplica. */
  kind?: string;
  metadata: ObjectMeta;
  /** What the pool is to hold. */
  spec: CStorVolumeReplicaSpec;
  /** What pool and target report; written by the operator. */
  status?: CStorVolumeReplicaStatus;
  /** Which version of Caskade the replica was made for and which one works on it now. */
  versionDetails?: CStorVolumeReplicaVersionDetails;
}

/** What the pool is to hold. */
export interface CStorVolumeReplicaSpec {
  /** Block size in bytes; 0 or absent means 4096. */
  blockSize?: number;
  /** Size of the volume, such as 5G. */
  capacity?: string;
  /** Compression of what is written to it where the policy of the CStorVolumeConfig says none; empty: the pool's. */
  compression?: string;
  /** Id of the replica among the members of the volume. */
  replicaid?: string;
  /** Address of the target's Service. */
  targetIP?: string;
  /** Accepted; the daemon has no such limit. */
  zvolWorkers?: string;
}

/** What pool and target report; written by the operator. */
export interface CStorVolumeReplicaStatus {
  /** Space of this replica. */
  capacity?: CStorVolumeReplicaStatusCapacity;
  /** What is the case, one entry per type. */
  conditions?: CStorVolumeReplicaStatusCondition[];
  /** When phase last changed. */
  lastTransitionTime?: string | null;
  /** When anything here last changed. */
  lastUpdateTime?: string | null;
  /** In plain English, what is wrong; empty when nothing is. */
  message?: string;
  /** Snapshots of the volume that this replica has still to copy, by name. */
  pendingSnapshots?: Record<string, CStorVolumeReplicaStatusPendingSnapshotsValue>;
  /** Empty (not looked at), Init, Recreate, Offline, Healthy, Degraded, Rebuilding, NewReplicaDegraded, ReconstructingNewReplica, Error, DeletionFailed or Invalid. */
  phase?: string;
  /** The last proof of the replica's content against its source's, before it was trusted after a rebuild. */
  proof?: CStorVolumeReplicaStatusProof;
  /** Snapshots on this replica, by name. */
  snapshots?: Record<string, CStorVolumeReplicaStatusSnapshotsValue>;
}

/** Space of this replica. */
export interface CStorVolumeReplicaStatusCapacity {
  /** Space taken on the pool, such as 1.48G. */
  total: string;
  /** Bytes written to it, before compression, such as 2.10G. */
  used: string;
}

/** One condition. */
export interface CStorVolumeReplicaStatusCondition {
  /** When status last changed. */
  lastTransitionTime?: string;
  /** In plain English: the field, the value and what to do about it. */
  message?: string;
  /** metadata.generation of the object that this was found for; older than the object's means stale. */
  observedGeneration?: number;
  /** The cause in one CamelCase word, for programs. */
  reason?: string;
  /** True, False or Unknown. */
  status: string;
  /** Ready, or what keeps it from that. */
  type: string;
}

/** One snapshot. */
export interface CStorVolumeReplicaStatusPendingSnapshotsValue {
  /** Bytes that the snapshot refers to, before compression. */
  logicalReferenced: number;
}

/** The last proof of the replica's content against its source's, before it was trusted after a rebuild. */
export interface CStorVolumeReplicaStatusProof {
  /** Groups of blocks that proofs found different, and that were copied again, since the target was started. */
  mismatches?: number;
  /** Write number at which the two were compared. */
  number?: number;
  /** Root of the hash tree over what was compared, in hexadecimal; the same as that of the source. */
  root?: string;
}

/** One snapshot. */
export interface CStorVolumeReplicaStatusSnapshotsValue {
  /** Bytes that the snapshot refers to, before compression. */
  logicalReferenced: number;
}

/** Which version of Caskade the replica was made for and which one works on it now. */
export interface CStorVolumeReplicaVersionDetails {
  /** Upgrade this object as soon as the operator is upgraded, without an UpgradeTask. Accepted; not used by this version. */
  autoUpgrade?: boolean;
  /** The version this object is to have. */
  desired?: string;
  /** How far the upgrade to the desired version is. */
  status?: CStorVolumeReplicaVersionDetailsStatus;
}

/** How far the upgrade to the desired version is. */
export interface CStorVolumeReplicaVersionDetailsStatus {
  /** The version this object has. */
  current?: string;
  /** True when every object that depends on this one has the desired version too. */
  dependentsUpgraded?: boolean;
  /** When the state last changed. */
  lastUpdateTime?: string | null;
  /** In plain English, what the upgrade waits for or why it failed. */
  message?: string;
  /** The same in one word, for programs. */
  reason?: string;
  /** Reconciled, ReconcileInProgress or ReconcilePending. */
  state?: string;
}

/** For src/api/validate.ts. */
export const cstorVolumeReplicaSchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "properties": {
    "blockSize": {"type":"integer","format":"int32"},
    "capacity": {"type":"string"},
    "compression": {"type":"string"},
    "replicaid": {"type":"string"},
    "targetIP": {"type":"string"},
    "zvolWorkers": {"type":"string"}
   }
  },
  "status": {
   "type": "object",
   "properties": {
    "capacity": {"type":"object","required":["total","used"],"properties":{"total":{"type":"string"},"used":{"type":"string"}}},
    "conditions": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["status","type"],
      "properties": {
       "lastTransitionTime": {"type":"string","format":"date-time"},
       "message": {"type":"string","maxLength":32768},
       "observedGeneration": {"type":"integer","format":"int64"},
       "reason": {"type":"string","maxLength":1024},
       "status": {"type":"string"},
       "type": {"type":"string","maxLength":316}
      }
     },
     "x-kubernetes-list-type": "map",
     "x-kubernetes-list-map-keys": ["type"]
    },
    "lastTransitionTime": {"type":"string","format":"date-time","nullable":true},
    "lastUpdateTime": {"type":"string","format":"date-time","nullable":true},
    "message": {"type":"string"},
    "pendingSnapshots": {
     "type": "object",
     "additionalProperties": {
      "type": "object",
      "required": ["logicalReferenced"],
      "properties": {"logicalReferenced":{"type":"integer","format":"int64"}}
     }
    },
    "phase": {"type":"string"},
    "proof": {
     "type": "object",
     "properties": {
      "mismatches": {"type":"integer","format":"int64"},
      "number": {"type":"integer","format":"int64"},
      "root": {"type":"string","maxLength":128}
     }
    },
    "snapshots": {
     "type": "object",
     "additionalProperties": {
      "type": "object",
      "required": ["logicalReferenced"],
      "properties": {"logicalReferenced":{"type":"integer","format":"int64"}}
     }
    }
   }
  },
  "versionDetails": {
   "type": "object",
   "properties": {
    "autoUpgrade": {"type":"boolean"},
    "desired": {"type":"string"},
    "status": {
     "type": "object",
     "properties": {
      "current": {"type":"string"},
      "dependentsUpgraded": {"type":"boolean"},
      "lastUpdateTime": {"type":"string","format":"date-time","nullable":true},
      "message": {"type":"string"},
      "reason": {"type":"string"},
      "state": {"type":"string"}
     }
    }
   }
  }
 }
};
