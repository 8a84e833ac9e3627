// Original file: proto/csi.proto

import type { Snapshot as _csi_v1_Snapshot, SnapshotRead as _csi_v1_SnapshotRead } from '../../csi/v1/Snapshot.ts';

export interface CreateSnapshotResponse {
  /**
   * Contains all attributes of the newly created snapshot that are
   * relevant to the CO along with information required by the Plugin
   * to uniquely identify the snapshot. This field is REQUIRED.
   */
  'snapshot'?: (_csi_v1_Snapshot | null);
}

export interface CreateSnapshotResponseRead {
  /**
   * Contains all attributes of the newly created snapshot that are
   * relevant to the CO along with information required by the Plugin
   * to uniquely identify the snapshot. This field is REQUIRED.
   */
  'snapshot': (_csi_v1_SnapshotRead | null);
}
