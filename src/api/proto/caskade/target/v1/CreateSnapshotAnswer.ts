// Original file: proto/target.proto

import type { Snapshot as _caskade_target_v1_Snapshot, SnapshotRead as _caskade_target_v1_SnapshotRead } from '../../../caskade/target/v1/Snapshot.ts';

export interface CreateSnapshotAnswer {
  'snapshot'?: (_caskade_target_v1_Snapshot | null);
  /**
   * It was there before.
   */
  'existed'?: (boolean);
}

export interface CreateSnapshotAnswerRead {
  'snapshot': (_caskade_target_v1_SnapshotRead | null);
  /**
   * It was there before.
   */
  'existed': (boolean);
}
