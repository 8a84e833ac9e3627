// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface Resilver {
  /**
   * The device that is filled, and the one whose place it takes (empty: its own, it was away).
   */
  'device'?: (string);
  'replaces'?: (string);
  'doneBytes'?: (number | string | Long);
  'totalBytes'?: (number | string | Long);
  'bytesPerSecond'?: (number | string | Long);
  'etaSeconds'?: (number | string | Long);
}

export interface ResilverRead {
  /**
   * The device that is filled, and the one whose place it takes (empty: its own, it was away).
   */
  'device': (string);
  'replaces': (string);
  'doneBytes': (number);
  'totalBytes': (number);
  'bytesPerSecond': (number);
  'etaSeconds': (number);
}
