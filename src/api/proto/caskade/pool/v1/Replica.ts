// Original file: proto/pool.proto

import type { ReplicaSnapshot as _caskade_pool_v1_ReplicaSnapshot, ReplicaSnapshotRead as _caskade_pool_v1_ReplicaSnapshotRead } from '../../../caskade/pool/v1/ReplicaSnapshot.ts';
import type { Long } from '@grpc/proto-loader';

export interface Replica {
  'volume'?: (string);
  'replicaId'?: (string);
  'guid'?: (string);
  'sizeBytes'?: (number | string | Long);
  /**
   * Bytes that the head's data and all snapshots occupy, and bytes of the head's content.
   */
  'allocatedBytes'?: (number | string | Long);
  'logicalBytes'?: (number | string | Long);
  /**
   * As last seen by the replica side: Offline (no target), Rebuilding, Degraded (attached, not in sync), Healthy (in sync).
   */
  'state'?: (string);
  'last'?: (number | string | Long);
  'durable'?: (number | string | Long);
  'epoch'?: (number | string | Long);
  /**
   * What CreateReplica was told last.
   */
  'description'?: (string);
  /**
   * Of users, whole in this replica, ascending by number.
   */
  'snapshots'?: (_caskade_pool_v1_ReplicaSnapshot)[];
  /**
   * Blocks that were unreadable here and were given back by another replica of the volume, since the daemon was started.
   */
  'repairedBlocks'?: (number | string | Long);
  /**
   * Of what is written to it now. Empty: a release that does not say.
   */
  'compression'?: (string);
  'zstdLevel'?: (number);
}

export interface ReplicaRead {
  'volume': (string);
  'replicaId': (string);
  'guid': (string);
  'sizeBytes': (number);
  /**
   * Bytes that the head's data and all snapshots occupy, and bytes of the head's content.
   */
  'allocatedBytes': (number);
  'logicalBytes': (number);
  /**
   * As last seen by the replica side: Offline (no target), Rebuilding, Degraded (attached, not in sync), Healthy (in sync).
   */
  'state': (string);
  'last': (number);
  'durable': (number);
  'epoch': (number);
  /**
   * What CreateReplica was told last.
   */
  'description': (string);
  /**
   * Of users, whole in this replica, ascending by number.
   */
  'snapshots': (_caskade_pool_v1_ReplicaSnapshotRead)[];
  /**
   * Blocks that were unreadable here and were given back by another replica of the volume, since the daemon was started.
   */
  'repairedBlocks': (number);
  /**
   * Of what is written to it now. Empty: a release that does not say.
   */
  'compression': (string);
  'zstdLevel': (number);
}
