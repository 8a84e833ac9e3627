// Generated from crds/cstorvolumeconfigs.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** The wish for one volume: made by the CSI controller for a PersistentVolumeClaim, or by hand. Its name is the volume's. */
export interface CStorVolumeConfig {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorVolumeConfig. */
  kind?: string;
  metadata: ObjectMeta;
  /** Where the volume is attached. */
  publish?: CStorVolumeConfigPublish;
  /** What is wanted of the volume. */
  spec: CStorVolumeConfigSpec;
  /** What there is; written by the operator. */
  status?: CStorVolumeConfigStatus;
  /** Which version of Caskade the volume was made for and which one works on it now. */
  versionDetails: CStorVolumeConfigVersionDetails;
}

/** Where the volume is attached. */
export interface CStorVolumeConfigPublish {
  /** Node that the CSI controller has published the volume to. Only this node's initiator is let in; empty: none. */
  nodeId?: string;
}

/** What is wanted of the volume. */
export interface CStorVolumeConfigSpec {
  /** Size that the volume is to have: one entry, storage. It may be raised, never lowered. Volumes are not grown by this version: condition Accepted says so. */
  capacity: Record<string, number | string>;
  /** The CStorVolume made for this. */
  cstorVolumeRef?: CStorVolumeConfigSpecCstorVolumeRef;
  /** <volume>@<snapshot> that a clone begins as; empty: a new volume. Clones are not made by this version: condition Accepted says so. */
  cstorVolumeSource?: string;
  /** The settings of this volume, from its CStorVolumePolicy. replicaPoolInfo is where the replicas are: another list moves, adds or removes them. */
  policy: CStorVolumeConfigSpecPolicy;
  /** Size and number of replicas at birth. */
  provision: CStorVolumeConfigSpecProvision;
}

/** The CStorVolume made for this. */
export interface CStorVolumeConfigSpecCstorVolumeRef {
  /** API group and version of the object. */
  apiVersion?: string;
  /** A part of the object, when not all of it is meant. */
  fieldPath?: string;
  /** Kind of the object. */
  kind?: string;
  /** Name of the object. */
  name?: string;
  /** Namespace of the object. */
  namespace?: string;
  /** A certain revision of the object. */
  resourceVersion?: string;
  /** UID of the object, which tells it from a later one of the same name. */
  uid?: string;
}

/** The settings of this volume, from its CStorVolumePolicy. replicaPoolInfo is where the replicas are: another list moves, adds or removes them. */
export interface CStorVolumeConfigSpecPolicy {
  /** How volumes are placed and made. */
  provision?: CStorVolumeConfigSpecPolicyProvision;
  /** The replicas on their pools. */
  replica?: CStorVolumeConfigSpecPolicyReplica;
  /** The pools that hold the replicas, one replica each. Absent: the operator chooses. */
  replicaPoolInfo?: CStorVolumeConfigSpecPolicyReplicaPoolInfo[];
  /** The target pod of the volume. */
  target?: CStorVolumeConfigSpecPolicyTarget;
}

/** How volumes are placed and made. */
export interface CStorVolumeConfigSpecPolicyProvision {
  /** Block size of the volume in bytes. 0 or absent means 4096, the only one that this version makes. */
  blockSize?: number;
  /** With a StorageClass that waits for the first consumer: place the first replica on that pod's node, where a pool is there. */
  replicaAffinity: boolean;
}

/** The replicas on their pools. */
export interface CStorVolumeConfigSpecPolicyReplica {
  /** Compression of what is written from now on; absent: the pool's. gzip-N is zstd of level N. */
  compression?: string;
  /** Number of I/O workers of a replica, as a string; accepted, the daemon has no such limit. */
  zvolWorkers?: string;
}

/** One pool. */
export interface CStorVolumeConfigSpecPolicyReplicaPoolInfo {
  /** Name of a CStorPoolInstance. */
  poolName: string;
}

