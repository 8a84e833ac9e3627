// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface Birth {
  'block'?: (number | string | Long);
  'count'?: (number | string | Long);
  'birth'?: (number | string | Long);
  /**
   * `count` blocks of 4096 bytes; empty: they read as zeros.
   */
  'data'?: (Buffer | Uint8Array | string);
}

export interface BirthRead {
  'block': (number);
  'count': (number);
  'birth': (number);
  /**
   * `count` blocks of 4096 bytes; empty: they read as zeros.
   */
  'data': (Buffer);
}
