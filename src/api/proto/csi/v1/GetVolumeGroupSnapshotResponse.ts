// Original file: proto/csi.proto

import type { VolumeGroupSnapshot as _csi_v1_VolumeGroupSnapshot, VolumeGroupSnapshotRead as _csi_v1_VolumeGroupSnapshotRead } from '../../csi/v1/VolumeGroupSnapshot.ts';

export interface GetVolumeGroupSnapshotResponse {
  /**
   * This field is REQUIRED
   */
  'groupSnapshot'?: (_csi_v1_VolumeGroupSnapshot | null);
}

export interface GetVolumeGroupSnapshotResponseRead {
  /**
   * This field is REQUIRED
   */
  'groupSnapshot': (_csi_v1_VolumeGroupSnapshotRead | null);
}
