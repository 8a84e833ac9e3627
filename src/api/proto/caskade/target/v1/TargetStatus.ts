// Original file: proto/target.proto

import type { ReplicaStatus as _caskade_target_v1_ReplicaStatus, ReplicaStatusRead as _caskade_target_v1_ReplicaStatusRead } from '../../../caskade/target/v1/ReplicaStatus.ts';
import type { VolumeScrub as _caskade_target_v1_VolumeScrub, VolumeScrubRead as _caskade_target_v1_VolumeScrubRead } from '../../../caskade/target/v1/VolumeScrub.ts';
import type { Snapshot as _caskade_target_v1_Snapshot, SnapshotRead as _caskade_target_v1_SnapshotRead } from '../../../caskade/target/v1/Snapshot.ts';
import type { InitiatorSession as _caskade_target_v1_InitiatorSession, InitiatorSessionRead as _caskade_target_v1_InitiatorSessionRead } from '../../../caskade/target/v1/InitiatorSession.ts';
import type { Long } from '@grpc/proto-loader';

export interface TargetStatus {
  'volume'?: (string);
  /**
   * Init, Healthy, Degraded, Offline.
   */
  'phase'?: (string);
  'epoch'?: (number | string | Long);
  /**
   * Number of the newest entry, and of the last completed flush.
   */
  'last'?: (number | string | Long);
  'flushed'?: (number | string | Long);
  'sizeBytes'?: (number | string | Long);
  'replicas'?: (_caskade_target_v1_ReplicaStatus)[];
  /**
   * Initiators that may log in; meaningful when the target was started with `granted`.
   */
  'initiators'?: (string)[];
  /**
   * Initiators that are logged in, each once.
   */
  'sessions'?: (string)[];
  /**
   * Acknowledged writes that were never flushed may be gone since this epoch (R5); 0: never happened in this process.
   */
  'unflushedWritesLostEpoch'?: (number | string | Long);
  /**
   * One line that says why it is not Healthy.
   */
  'message'?: (string);
  'version'?: (string);
  /**
   * Version of the membership record in force; of one that is asked for or under way (0: none); whether a quorum has
   * noted the one in force, so that what was removed may be deleted.
   */
  'membershipVersion'?: (number | string | Long);
  'membershipNext'?: (number | string | Long);
  'membershipSettled'?: (boolean);
  'scrub'?: (_caskade_target_v1_VolumeScrub | null);
  /**
   * Of users, durable, ascending by number.
   */
  'snapshots'?: (_caskade_target_v1_Snapshot)[];
  /**
   * Every iSCSI session, discovery sessions too, by initiator and ISID.
   */
  'initiatorSessions'?: (_caskade_target_v1_InitiatorSession)[];
}

export interface TargetStatusRead {
  'volume': (string);
  /**
   * Init, Healthy, Degraded, Offline.
   */
  'phase': (string);
  'epoch': (number);
  /**
   * Number of the newest entry, and of the last completed flush.
   */
  'last': (number);
  'flushed': (number);
  'sizeBytes': (number);
  'replicas': (_caskade_target_v1_ReplicaStatusRead)[];
  /**
   * Initiators that may log in; meaningful when the target was started with `granted`.
   */
  'initiators': (string)[];
  /**
   * Initiators that are logged in, each once.
   */
  'sessions': (string)[];
  /**
   * Acknowledged writes that were never flushed may be gone since this epoch (R5); 0: never happened in this process.
   */
  'unflushedWritesLostEpoch': (number);
  /**
   * One line that says why it is not Healthy.
   */
  'message': (string);
  'version': (string);
  /**
   * Version of the membership record in force; of one that is asked for or under way (0: none); whether a quorum has
   * noted the one in force, so that what was removed may be deleted.
   */
  'membershipVersion': (number);
  'membershipNext': (number);
  'membershipSettled': (boolean);
  'scrub': (_caskade_target_v1_VolumeScrubRead | null);
  /**
   * Of users, durable, ascending by number.
   */
  'snapshots': (_caskade_target_v1_SnapshotRead)[];
  /**
   * Every iSCSI session, discovery sessions too, by initiator and ISID.
   */
  'initiatorSessions': (_caskade_target_v1_InitiatorSessionRead)[];
}
