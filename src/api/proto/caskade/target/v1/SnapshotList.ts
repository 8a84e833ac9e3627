// Original file: proto/target.proto

import type { Snapshot as _caskade_target_v1_Snapshot, SnapshotRead as _caskade_target_v1_SnapshotRead } from '../../../caskade/target/v1/Snapshot.ts';

export interface SnapshotList {
  'snapshots'?: (_caskade_target_v1_Snapshot)[];
}

export interface SnapshotListRead {
  'snapshots': (_caskade_target_v1_SnapshotRead)[];
}