/** The target pod of the volume. */
export interface CStorVolumeConfigSpecPolicyTarget {
  /** Pods near which the target pod is to run, as podAffinity of a Pod. */
  affinity?: CStorVolumeConfigSpecPolicyTargetAffinity;
  /** CPU and memory of the helpers in the target pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
  auxResources?: CStorVolumeConfigSpecPolicyTargetAuxResources;
  /** Workers of the logical unit, 1 to 127; accepted, the target has no such limit. */
  luWorkers?: number;
  /** Export metrics. They are always there, on port 9500. */
  monitor?: boolean;
  /** Labels of the nodes the target pod may run on. */
  nodeSelector?: Record<string, string>;
  /** PriorityClass of the target pod. */
  priorityClassName?: string;
  /** How many commands an initiator may have outstanding, as a string; 32 when absent. */
  queueDepth?: string;
  /** How many seconds a command waits for a quorum of replicas before its initiator hears BUSY; 20 when absent. Keep it below the command timer of the initiator (Linux, 30 s). A running target follows a change. */
  quorumWaitSeconds?: number;
  /** Number of replicas; informational, spec.provision.replicaCount counts. */
  replicationFactor?: number;
  /** CPU and memory of the target, as in a Pod. */
  resources?: CStorVolumeConfigSpecPolicyTargetResources;
  /** Taints of nodes that the target pod tolerates, as in a Pod. */
  tolerations?: CStorVolumeConfigSpecPolicyTargetToleration[];
}

/** Pods near which the target pod is to run, as podAffinity of a Pod. */
export interface CStorVolumeConfigSpecPolicyTargetAffinity {
  /** Wishes, each with a weight. */
  preferredDuringSchedulingIgnoredDuringExecution?: CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecution[];
  /** Terms that must all hold. */
  requiredDuringSchedulingIgnoredDuringExecution?: CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecution[];
}

/** One wish. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecution {
  /** The wish. */
  podAffinityTerm: CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTerm;
  /** How much it counts, 1 to 100. */
  weight: number;
}

/** The wish. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTerm {
  /** Which pods are meant. */
  labelSelector?: CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelector;
  /** Labels of the new pod whose values are added to labelSelector as In. */
  matchLabelKeys?: string[];
  /** Labels of the new pod whose values are added to labelSelector as NotIn. */
  mismatchLabelKeys?: string[];
  /** In which namespaces, by their labels. */
  namespaceSelector?: CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelector;
  /** In which namespaces, by name; the pod's own when both are absent. */
  namespaces?: string[];
  /** Node label that says what "near" is, such as kubernetes.io/hostname. */
  topologyKey: string;
}

/** Which pods are meant. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** In which namespaces, by their labels. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** One term. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecution {
  /** Which pods are meant. */
  labelSelector?: CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector;
  /** Labels of the new pod whose values are added to labelSelector as In. */
  matchLabelKeys?: string[];
  /** Labels of the new pod whose values are added to labelSelector as NotIn. */
  mismatchLabelKeys?: string[];
  /** In which namespaces, by their labels. */
  namespaceSelector?: CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelector;
  /** In which namespaces, by name; the pod's own when both are absent. */
  namespaces?: string[];
  /** Node label that says what "near" is, such as kubernetes.io/hostname. */
  topologyKey: string;
}

