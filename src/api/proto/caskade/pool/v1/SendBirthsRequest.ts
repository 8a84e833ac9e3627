// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface SendBirthsRequest {
  'volume'?: (string);
  /**
   * Only what was born after it; 0: everything.
   */
  'after'?: (number | string | Long);
  /**
   * As of this snapshot; empty: as of now.
   */
  'snapshot'?: (string);
}

export interface SendBirthsRequestRead {
  'volume': (string);
  /**
   * Only what was born after it; 0: everything.
   */
  'after': (number);
  /**
   * As of this snapshot; empty: as of now.
   */
  'snapshot': (string);
}
