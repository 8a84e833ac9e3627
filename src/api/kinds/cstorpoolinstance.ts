// Generated from crds/cstorpoolinstances.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** One pool on one node. Made by the operator from an entry of a CStorPoolCluster; its Deployment has the same name. */
export interface CStorPoolInstance {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorPoolInstance. */
  kind?: string;
  metadata: ObjectMeta;
  /** What the operator wants of this pool. */
  spec: CStorPoolInstanceSpec;
  /** What the pool daemon reports; written by the operator. */
  status?: CStorPoolInstanceStatus;
  /** Which version of Caskade the pool was made for and which one works on it now. */
  versionDetails?: CStorPoolInstanceVersionDetails;
}

/** What the operator wants of this pool. */
export interface CStorPoolInstanceSpec {
  /** The groups of block devices that hold the data. A stripe has one; more groups of a mirror, raidz or raidz2 make the pool larger. */
  dataRaidGroups: CStorPoolInstanceSpecDataRaidGroup[];
  /** kubernetes.io/hostname of the node the pool is on. */
  hostName?: string;
  /** Labels that exactly one node has; normally kubernetes.io/hostname. */
  nodeSelector: Record<string, string>;
  /** How the pool is laid out and how its pod runs. */
  poolConfig?: CStorPoolInstanceSpecPoolConfig;
  /** Groups of fast block devices for the intent log of the pool (a log, not a read cache). They can be added, and taken away. */
  writeCacheRaidGroups?: CStorPoolInstanceSpecWriteCacheRaidGroup[] | null;
}

/** One group. */
export interface CStorPoolInstanceSpecDataRaidGroup {
  /** The block devices of the group; their order does not matter. */
  blockDevices: CStorPoolInstanceSpecDataRaidGroupBlockDevice[];
}

/** One block device. */
export interface CStorPoolInstanceSpecDataRaidGroupBlockDevice {
  /** Name of the BlockDevice, as `kubectl get bd` lists it. */
  blockDeviceName: string;
  /** Its size in bytes; filled in by the operator. */
  capacity?: number;
  /** The path it is opened by; filled in by the operator. */
  devLink?: string;
}

/** How the pool is laid out and how its pod runs. */
export interface CStorPoolInstanceSpecPoolConfig {
  /** CPU and memory of the helpers in the pool pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
  auxResources?: CStorPoolInstanceSpecPoolConfigAuxResources | null;
  /** Compression wanted for new data: on, off, lz4, zstd, or a name that cStor knows beside these (lzjb and zle become lz4, gzip becomes zstd). */
  compression?: string;
  /** How data is laid over the block devices of a group: stripe, mirror, raidz or raidz2. */
  dataRaidGroupType: string;
  /** PriorityClass of the pool pod. */
  priorityClassName?: string | null;
  /** CPU and memory of the pool daemon, as in a Pod. */
  resources?: CStorPoolInstanceSpecPoolConfigResources | null;
  /** Per cent of the pool in use from which on users can not write to it; 0 or absent means 85, 100 only when it is full. */
  roThresholdLimit?: number | null;
  /** Place a volume here only if its whole size is free now; volumes stay sparse. */
  thickProvision?: boolean;
  /** Taints of nodes that the pool pod tolerates, as in a Pod. */
  tolerations?: CStorPoolInstanceSpecPoolConfigToleration[] | null;
  /** Layout of the write-cache groups; needed when there are any. */
  writeCacheGroupType?: string;
}

/** CPU and memory of the helpers in the pool pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
export interface CStorPoolInstanceSpecPoolConfigAuxResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorPoolInstanceSpecPoolConfigAuxResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorPoolInstanceSpecPoolConfigAuxResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** CPU and memory of the pool daemon, as in a Pod. */
export interface CStorPoolInstanceSpecPoolConfigResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorPoolInstanceSpecPoolConfigResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorPoolInstanceSpecPoolConfigResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** One toleration. */
export interface CStorPoolInstanceSpecPoolConfigToleration {
  /** NoSchedule, PreferNoSchedule or NoExecute; all of them when absent. */
  effect?: string;
  /** Key of the taint; every taint when absent, with operator Exists. */
  key?: string;
  /** Equal (the default) or Exists. */
  operator?: string;
  /** With NoExecute: for how many seconds the taint is tolerated; for ever when absent. */
  tolerationSeconds?: number;
  /** Value of the taint, with operator Equal. */
  value?: string;
}

/** One group. */
export interface CStorPoolInstanceSpecWriteCacheRaidGroup {
  /** The block devices of the group; their order does not matter. */
  blockDevices: CStorPoolInstanceSpecWriteCacheRaidGroupBlockDevice[];
}