/** Which pods are meant. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** In which namespaces, by their labels. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumeConfigSpecPolicyTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** CPU and memory of the helpers in the target pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
export interface CStorVolumeConfigSpecPolicyTargetAuxResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorVolumeConfigSpecPolicyTargetAuxResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorVolumeConfigSpecPolicyTargetAuxResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** CPU and memory of the target, as in a Pod. */
export interface CStorVolumeConfigSpecPolicyTargetResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorVolumeConfigSpecPolicyTargetResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorVolumeConfigSpecPolicyTargetResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** One toleration. */
export interface CStorVolumeConfigSpecPolicyTargetToleration {
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

/** Size and number of replicas at birth. */
export interface CStorVolumeConfigSpecProvision {
  /** Size at birth: one entry, storage. */
  capacity: Record<string, number | string>;
  /** Number of replicas at birth. */
  replicaCount: number;
}

/** What there is; written by the operator. */
export interface CStorVolumeConfigStatus {
  /** Size that the volume has: one entry, storage. */
  capacity?: Record<string, number | string>;
  /** What is the case, one entry per type. The name of the field is singular in cStor too. */
  condition?: CStorVolumeConfigStatusCondition[];
  /** metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Pending, Bound or Failed. */
  phase?: string;
  /** The pools that hold the replicas now. */
  poolInfo?: string[];
}

/** One condition. */
export interface CStorVolumeConfigStatusCondition {
  /** When the state was last looked at. */
  lastProbeTime?: string;
  /** When status last changed. */
  lastTransitionTime?: string;
  /** In plain English: the field, the value and what to do about it. */
  message: string;
  /** metadata.generation of the object that this was found for; older than the object's means stale. */
  observedGeneration?: number;
  /** The cause in one CamelCase word, for programs. */
  reason: string;
  /** True, False or Unknown. */
  status?: string;
  /** Accepted (spec is possible), Provisioned (placed and made), ReplicasPlaced, RestartPending (of the target), or a step of a resize: Resizing, VolumeResizePending, VolumeResizeSuccessful, VolumeResizeFailed. */
  type: string;
}

/** Which version of Caskade the volume was made for and which one works on it now. */
export interface CStorVolumeConfigVersionDetails {
  /** Upgrade this object as soon as the operator is upgraded, without an UpgradeTask. Accepted; not used by this version. */
  autoUpgrade?: boolean;
  /** The version this object is to have. */
  desired?: string;
  /** How far the upgrade to the desired version is. */
  status?: CStorVolumeConfigVersionDetailsStatus;
}

/** How far the upgrade to the desired version is. */
export interface CStorVolumeConfigVersionDetailsStatus {
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
export const cstorVolumeConfigSchema = {
 "type": "object",
 "required": ["spec","versionDetails"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "publish": {"type":"object","properties":{"nodeId":{"type":"string","maxLength":253}}},
  "spec": {
   "type": "object",
   "required": ["capacity","policy","provision"],
   "properties": {
    "capacity": {
     "type": "object",
     "additionalProperties": {
      "anyOf": [{"type":"integer"},{"type":"string"}],
      "x-kubernetes-int-or-string": true,
      "maxLength": 64,
      "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
     },
     "maxProperties": 4
    },
    "cstorVolumeRef": {
     "type": "object",
     "properties": {
      "apiVersion": {"type":"string"},
      "fieldPath": {"type":"string"},
      "kind": {"type":"string"},
      "name": {"type":"string"},
      "namespace": {"type":"string"},
      "resourceVersion": {"type":"string"},
      "uid": {"type":"string"}
     }
    },
    "cstorVolumeSource": {"type":"string","maxLength":512},
    "policy": {
     "type": "object",
     "default": {},
     "properties": {
      "provision": {
       "type": "object",
       "required": ["replicaAffinity"],
       "properties": {"blockSize":{"type":"integer","format":"int32"},"replicaAffinity":{"type":"boolean"}}
      },
      "replica": {
       "type": "object",
       "properties": {
        "compression": {"type":"string","maxLength":16},
        "zvolWorkers": {"type":"string","maxLength":8,"pattern":"^[0-9]*$"}
       }
      },
      "replicaPoolInfo": {
       "type": "array",
       "items": {"type":"object","required":["poolName"],"properties":{"poolName":{"type":"string","maxLength":253}}},
       "maxItems": 16
      },
      "target": {
       "type": "object",
       "properties": {
        "affinity": {
         "type": "object",
         "properties": {
          "preferredDuringSchedulingIgnoredDuringExecution": {
           "type": "array",
           "items": {
            "type": "object",
            "required": ["podAffinityTerm","weight"],
            "properties": {
             "podAffinityTerm": {
              "type": "object",
              "required": ["topologyKey"],
              "properties": {
               "labelSelector": {
                "type": "object",
                "x-kubernetes-map-type": "atomic",
                "properties": {
                 "matchExpressions": {
                  "type": "array",
                  "items": {
                   "type": "object",
                   "required": ["key","operator"],
                   "properties": {
                    "key": {"type":"string"},
                    "operator": {"type":"string"},
                    "values": {"type":"array","items":{"type":"string"}}
                   }
                  }
                 },
                 "matchLabels": {"type":"object","additionalProperties":{"type":"string"}}
                }
               },
               "matchLabelKeys": {"type":"array","items":{"type":"string"}},
               "mismatchLabelKeys": {"type":"array","items":{"type":"string"}},
               "namespaceSelector": {
                "type": "object",
                "x-kubernetes-map-type": "atomic",
                "properties": {
                 "matchExpressions": {
                  "type": "array",
                  "items": {
                   "type": "object",
                   "required": ["key","operator"],
                   "properties": {
                    "key": {"type":"string"},
                    "operator": {"type":"string"},
                    "values": {"type":"array","items":{"type":"string"}}
                   }
                  }
                 },
                 "matchLabels": {"type":"object","additionalProperties":{"type":"string"}}
                }
               },
               "namespaces": {"type":"array","items":{"type":"string"}},
               "topologyKey": {"type":"string"}
              }
             },
             "weight": {"type":"integer","format":"int32"}
            }
           }
          },
          "requiredDuringSchedulingIgnoredDuringExecution": {
           "type": "array",
           "items": {
            "type": "object",
            "required": ["topologyKey"],
            "properties": {
             "labelSelector": {
              "type": "object",
              "x-kubernetes-map-type": "atomic",
              "properties": {
               "matchExpressions": {
                "type": "array",
                "items": {
                 "type": "object",
                 "required": ["key","operator"],
                 "properties": {
                  "key": {"type":"string"},
                  "operator": {"type":"string"},
                  "values": {"type":"array","items":{"type":"string"}}
                 }
                }
               },
               "matchLabels": {"type":"object","additionalProperties":{"type":"string"}}
              }
             },
             "matchLabelKeys": {"type":"array","items":{"type":"string"}},
             "mismatchLabelKeys": {"type":"array","items":{"type":"string"}},
             "namespaceSelector": {
              "type": "object",
              "x-kubernetes-map-type": "atomic",
              "properties": {
               "matchExpressions": {
                "type": "array",
                "items": {
                 "type": "object",
                 "required": ["key","operator"],
                 "properties": {
                  "key": {"type":"string"},
                  "operator": {"type":"string"},
                  "values": {"type":"array","items":{"type":"string"}}
                 }
                }
               },
               "matchLabels": {"type":"object","additionalProperties":{"type":"string"}}
              }
             },
             "namespaces": {"type":"array","items":{"type":"string"}},
             "topologyKey": {"type":"string"}
            }
           }
          }
         }
        },
        "auxResources": {
         "type": "object",
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
        "luWorkers": {"type":"integer","format":"int32","minimum":0,"maximum":127},
        "monitor": {"type":"boolean"},
        "nodeSelector": {"type":"object","additionalProperties":{"type":"string"}},
        "priorityClassName": {"type":"string"},
        "queueDepth": {"type":"string","maxLength":8,"pattern":"^[0-9]*$"},
        "quorumWaitSeconds": {"type":"integer","format":"int32","minimum":1,"maximum":600},
        "replicationFactor": {"type":"integer","format":"int32"},
        "resources": {
         "type": "object",
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
         "maxItems": 64
        }
       }
      }
     }
    },
    "provision": {
     "type": "object",
     "required": ["capacity","replicaCount"],
     "properties": {
      "capacity": {
       "type": "object",
       "additionalProperties": {
        "anyOf": [{"type":"integer"},{"type":"string"}],
        "x-kubernetes-int-or-string": true,
        "maxLength": 64,
        "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
       },
       "maxProperties": 4
      },
      "replicaCount": {"type":"integer","format":"int32","minimum":1,"maximum":5}
     }
    }
   }
  },
  "status": {
   "type": "object",
   "properties": {
    "capacity": {
     "type": "object",
     "additionalProperties": {
      "anyOf": [{"type":"integer"},{"type":"string"}],
      "x-kubernetes-int-or-string": true,
      "maxLength": 64,
      "pattern": "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$"
     }
    },
    "condition": {
     "type": "array",
     "items": {
      "type": "object",
      "required": ["message","reason","type"],
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
    "observedGeneration": {"type":"integer","format":"int64"},
    "phase": {"type":"string"},
    "poolInfo": {"type":"array","items":{"type":"string","maxLength":253},"maxItems":64}
   }
  },
  "versionDetails": {
   "type": "object",
   "default": {},
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
