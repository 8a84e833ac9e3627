// Original file: proto/csi.proto

import type { VolumeGroupSnapshot as _csi_v1_VolumeGroupSnapshot, VolumeGroupSnapshotRead as _csi_v1_VolumeGroupSnapshotRead } from '../../csi/v1/VolumeGroupSnapshot.ts';

export interface CreateVolumeGroupSnapshotResponse {
  /**
   * Contains all attributes of the newly created group snapshot.
   * This field is REQUIRED.
   */
  'groupSnapshot'?: (_csi_v1_VolumeGroupSnapshot | null);
}

export interface CreateVolumeGroupSnapshotResponseRead {
  /**
   * Contains all attributes of the newly created group snapshot.
   * This field is REQUIRED.
   */
  'groupSnapshot': (_csi_v1_VolumeGroupSnapshotRead | null);
}
