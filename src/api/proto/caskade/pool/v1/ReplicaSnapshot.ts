// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface ReplicaSnapshot {
  'name'?: (string);
  'number'?: (number | string | Long);
  /**
   * Bytes of the blocks that hold data in it.
   */
  'logicalBytes'?: (number | string | Long);
}

export interface ReplicaSnapshotRead {
  'name': (string);
  'number': (number);
  /**
   * Bytes of the blocks that hold data in it.
   */
  'logicalBytes': (number);
}
