// Original file: proto/pool.proto

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
}
