// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface SnapshotSource {
  'volume'?: (string);
  'snapshot'?: (string);
  /**
   * Of the snapshot; 0: the one that has the name now.
   */
  'number'?: (number | string | Long);
}

export interface SnapshotSourceRead {
  'volume': (string);
  'snapshot': (string);
  /**
   * Of the snapshot; 0: the one that has the name now.
   */
  'number': (number);
}
