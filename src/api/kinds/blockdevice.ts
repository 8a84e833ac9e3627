// Generated from crds/blockdevices.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** A disk, partition or sparse file of a node. Made and kept by the node disk manager; labels and annotations of users stay. */
export interface BlockDevice {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** BlockDevice. */
  kind?: string;
  metadata: ObjectMeta;
  /** What the device is. */
  spec?: BlockDeviceSpec;
  /** Whether it is there and whose it is. */
  status?: BlockDeviceStatus;
}

/** What the device is. */
export interface BlockDeviceSpec {
  /** Device that this one is a part of, such as a device-mapper one. */
  aggregateDevice?: string;
  /** Size and sectors. */
  capacity: BlockDeviceSpecCapacity;
  /** The BlockDeviceClaim that has this device. */
  claimRef?: BlockDeviceSpecClaimRef;
  /** What the device says of itself. */
  details?: BlockDeviceSpecDetails;
  /** Other paths of the device. */
  devlinks: BlockDeviceSpecDevlink[];
  /** What is on it, if anything. */
  filesystem?: BlockDeviceSpecFilesystem;
  /** Where it is. */
  nodeAttributes: BlockDeviceSpecNodeAttributes;
  /** Disk that this partition is on. */
  parentDevice?: string;
  /** Whether it has partitions. */
  partitioned?: "Yes" | "No";
  /** Path of the device on the node, such as /dev/sdb. It may change with a restart; devlinks do not. */
  path: string;
}

/** Size and sectors. */
export interface BlockDeviceSpecCapacity {
  /** Logical sector size in bytes. */
  logicalSectorSize?: number;
  /** Physical sector size in bytes. */
  physicalSectorSize?: number;
  /** Size in bytes. */
  storage: number;
}

/** The BlockDeviceClaim that has this device. */
export interface BlockDeviceSpecClaimRef {
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

/** What the device says of itself. */
export interface BlockDeviceSpecDetails {
  /** Standard it follows, such as SPC-4. */
  compliance?: string;
  /** What it is. */
  deviceType?: "disk" | "partition" | "sparse" | "loop" | "lvm" | "crypt" | "dm" | "mpath";
  /** Whether it rotates. */
  driveType?: "HDD" | "SSD" | "Unknown" | "";
  /** Revision of its firmware. */
  firmwareRevision?: string;
  /** Sector size of the hardware in bytes. */
  hardwareSectorSize?: number;
  /** Logical block size in bytes. */
  logicalBlockSize?: number;
  /** Its model. */
  model?: string;
  /** Physical block size in bytes. */
  physicalBlockSize?: number;
  /** Its serial number. */
  serial?: string;
  /** Its vendor. */
  vendor?: string;
}

/** Paths of one sort. */
export interface BlockDeviceSpecDevlink {
  /** Sort of the paths. */
  kind?: "by-id" | "by-path";
  /** The paths. */
  links?: string[];
}

/** What is on it, if anything. */
export interface BlockDeviceSpecFilesystem {
  /** File system or other signature that was found; empty: none. */
  fsType?: string;
  /** Where it is mounted; empty: nowhere. */
  mountPoint?: string;
}

/** Where it is. */
export interface BlockDeviceSpecNodeAttributes {
  /** Name of the node. */
  nodeName?: string;
}

/** Whether it is there and whose it is. */
export interface BlockDeviceStatus {
  /** Unclaimed, Claimed, or Released: no longer claimed and not yet cleaned. */
  claimState: "Claimed" | "Unclaimed" | "Released";
  /** What is the case, one entry per type. */
  conditions?: BlockDeviceStatusCondition[];
  /** Active, Inactive (gone from its node) or Unknown (the node does not report). */
  state: "Active" | "Inactive" | "Unknown";
}

/** One condition. */
export interface BlockDeviceStatusCondition {
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
  /** What a person should know of the device. */
  type: string;
}

/** For src/api/validate.ts. */
export const blockDeviceSchema = {
 "type": "object",
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "required": ["capacity","devlinks","nodeAttributes","path"],
   "properties": {
    "aggregateDevice": {"type":"string"},
    "capacity": {
     "type": "object",
     "required": ["storage"],
     "properties": {
      "logicalSectorSize": {"type":"integer","format":"int32"},
      "physicalSectorSize": {"type":"integer","format":"int32"},
      "storage": {"type":"integer","format":"int64","minimum":0}
     }
    },
    "claimRef": {
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
    "details": {
     "type": "object",
     "properties": {
      "compliance": {"type":"string"},
      "deviceType": {"type":"string","enum":["disk","partition","sparse","loop","lvm","crypt","dm","mpath"]},
      "driveType": {"type":"string","enum":["HDD","SSD","Unknown",""]},
      "firmwareRevision": {"type":"string"},
      "hardwareSectorSize": {"type":"integer","format":"int32"},
      "logicalBlockSize": {"type":"integer","format":"int32"},
      "model": {"type":"string"},
      "physicalBlockSize": {"type":"integer","format":"int32"},
      "serial": {"type":"string"},
      "vendor": {"type":"string"}
     }
    },
    "devlinks": {
     "type": "array",
     "items": {
      "type": "object",
      "properties": {"kind":{"type":"string","enum":["by-id","by-path"]},"links":{"type":"array","items":{"type":"string"}}}
     }
    },
    "filesystem": {"type":"object","properties":{"fsType":{"type":"string"},"mountPoint":{"type":"string"}}},
    "nodeAttributes": {"type":"object","properties":{"nodeName":{"type":"string","maxLength":253}}},
    "parentDevice": {"type":"string"},
    "partitioned": {"type":"string","enum":["Yes","No"]},
    "path": {"type":"string","maxLength":4096}
   }
  },
  "status": {
   "type": "object",
   "required": ["claimState","state"],
   "properties": {
    "claimState": {"type":"string","enum":["Claimed","Unclaimed","Released"]},
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
    "state": {"type":"string","enum":["Active","Inactive","Unknown"]}
   }
  }
 }
};
