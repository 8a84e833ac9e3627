// Generated from crds/cstorvolumeattachments.yaml by `make crds`. Do not edit.
import type { ObjectMeta } from '../object-meta.ts';

/** One volume on one node, named <volume>-<node>: what the CSI node needs to attach it again. Labels nodeID and Volname find it. */
export interface CStorVolumeAttachment {
  /** Group and version of this form of the object. */
  apiVersion?: string;
  /** CStorVolumeAttachment. */
  kind?: string;
  metadata: ObjectMeta;
  /** How and where it is attached. */
  spec: CStorVolumeAttachmentSpec;
  /** Empty, MountUnderProgress, Mounted, Raw, ResizeInProgress, MountFailed, UnmountUnderProgress, Unmounted, WaitingForCVCBound, WaitingForVolumeToBeReady or RemountUnderProgress. */
  status?: string;
}

/** How and where it is attached. */
export interface CStorVolumeAttachmentSpec {
  /** The target. */
  iscsi: CStorVolumeAttachmentSpecIscsi;
  /** The volume on the node. */
  volume: CStorVolumeAttachmentSpecVolume;
}

/** The target. */
export interface CStorVolumeAttachmentSpecIscsi {
  /** iSCSI name of the target. */
  iqn?: string;
  /** Interface of open-iscsi, default. */
  iscsiInterface?: string;
  /** Logical unit, as a string: 0. */
  lun?: string;
  /** Address and port of the portal, such as 10.0.0.7:3260. */
  targetPortal?: string;
}

/** The volume on the node. */
export interface CStorVolumeAttachmentSpecVolume {
  /** Access modes of the claim. */
  accessModes?: string[];
  /** mount or block. */
  accessType?: string;
  /** Size, such as 5Gi. */
  capacity?: string;
  /** Path of the disk on the node, such as /dev/sdb. */
  devicePath?: string;
  /** File system, such as ext4. */
  fsType?: string;
  /** Options that it is mounted with. */
  mountOptions?: string[];
  /** Name of the volume. */
  name: string;
  /** The node. */
  ownerNodeID: string;
  /** Mounted read-only. */
  readOnly?: boolean;
  /** Where the kubelet has it staged. */
  stagingTargetPath?: string;
  /** Where the pod has it. */
  targetPath?: string;
}

/** For src/api/validate.ts. */
export const cstorVolumeAttachmentSchema = {
 "type": "object",
 "required": ["spec"],
 "properties": {
  "apiVersion": {"type":"string"},
  "kind": {"type":"string"},
  "metadata": {"type":"object"},
  "spec": {
   "type": "object",
   "required": ["iscsi","volume"],
   "properties": {
    "iscsi": {
     "type": "object",
     "properties": {
      "iqn": {"type":"string","maxLength":223},
      "iscsiInterface": {"type":"string"},
      "lun": {"type":"string"},
      "targetPortal": {"type":"string"}
     }
    },
    "volume": {
     "type": "object",
     "required": ["name","ownerNodeID"],
     "properties": {
      "accessModes": {"type":"array","items":{"type":"string"}},
      "accessType": {"type":"string"},
      "capacity": {"type":"string"},
      "devicePath": {"type":"string"},
      "fsType": {"type":"string"},
      "mountOptions": {"type":"array","items":{"type":"string"}},
      "name": {"type":"string","maxLength":253},
      "ownerNodeID": {"type":"string","maxLength":253},
      "readOnly": {"type":"boolean"},
      "stagingTargetPath": {"type":"string"},
      "targetPath": {"type":"string"}
     }
    }
   }
  },
  "status": {"type":"string"}
 }
};
