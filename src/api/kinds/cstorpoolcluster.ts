// Generated from crds/cstorpoolclusters.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** A group of pools of one kind, each on a node of its own. Volumes of a StorageClass that names it are replicated over its pools. */
export interface CStorPoolCluster {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorPoolCluster. */
  kind?: string;
  metadata: ObjectMeta;
  /** What the user wants. */
  spec: CStorPoolClusterSpec;
  /** What there is; written by the operator. */
  status?: CStorPoolClusterStatus;
  /** Which version of Caskade the cluster of pools was made for and which one works on it now. */
  versionDetails?: CStorPoolClusterVersionDetails;
}

/** What the user wants. */
export interface CStorPoolClusterSpec {
  /** CPU and memory of the helpers in the pool pods, where a pool has none of its own (accepted; Caskade has none), as in a Pod. */
  auxResources?: CStorPoolClusterSpecAuxResources | null;
  /** The pools, one entry per node. */
  pools?: CStorPoolClusterSpecPool[];
  /** PriorityClass of the pool pods, where a pool has none of its own. */
  priorityClassName?: string;
  /** CPU and memory of the pool daemons, where a pool has none of its own, as in a Pod. */
  resources?: CStorPoolClusterSpecResources | null;
  /** Taints of nodes that the pool pods tolerates, as in a Pod. */
  tolerations?: CStorPoolClusterSpecToleration[] | null;
}

/** CPU and memory of the helpers in the pool pods, where a pool has none of its own (accepted; Caskade has none), as in a Pod. */
export interface CStorPoolClusterSpecAuxResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorPoolClusterSpecAuxResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorPoolClusterSpecAuxResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** One pool on one node. */
export interface CStorPoolClusterSpecPool {
  /** The groups of block devices that hold the data. A stripe has one; more groups of a mirror, raidz or raidz2 make the pool larger. */
  dataRaidGroups: CStorPoolClusterSpecPoolDataRaidGroup[];
  /** Labels that exactly one node has; normally kubernetes.io/hostname. */
  nodeSelector: Record<string, string>;
  /** How the pool is laid out and how its pod runs. */
  poolConfig?: CStorPoolClusterSpecPoolPoolConfig;
  /** Groups of fast block devices for the intent log of the pool (a log, not a read cache). They can be added, and taken away. */
  writeCacheRaidGroups?: CStorPoolClusterSpecPoolWriteCacheRaidGroup[] | null;
}

/** One group. */
export interface CStorPoolClusterSpecPoolDataRaidGroup {
  /** The block devices of the group; their order does not matter. */
  blockDevices: CStorPoolClusterSpecPoolDataRaidGroupBlockDevice[];
}

/** One block device. */
export interface CStorPoolClusterSpecPoolDataRaidGroupBlockDevice {
  /** Name of the BlockDevice, as `kubectl get bd` lists it. */
  blockDeviceName: string;
  /** Its size in bytes; filled in by the operator. */
  capacity?: number;
  /** The path it is opened by; filled in by the operator. */
  devLink?: string;
}

/** How the pool is laid out and how its pod runs. */
export interface CStorPoolClusterSpecPoolPoolConfig {
  /** CPU and memory of the helpers in the pool pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
  auxResources?: CStorPoolClusterSpecPoolPoolConfigAuxResources | null;
  /** Compression wanted for new data: on, off, lz4, zstd, or a name that cStor knows beside these (lzjb and zle become lz4, gzip becomes zstd). */
  compression?: string;
  /** How data is laid over the block devices of a group: stripe, mirror, raidz or raidz2. */
  dataRaidGroupType: string;
  /** PriorityClass of the pool pod. */
  priorityClassName?: string | null;
  /** CPU and memory of the pool daemon, as in a Pod. */
  resources?: CStorPoolClusterSpecPoolPoolConfigResources | null;
  /** Per cent of the pool in use from which on users can not write to it; 0 or absent means 85, 100 only when it is full. */
  roThresholdLimit?: number | null;
  /** Place a volume here only if its whole size is free now; volumes stay sparse. */
  thickProvision?: boolean;
  /** Taints of nodes that the pool pod tolerates, as in a Pod. */
  tolerations?: CStorPoolClusterSpecPoolPoolConfigToleration[] | null;
  /** Layout of the write-cache groups; needed when there are any. */
  writeCacheGroupType?: string;
}

