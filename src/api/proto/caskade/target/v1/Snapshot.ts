// Original file: proto/target.proto

import type { Long } from '@grpc/proto-loader';

export interface Snapshot {
  'name'?: (string);
  /**
   * Of the entry whose state it is: with the name it tells which one is meant.
   */
  'number'?: (number | string | Long);
  /**
   * Milliseconds since 1970.
   */
  'createdMs'?: (number | string | Long);
  'sizeBytes'?: (number | string | Long);
}

export interface SnapshotRead {
  'name': (string);
  /**
   * Of the entry whose state it is: with the name it tells which one is meant.
   */
  'number': (number);
  /**
   * Milliseconds since 1970.
   */
  'createdMs': (number);
  'sizeBytes': (number);
}
