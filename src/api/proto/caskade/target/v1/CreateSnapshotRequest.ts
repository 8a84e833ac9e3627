// Original file: proto/target.proto

import type { Long } from '@grpc/proto-loader';

export interface CreateSnapshotRequest {
  /**
   * 1 to 128 letters, digits and ._:-, the first a letter or digit.
   */
  'name'?: (string);
  /**
   * Milliseconds since 1970, by the clock of who asks: the target has none.
   */
  'createdMs'?: (number | string | Long);
}

export interface CreateSnapshotRequestRead {
  /**
   * 1 to 128 letters, digits and ._:-, the first a letter or digit.
   */
  'name': (string);
  /**
   * Milliseconds since 1970, by the clock of who asks: the target has none.
   */
  'createdMs': (number);
}
