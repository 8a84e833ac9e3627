// Generated from crds/cstorvolumepolicies.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** Settings for volumes, named by a StorageClass (parameter cstorVolumePolicy). Read once, when a volume is made; afterwards spec.policy of its CStorVolumeConfig counts. */
export interface CStorVolumePolicy {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorVolumePolicy. */
  kind?: string;
  metadata: ObjectMeta;
  /** The settings. */
  spec: CStorVolumePolicySpec;
  /** Not used by Caskade. */
  status?: CStorVolumePolicyStatus;
}

/** The settings. */
export interface CStorVolumePolicySpec {
  /** How volumes are placed and made. */
  provision?: CStorVolumePolicySpecProvision;
  /** The replicas on their pools. */
  replica?: CStorVolumePolicySpecReplica;
  /** The pools that hold the replicas, one replica each. Absent: the operator chooses. */
  replicaPoolInfo?: CStorVolumePolicySpecReplicaPoolInfo[];
  /** The target pod of the volume. */
  target?: CStorVolumePolicySpecTarget;
}

/** How volumes are placed and made. */
export interface CStorVolumePolicySpecProvision {
  /** Block size of the volume in bytes. 0 or absent means 4096, the only one that this version makes. */
  blockSize?: number;
  /** With a StorageClass that waits for the first consumer: place the first replica on that pod's node, where a pool is there. */
  replicaAffinity: boolean;
}

/** The replicas on their pools. */
export interface CStorVolumePolicySpecReplica {
  /** Compression of what is written from now on; absent: the pool's. gzip-N is zstd of level N. */
  compression?: string;
  /** Number of I/O workers of a replica, as a string; accepted, the daemon has no such limit. */
  zvolWorkers?: string;
}

/** One pool. */
export interface CStorVolumePolicySpecReplicaPoolInfo {
  /** Name of a CStorPoolInstance. */
  poolName: string;
}

/** The target pod of the volume. */
export interface CStorVolumePolicySpecTarget {
  /** Pods near which the target pod is to run, as podAffinity of a Pod. */
  affinity?: CStorVolumePolicySpecTargetAffinity;
  /** CPU and memory of the helpers in the target pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
  auxResources?: CStorVolumePolicySpecTargetAuxResources;
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
  resources?: CStorVolumePolicySpecTargetResources;
  /** Taints of nodes that the target pod tolerates, as in a Pod. */
  tolerations?: CStorVolumePolicySpecTargetToleration[];
}

/** Pods near which the target pod is to run, as podAffinity of a Pod. */
export interface CStorVolumePolicySpecTargetAffinity {
  /** Wishes, each with a weight. */
  preferredDuringSchedulingIgnoredDuringExecution?: CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecution[];
  /** Terms that must all hold. */
  requiredDuringSchedulingIgnoredDuringExecution?: CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecution[];
}

/** One wish. */
export interface CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecution {
  /** The wish. */
  podAffinityTerm: CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTerm;
  /** How much it counts, 1 to 100. */
  weight: number;
}

/** The wish. */
export interface CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTerm {
  /** Which pods are meant. */
  labelSelector?: CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelector;
  /** Labels of the new pod whose values are added to labelSelector as In. */
  matchLabelKeys?: string[];
  /** Labels of the new pod whose values are added to labelSelector as NotIn. */
  mismatchLabelKeys?: string[];
  /** In which namespaces, by their labels. */
  namespaceSelector?: CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelector;
  /** In which namespaces, by name; the pod's own when both are absent. */
  namespaces?: string[];
  /** Node label that says what "near" is, such as kubernetes.io/hostname. */
  topologyKey: string;
}

/** Which pods are meant. */
export interface CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermLabelSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** In which namespaces, by their labels. */
export interface CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumePolicySpecTargetAffinityPreferredDuringSchedulingIgnoredDuringExecutionPodAffinityTermNamespaceSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** One term. */
export interface CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecution {
  /** Which pods are meant. */
  labelSelector?: CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector;
  /** Labels of the new pod whose values are added to labelSelector as In. */
  matchLabelKeys?: string[];
  /** Labels of the new pod whose values are added to labelSelector as NotIn. */
  mismatchLabelKeys?: string[];
  /** In which namespaces, by their labels. */
  namespaceSelector?: CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelector;
  /** In which namespaces, by name; the pod's own when both are absent. */
  namespaces?: string[];
  /** Node label that says what "near" is, such as kubernetes.io/hostname. */
  topologyKey: string;
}

/** Which pods are meant. */
export interface CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionLabelSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** In which namespaces, by their labels. */
export interface CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelector {
  /** Requirements that must all hold. */
  matchExpressions?: CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface CStorVolumePolicySpecTargetAffinityRequiredDuringSchedulingIgnoredDuringExecutionNamespaceSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** CPU and memory of the helpers in the target pod (there are none in Caskade; accepted for manifests that have it), as in a Pod. */
export interface CStorVolumePolicySpecTargetAuxResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorVolumePolicySpecTargetAuxResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorVolumePolicySpecTargetAuxResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** CPU and memory of the target, as in a Pod. */
export interface CStorVolumePolicySpecTargetResources {
  /** Devices claimed by name (dynamic resource allocation). */
  claims?: CStorVolumePolicySpecTargetResourcesClaim[];
  /** The most that may be used, by resource name. */
  limits?: Record<string, number | string>;
  /** What is set aside, by resource name. */
  requests?: Record<string, number | string>;
}

/** One claim. */
export interface CStorVolumePolicySpecTargetResourcesClaim {
  /** Name of an entry in the pod's resourceClaims. */
  name: string;
  /** One request of that claim; all of them when absent. */
  request?: string;
}

/** One toleration. */
export interface CStorVolumePolicySpecTargetToleration {
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

/** Not used by Caskade. */
export interface CStorVolumePolicyStatus {
  /** Not used by Caskade. */
  phase?: string;
}

/** For src/api/validate.ts. */
export const cstorVolumePolicySchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
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
  "status": {"type":"object","properties":{"phase":{"type":"string"}}}
 }
};
