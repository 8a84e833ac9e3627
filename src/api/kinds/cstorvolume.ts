// Generated from crds/cstorvolumes.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** One volume: its target's address, its members and its health. Made by the operator from the CStorVolumeConfig of the same name. */
export interface CStorVolume {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorVolume. */
  kind?: string;
  metadata: ObjectMeta;
  /** What the target is to serve. */
  spec: CStorVolumeSpec;
  /** What the target reports; written by the operator. */
  status?: CStorVolumeStatus;
  /** Which version of Caskade the volume was made for and which one works on it now. */
  versionDetails?: CStorVolumeVersionDetails;
}

/** What the target is to serve. */
export interface CStorVolumeSpec {
  /** Size of the volume. */
  capacity?: number | string;
  /** How many replicas must have a write before it is acknowledged: half of replicationFactor, rounded down, plus one. */
  consistencyFactor?: number;
  /** How many replicas are wanted. */
  desiredReplicationFactor?: number;
  /** iSCSI name of the target: iqn.2016-09.com.openebs.cstor:<volume>. */
  iqn?: string;
  /** Which record of members is in force, and the change that is under way. Absent for a volume whose members never changed. */
  membership?: CStorVolumeSpecMembership;
  /** The members of the volume that are trusted. */
  replicaDetails?: CStorVolumeSpecReplicaDetails;
  /** How many replicas the volume has. */
  replicationFactor?: number;
  /** Address of the target's Service. */
  targetIP?: string;
  /** iSCSI port, as a string: 3260. */
  targetPort?: string;
  /** Address and port of the target's portal, such as 10.0.0.7:3260. */
  targetPortal?: string;
}

/** Which record of members is in force, and the change that is under way. Absent for a volume whose members never changed. */
export interface CStorVolumeSpecMembership {
  /** A person has given up members that were lost for good, and perhaps what only they had. */
  forced?: boolean;
  /** The record after the one in force, written before the target begins the change. */
  next?: CStorVolumeSpecMembershipNext;
  /** Version of the record in force, whose members knownReplicas lists; 1 at birth. */
  version?: number;
  /** A change that was asked for before next and may have begun all the same. */
  withdrawn?: CStorVolumeSpecMembershipWithdrawn;
}

/** The record after the one in force, written before the target begins the change. */
export interface CStorVolumeSpecMembershipNext {
  /** Replica id to GUID of the volume on that replica's pool. */
  members: Record<string, string>;
  /** Its version. */
  version: number;
}

/** A change that was asked for before next and may have begun all the same. */
export interface CStorVolumeSpecMembershipWithdrawn {
  /** Replica id to GUID of the volume on that replica's pool. */
  members: Record<string, string>;
  /** Its version. */
  version: number;
}

/** The members of the volume that are trusted. */
export interface CStorVolumeSpecReplicaDetails {
  /** Replica id to GUID of the volume on that replica's pool. A replica with another GUID is a stranger. */
  knownReplicas?: Record<string, string>;
}

/** What the target reports; written by the operator. */
export interface CStorVolumeStatus {
  /** Size that the target serves. */
  capacity?: number | string;
  /** What is the case, one entry per type. */
  conditions?: CStorVolumeStatusCondition[];
  /** Epoch of the target that serves; grows with each target that takes over. */
  epoch?: number;
  /** When phase last changed. */
  lastTransitionTime?: string | null;
  /** When anything here last changed. */
  lastUpdateTime?: string | null;
  /** In plain English, what is wrong; empty when nothing is. */
  message?: string;
  /** metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Init, Healthy, Degraded, Offline, Error or Invalid. */
  phase?: string;
  /** Node whose initiator the target lets in, durably. It follows publish.nodeId of the CStorVolumeConfig; the CSI controller waits for it. Empty: none. */
  publishedNodeId?: string;
  /** The members that the target found. */
  replicaDetails?: CStorVolumeStatusReplicaDetails;
  /** Each replica as the target sees it. */
  replicaStatuses?: CStorVolumeStatusReplicaStatus[];
}

/** One condition. */
export interface CStorVolumeStatusCondition {
  /** When the state was last looked at. */
  lastProbeTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** In plain English: the field, the value and what to do about it. */
  message?: string;
  /** metadata.generation of the object that this was found for; older than the object's means stale. */
  observedGeneration?: number;
  /** The cause in one CamelCase word, for programs. */
  reason?: string;
  /** True, False or Unknown; of Resizing: InProgress or Success. */
  status: string;
  /** Resizing, Ready, UnflushedWritesLost, or what else a person should know. */
  type: string;
}