/** CPU and memory of the helpers in the pool pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
export interface CStorPoolClusterSpecPoolPoolConfigAuxResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorPoolClusterSpecPoolPoolConfigAuxResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorPoolClusterSpecPoolPoolConfigAuxResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** CPU and memory of the pool daemon, as in a Pod. */
export interface CStorPoolClusterSpecPoolPoolConfigResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorPoolClusterSpecPoolPoolConfigResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorPoolClusterSpecPoolPoolConfigResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** One toleration. */
export interface CStorPoolClusterSpecPoolPoolConfigToleration {
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
export interface CStorPoolClusterSpecPoolWriteCacheRaidGroup {
  /** The block devices of the group; their order does not matter. */
  blockDevices: CStorPoolClusterSpecPoolWriteCacheRaidGroupBlockDevice[];
}

/** One block device. */
export interface CStorPoolClusterSpecPoolWriteCacheRaidGroupBlockDevice {
  /** Name of the BlockDevice, as `kubectl get bd` lists it. */
  blockDeviceName: string;
  /** Its size in bytes; filled in by the operator. */
  capacity?: number;
  /** The path it is opened by; filled in by the operator. */
  devLink?: string;
}

/** CPU and memory of the pool daemons, where a pool has none of its own, as in a Pod. */
export interface CStorPoolClusterSpecResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorPoolClusterSpecResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorPoolClusterSpecResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** One toleration. */
export interface CStorPoolClusterSpecToleration {
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

/** What there is; written by the operator. */
export interface CStorPoolClusterStatus {
  /** What is the case, one entry per type. */
  conditions?: CStorPoolClusterStatusCondition[] | null;
  /** How many pools spec asks for. */
  desiredInstances?: number | null;
  /** How many pools are ONLINE with a ready pod. */
  healthyInstances?: number | null;
  /** metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** How many CStorPoolInstances exist. */
  provisionedInstances?: number | null;
}

/** One condition. */
export interface CStorPoolClusterStatusCondition {
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
  /** Accepted (spec is possible) or PoolManagerAvailable (a pool is online). */
  type: string;
}

/** Which version of Caskade the cluster of pools was made for and which one works on it now. */
export interface CStorPoolClusterVersionDetails {
  /** Upgrade this object as soon as the operator is upgraded, without an UpgradeTask. Accepted; not used by this version. */
  autoUpgrade?: boolean;
  /** The version this object is to have. */
  desired?: string;
  /** How far the upgrade to the desired version is. */
  status?: CStorPoolClusterVersionDetailsStatus;
}

/** How far the upgrade to the desired version is. */
export interface CStorPoolClusterVersionDetailsStatus {
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
export const cstorPoolClusterSchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
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
    "pools": {
     "type": "array",
     "items": {
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
             "blockDeviceName": {"type":"string","maxLength":63,"pattern":"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
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
             "blockDeviceName": {"type":"string","maxLength":63,"pattern":"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"},
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
     "maxItems": 128
    },
    "priorityClassName": {"type":"string"},
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
    }
   }
  },
  "status": {
   "type": "object",
   "properties": {
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
     "x-kubernetes-list-map-keys": ["type"],
     "nullable": true
    },
    "desiredInstances": {"type":"integer","format":"int32","nullable":true},
    "healthyInstances": {"type":"integer","format":"int32","nullable":true},
    "observedGeneration": {"type":"integer","format":"int64"},
    "provisionedInstances": {"type":"integer","format":"int32","nullable":true}
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