/** One block device. */
export interface CStorPoolInstanceSpecWriteCacheRaidGroupBlockDevice {
  /** Name of the BlockDevice, as `kubectl get bd` lists it. */
  blockDeviceName: string;
  /** Its size in bytes; filled in by the operator. */
  capacity?: number;
  /** The path it is opened by; filled in by the operator. */
  devLink?: string;
}

/** What the pool daemon reports; written by the operator. */
export interface CStorPoolInstanceStatus {
  /** Space of the pool. */
  capacity?: CStorPoolInstanceStatusCapacity;
  /** What is the case, one entry per type. */
  conditions?: CStorPoolInstanceStatusCondition[];
  /** Replicas on this pool that are Healthy. */
  healthyReplicas: number;
  /** metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Empty (not looked at), Pending, Init, ONLINE, DEGRADED, OFFLINE, FAULTED, REMOVED, UNAVAIL, PoolCreationFailed, DeletionFailed, Invalid, Error or ErrorDuplicate. */
  phase?: string;
  /** GUID in the labels of the pool on its devices. Once it is set the pool is only ever imported, and only this one. */
  poolGuid?: string;
  /** Replicas on this pool. */
  provisionedReplicas: number;
  /** True when the pool is so full that it takes no more data. */
  readOnly: boolean;
  /** The last scrub of the pool, which reads everything in use and mends what is wrong; absent when there was none. Annotation cstor.openebs.io/scrub starts, pauses and stops one. */
  scrub?: CStorPoolInstanceStatusScrub;
}

/** Space of the pool. */
export interface CStorPoolInstanceStatusCapacity {
  /** Space left for data. */
  free: number | string;
  /** used + free. */
  total: number | string;
  /** Space taken on the devices. */
  used: number | string;
  /** Space before compression; the name is cStor's. */
  zfs: CStorPoolInstanceStatusCapacityZfs;
}

/** Space before compression; the name is cStor's. */
export interface CStorPoolInstanceStatusCapacityZfs {
  /** Bytes that volumes and snapshots hold, before compression. */
  logicalUsed: number | string;
}

/** One condition. */
export interface CStorPoolInstanceStatusCondition {
  /** When status last changed. */
  lastTransitionTime?: string;
  /** When anything in this condition last changed. */
  lastUpdateTime?: string;
  /** In plain English: the field, the value and what to do about it. */
  message?: string;
  /** metadata.generation of the object that this was found for; older than the object's means stale. */
  observedGeneration?: number;
  /** The cause in one CamelCase word, for programs. */
  reason?: string;
  /** True, False or Unknown. */
  status: string;
  /** PoolExpansion, DiskReplacement, DiskUnavailable, BlocksLost, ChangeRefused, RestartPending, PoolLost, PoolFaulted, PoolCreationFailed or DeletionBlocked. */
  type: string;
}

/** The last scrub of the pool, which reads everything in use and mends what is wrong; absent when there was none. Annotation cstor.openebs.io/scrub starts, pauses and stops one. */
export interface CStorPoolInstanceStatusScrub {
  /** Blocks of which no good copy is in this pool. */
  lostBlocks: number;
  /** How much of the pool is behind it; in steps of ten while it runs. */
  percent: number;
  /** Blocks, and labels of devices, that were written anew from a good copy. */
  repairedBlocks: number;
  /** Scrubs of this pool so far, this one counted. */
  run: number;
  /** Running, Paused, Stopped or Done. */
  state: string;
}

/** Which version of Caskade the pool was made for and which one works on it now. */
export interface CStorPoolInstanceVersionDetails {
  /** Upgrade this object as soon as the operator is upgraded, without an UpgradeTask. Accepted; not used by this version. */
  autoUpgrade?: boolean;
  /** The version this object is to have. */
  desired?: string;
  /** How far the upgrade to the desired version is. */
  status?: CStorPoolInstanceVersionDetailsStatus;
}

