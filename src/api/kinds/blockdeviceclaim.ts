// Generated from crds/blockdeviceclaims.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** A claim on one BlockDevice: by name, or by size and properties. While it exists nobody else gets the device. */
export interface BlockDeviceClaim {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** BlockDeviceClaim. */
  kind?: string;
  metadata: ObjectMeta;
  /** Which device is wanted. */
  spec?: BlockDeviceClaimSpec;
  /** What came of it; written by the operator. */
  status?: BlockDeviceClaimStatus;
}

/** Which device is wanted. */
export interface BlockDeviceClaimSpec {
  /** Name of the BlockDevice; absent: one that fits is chosen and its name written here. */
  blockDeviceName?: string;
  /** On which node. */
  blockDeviceNodeAttributes?: BlockDeviceClaimSpecBlockDeviceNodeAttributes;
  /** How it is to be used. */
  deviceClaimDetails?: BlockDeviceClaimSpecDeviceClaimDetails;
  /** Drive type wanted, such as SSD or HDD. */
  deviceType?: string | null;
  /** kubernetes.io/hostname of the node; blockDeviceNodeAttributes is the newer field. */
  hostName?: string;
  /** What it must have at least. */
  resources?: BlockDeviceClaimSpecResources;
  /** Labels of the BlockDevice. */
  selector?: BlockDeviceClaimSpecSelector;
}

/** On which node. */
export interface BlockDeviceClaimSpecBlockDeviceNodeAttributes {
  /** kubernetes.io/hostname of the node. */
  hostName?: string;
  /** Name of the node. */
  nodeName?: string;
}

/** How it is to be used. */
export interface BlockDeviceClaimSpecDeviceClaimDetails {
  /** A partition will do. */
  allowPartition?: boolean;
  /** Block or FileSystem. */
  blockVolumeMode?: string;
  /** File system to be made on it; empty: none. */
  formatType?: string;
}

/** What it must have at least. */
export interface BlockDeviceClaimSpecResources {
  /** One entry, storage: the least size. */
  requests: Record<string, number | string>;
}

/** Labels of the BlockDevice. */
export interface BlockDeviceClaimSpecSelector {
  /** Requirements that must all hold. */
  matchExpressions?: BlockDeviceClaimSpecSelectorMatchExpression[];
  /** Labels that must have exactly these values. */
  matchLabels?: Record<string, string>;
}

/** One requirement. */
export interface BlockDeviceClaimSpecSelectorMatchExpression {
  /** The label it is about. */
  key: string;
  /** In, NotIn, Exists or DoesNotExist. */
  operator: string;
  /** Values for In and NotIn. */
  values?: string[];
}

/** What came of it; written by the operator. */
export interface BlockDeviceClaimStatus {
  /** What is the case, one entry per type. */
  conditions?: BlockDeviceClaimStatusCondition[];
  /** Empty (not looked at), Pending, Bound or Invalid Capacity Request. */
  phase: string;
}

/** One condition. */
export interface BlockDeviceClaimStatusCondition {
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
  /** Bound, or what keeps it from that. */
  type: string;
}

/** For src/api/validate.ts. */
export const blockDeviceClaimSchema = {
 "type": "object",
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "properties": {
    "blockDeviceName": {"type":"string","maxLength":253},
    "blockDeviceNodeAttributes": {"type":"object","properties":{"hostName":{"type":"string"},"nodeName":{"type":"string"}}},
    "deviceClaimDetails": {
     "type": "object",
     "properties": {"allowPartition":{"type":"boolean"},"blockVolumeMode":{"type":"string"},"formatType":{"type":"string"}}
    },
    "deviceType": {"type":"string","nullable":true},
    "hostName": {"type":"string"},
    "resources": {
     "type": "object",
     "required": ["requests"],
     "properties": {
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
    "selector": {
     "type": "object",
     "x-kubernetes-map-type": "atomic",
     "properties": {
      "matchExpressions": {
       "type": "array",
       "items": {
        "type": "object",
        "required": ["key","operator"],
        "properties": {"key":{"type":"string"},"operator":{"type":"string"},"values":{"type":"array","items":{"type":"string"}}}
       }
      },
      "matchLabels": {"type":"object","additionalProperties":{"type":"string"}}
     }
    }
   }
  },
  "status": {
   "type": "object",
   "required": ["phase"],
   "properties": {
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
    "phase": {"type":"string"}
   }
  }
 }
};
