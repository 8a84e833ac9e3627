// Original file: proto/pool.proto

import type { SnapshotSource as _caskade_pool_v1_SnapshotSource, SnapshotSourceRead as _caskade_pool_v1_SnapshotSourceRead } from '../../../caskade/pool/v1/SnapshotSource.ts';
import type { Long } from '@grpc/proto-loader';

export interface CreateReplicaRequest {
  'volume'?: (string);
  'replicaId'?: (string);
  'sizeBytes'?: (number | string | Long);
  /**
   * JSON of what is needed to make the volume's objects anew from the pool alone; kept with the replica, at most 64 KiB.
   * Empty: as it is.
   */
  'description'?: (string);
  'source'?: (_caskade_pool_v1_SnapshotSource | null);
}

export interface CreateReplicaRequestRead {
  'volume': (string);
  'replicaId': (string);
  'sizeBytes': (number);
  /**
   * JSON of what is needed to make the volume's objects anew from the pool alone; kept with the replica, at most 64 KiB.
   * Empty: as it is.
   */
  'description': (string);
  'source': (_caskade_pool_v1_SnapshotSourceRead | null);
}