/** How far the upgrade to the desired version is. */
export interface CStorPoolInstanceVersionDetailsStatus {
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
export const cstorPoolInstanceSchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "required": ["dataRaidGroups","nodeSelector"],
   "properties": {
    "dataRaidGroups": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["blockDevices"],
      "properties": {
       "blockDevices": {
        "type": "array",
        "items": {
         "type": "object",
         "required": ["blockDeviceName"],
         "properties": {
          "blockDeviceName": {"type":"string","maxLength":63},
          "capacity": {"type":"integer","format":"int64"},
          "devLink": {"type":"string"}
         }
        },
        "maxItems": 64
       }
      }
     },
     "maxItems": 32
    },
    "hostName": {"type":"string"},
    "nodeSelector": {"type":"object","additionalProperties":{"type":"string","maxLength":63},"maxProperties":8},
    "poolConfig": {
     "type": "object",
     "required": ["dataRaidGroupType"],
     "properties": {
      "auxResources": {
       "type": "object",
       "nullable": true,
       "properties": {
        "claims": {
         "type": "array",
         "items": {"type":"object","required":["name"],"properties":{"name":{"type":"string"},"request":{"type":"string"}}},
         "x-kubernetes-list-type": "map",
         "x-kubernetes-list-map-keys": ["name"]
        },
        "limits": {
         "type": "object",
         "additionalProperties": {
          "anyOf": [{"type":"integer"},{"type":"string"}],
          "x-kubernetes-int-or-string": true,
          "maxLength": 64,
          "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
         }
        },
        "requests": {
         "type": "object",
         "additionalProperties": {
          "anyOf": [{"type":"integer"},{"type":"string"}],
          "x-kubernetes-int-or-string": true,
          "maxLength": 64,
          "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
         }
        }
       }
      },
      "compression": {"type":"string","maxLength":16},
      "dataRaidGroupType": {"type":"string","maxLength":16},
      "priorityClassName": {"type":"string","nullable":true},
      "resources": {
       "type": "object",
       "nullable": true,
       "properties": {
        "claims": {
         "type": "array",
         "items": {"type":"object","required":["name"],"properties":{"name":{"type":"string"},"request":{"type":"string"}}},
         "x-kubernetes-list-type": "map",
         "x-kubernetes-list-map-keys": ["name"]
        },
        "limits": {
         "type": "object",
         "additionalProperties": {
          "anyOf": [{"type":"integer"},{"type":"string"}],
          "x-kubernetes-int-or-string": true,
          "maxLength": 64,
          "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
         }
        },
        "requests": {
         "type": "object",
         "additionalProperties": {
          "anyOf": [{"type":"integer"},{"type":"string"}],
          "x-kubernetes-int-or-string": true,
          "maxLength": 64,
          "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
         }
        }
       }
      },
      "roThresholdLimit": {"type":"integer","minimum":0,"maximum":100,"nullable":true},
      "thickProvision": {"type":"boolean"},
      "tolerations": {
       "type": "array",
       "items": {
        "type": "object",
        "properties": {
         "effect": {"type":"string"},
         "key": {"type":"string"},
         "operator": {"type":"string"},
         "tolerationSeconds": {"type":"integer","format":"int64"},
         "value": {"type":"string"}
        }
       },
       "maxItems": 64,
       "nullable": true
      },
      "writeCacheGroupType": {"type":"string","maxLength":16}
     }
    },
    "writeCacheRaidGroups": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["blockDevices"],
      "properties": {
       "blockDevices": {
        "type": "array",
        "items": {
         "type": "object",
         "required": ["blockDeviceName"],
         "properties": {
          "blockDeviceName": {"type":"string","maxLength":63},
          "capacity": {"type":"integer","format":"int64"},
          "devLink": {"type":"string"}
         }
        },
        "maxItems": 64
       }
      }
     },
     "maxItems": 8,
     "nullable": true
    }
   }
  },
  "status": {
   "type": "object",
   "required": ["healthyReplicas","provisionedReplicas","readOnly"],
   "properties": {
    "capacity": {
     "type": "object",
     "required": ["free","total","used","zfs"],
     "properties": {
      "free": {
       "anyOf": [{"type":"integer"},{"type":"string"}],
       "x-kubernetes-int-or-string": true,
       "maxLength": 64,
       "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
      },
      "total": {
       "anyOf": [{"type":"integer"},{"type":"string"}],
       "x-kubernetes-int-or-string": true,
       "maxLength": 64,
       "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
      },
      "used": {
       "anyOf": [{"type":"integer"},{"type":"string"}],
       "x-kubernetes-int-or-string": true,
       "maxLength": 64,
       "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
      },
      "zfs": {
       "type": "object",
       "required": ["logicalUsed"],
       "properties": {
        "logicalUsed": {
         "anyOf": [{"type":"integer"},{"type":"string"}],
         "x-kubernetes-int-or-string": true,
         "maxLength": 64,
         "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
        }
       }
      }
     }
    },
    "conditions": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["status","type"],
      "properties": {
       "lastTransitionTime": {"type":"string","format":"date-time"},
       "lastUpdateTime": {"type":"string","format":"date-time"},
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
    "healthyReplicas": {"type":"integer","format":"int32"},
    "observedGeneration": {"type":"integer","format":"int64"},
    "phase": {"type":"string"},
    "poolGuid": {"type":"string"},
    "provisionedReplicas": {"type":"integer","format":"int32"},
    "readOnly": {"type":"boolean"},
    "scrub": {
     "type": "object",
     "required": ["lostBlocks","percent","repairedBlocks","run","state"],
     "properties": {
      "lostBlocks": {"type":"integer","format":"int64"},
      "percent": {"type":"integer","format":"int32"},
      "repairedBlocks": {"type":"integer","format":"int64"},
      "run": {"type":"integer","format":"int64"},
      "state": {"type":"string"}
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