/** The members that the target found. */
export interface CStorVolumeStatusReplicaDetails {
  /** Replica id to GUID of the volume on that replica's pool. A replica with another GUID is a stranger. */
  knownReplicas?: Record<string, string>;
}

/** One replica. */
export interface CStorVolumeStatusReplicaStatus {
  /** Highest write number known durable on it, as a string. */
  checkpointedIOSeq: string;
  /** Reads under way, as a string. */
  inflightRead: string;
  /** Flushes under way, as a string. */
  inflightSync: string;
  /** Writes under way, as a string. */
  inflightWrite: string;
  /** Healthy or Degraded. */
  mode: string;
  /** "1" when it counts towards the quorum, else "0". */
  quorum: string;
  /** Its id. */
  replicaId: string;
  /** Seconds since it was connected. */
  upTime: number;
}

/** Which version of Caskade the volume was made for and which one works on it now. */
export interface CStorVolumeVersionDetails {
  /** Upgrade this object as soon as the operator is upgraded, without an UpgradeTask. Accepted; not used by this version. */
  autoUpgrade?: boolean;
  /** The version this object is to have. */
  desired?: string;
  /** How far the upgrade to the desired version is. */
  status?: CStorVolumeVersionDetailsStatus;
}

/** How far the upgrade to the desired version is. */
export interface CStorVolumeVersionDetailsStatus {
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
export const cstorVolumeSchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "properties": {
    "capacity": {
     "anyOf": [{"type":"integer"},{"type":"string"}],
     "x-kubernetes-int-or-string": true,
     "maxLength": 64,
     "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
    },
    "consistencyFactor": {"type":"integer","format":"int32"},
    "desiredReplicationFactor": {"type":"integer","format":"int32"},
    "iqn": {"type":"string","maxLength":223},
    "membership": {
     "type": "object",
     "properties": {
      "forced": {"type":"boolean"},
      "next": {
       "type": "object",
       "required": ["members","version"],
       "properties": {
        "members": {"type":"object","additionalProperties":{"type":"string"}},
        "version": {"type":"integer","format":"int64"}
       }
      },
      "version": {"type":"integer","format":"int64"},
      "withdrawn": {
       "type": "object",
       "required": ["members","version"],
       "properties": {
        "members": {"type":"object","additionalProperties":{"type":"string"}},
        "version": {"type":"integer","format":"int64"}
       }
      }
     }
    },
    "replicaDetails": {"type":"object","properties":{"knownReplicas":{"type":"object","additionalProperties":{"type":"string"}}}},
    "replicationFactor": {"type":"integer","format":"int32"},
    "targetIP": {"type":"string"},
    "targetPort": {"type":"string"},
    "targetPortal": {"type":"string"}
   }
  },
  "status": {
   "type": "object",
   "properties": {
    "capacity": {
     "anyOf": [{"type":"integer"},{"type":"string"}],
     "x-kubernetes-int-or-string": true,
     "maxLength": 64,
     "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
    },
    "conditions": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["status","type"],
      "properties": {
       "lastProbeTime": {"type":"string","format":"date-time"},
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
    "epoch": {"type":"integer","format":"int64"},
    "lastTransitionTime": {"type":"string","format":"date-time","nullable":true},
    "lastUpdateTime": {"type":"string","format":"date-time","nullable":true},
    "message": {"type":"string"},
    "observedGeneration": {"type":"integer","format":"int64"},
    "phase": {"type":"string"},
    "publishedNodeId": {"type":"string"},
    "replicaDetails": {"type":"object","properties":{"knownReplicas":{"type":"object","additionalProperties":{"type":"string"}}}},
    "replicaStatuses": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["checkpointedIOSeq","inflightRead","inflightSync","inflightWrite","mode","quorum","replicaId","upTime"],
      "properties": {
       "checkpointedIOSeq": {"type":"string"},
       "inflightRead": {"type":"string"},
       "inflightSync": {"type":"string"},
       "inflightWrite": {"type":"string"},
       "mode": {"type":"string"},
       "quorum": {"type":"string"},
       "replicaId": {"type":"string"},
       "upTime": {"type":"integer","format":"int64"}
      }
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
