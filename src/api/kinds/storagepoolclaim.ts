// Generated from crds/storagepoolclaims.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** Pools in the words of older manifests. It drives a CStorPoolCluster of the same name. Annotation cas.openebs.io/config holds settings as a list of name and value. */
export interface StoragePoolClaim {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** StoragePoolClaim. */
  kind?: string;
  metadata: ObjectMeta;
  /** What the user wants. */
  spec: StoragePoolClaimSpec;
  /** What came of it; written by the operator. */
  status?: StoragePoolClaimStatus;
  /** Which version of Caskade the pools was made for and which one works on it now. */
  versionDetails?: StoragePoolClaimVersionDetails;
}

/** What the user wants. */
export interface StoragePoolClaimSpec {
  /** Manual mode: the devices to use. Absent: automatic mode, see maxPools. */
  blockDevices?: StoragePoolClaimSpecBlockDevices;
  /** Automatic mode: on how many nodes at most a pool is made, from devices that nobody uses. */
  maxPools?: number;
  /** Automatic mode: the least number of pools; accepted, as many as possible are made. */
  minPools?: number;
  /** A name for people; the object's own name counts. */
  name?: string;
  /** How each pool is laid out. */
  poolSpec: StoragePoolClaimSpecPoolSpec;
  /** What the pools are made of: disks, or sparse files of the nodes. */
  type: "disk" | "sparse";
}

/** Manual mode: the devices to use. Absent: automatic mode, see maxPools. */
export interface StoragePoolClaimSpecBlockDevices {
  /** Names of BlockDevices. Those of one node make one pool. */
  blockDeviceList?: string[];
}

/** How each pool is laid out. */
export interface StoragePoolClaimSpecPoolSpec {
  /** Accepted; Caskade keeps no such file. */
  cacheFile?: string;
  /** Accepted; thickProvisioning says the same. */
  overProvisioning?: boolean;
  /** Layout of each pool. */
  poolType: "striped" | "mirrored" | "raidz" | "raidz2";
  /** As roThresholdLimit of a CStorPoolCluster; 0 or absent means 85, 100 never. */
  roThresholdLimit?: number;
  /** Place a volume on a pool only if its whole size is free now; volumes stay sparse. */
  thickProvisioning?: boolean;
}

/** What came of it; written by the operator. */
export interface StoragePoolClaimStatus {
  /** What is the case, one entry per type. */
  conditions?: StoragePoolClaimStatusCondition[];
  /** In plain English, what is wrong; empty when nothing is. */
  message?: string;
  /** metadata.generation that this status was made from. */
  observedGeneration?: number;
  /** Pending, Online, Degraded or Error. */
  phase?: string;
}

/** One condition. */
export interface StoragePoolClaimStatusCondition {
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
  /** Ready (every pool is there and online), or what keeps it from that. */
  type: string;
}

/** Which version of Caskade the pools was made for and which one works on it now. */
export interface StoragePoolClaimVersionDetails {
  /** Upgrade this object as soon as the operator is upgraded, without an UpgradeTask. Accepted; not used by this version. */
  autoUpgrade?: boolean;
  /** The version this object is to have. */
  desired?: string;
  /** How far the upgrade to the desired version is. */
  status?: StoragePoolClaimVersionDetailsStatus;
}

/** How far the upgrade to the desired version is. */
export interface StoragePoolClaimVersionDetailsStatus {
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
export const storagePoolClaimSchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "required": ["poolSpec","type"],
   "properties": {
    "blockDevices": {
     "type": "object",
     "properties": {"blockDeviceList":{"type":"array","items":{"type":"string","maxLength":63},"maxItems":400}}
    },
    "maxPools": {"type":"integer","format":"int32","minimum":1,"maximum":128},
    "minPools": {"type":"integer","format":"int32","minimum":0,"maximum":128},
    "name": {"type":"string","maxLength":253},
    "poolSpec": {
     "type": "object",
     "required": ["poolType"],
     "properties": {
      "cacheFile": {"type":"string"},
      "overProvisioning": {"type":"boolean"},
      "poolType": {"type":"string","enum":["striped","mirrored","raidz","raidz2"]},
      "roThresholdLimit": {"type":"integer","format":"int32","minimum":0,"maximum":100},
      "thickProvisioning": {"type":"boolean"}
     }
    },
    "type": {"type":"string","enum":["disk","sparse"]}
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
    "message": {"type":"string"},
    "observedGeneration": {"type":"integer","format":"int64"},
    "phase": {"type":"string"}
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
