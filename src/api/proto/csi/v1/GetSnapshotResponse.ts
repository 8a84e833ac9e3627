// Original file: proto/csi.proto

import type { Snapshot as _csi_v1_Snapshot, SnapshotRead as _csi_v1_SnapshotRead } from '../../csi/v1/Snapshot.ts';

export interface GetSnapshotResponse {
  /**
   * This field is REQUIRED
   */
  'snapshot'?: (_csi_v1_Snapshot | null);
}

export interface GetSnapshotResponseRead {
  /**
   * This field is REQUIRED
   */
  'snapshot': (_csi_v1_SnapshotRead | null);
}
