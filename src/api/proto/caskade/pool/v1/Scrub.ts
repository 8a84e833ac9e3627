// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface Scrub {
  /**
   * RUNNING, PAUSED, DONE, STOPPED.
   */
  'state'?: (string);
  'doneBytes'?: (number | string | Long);
  'totalBytes'?: (number | string | Long);
  'bytesPerSecond'?: (number | string | Long);
  'repairedBlocks'?: (number | string | Long);
  'lostBlocks'?: (number | string | Long);
  /**
   * Seconds since 1970; 0: not yet.
   */
  'startedSeconds'?: (number | string | Long);
  'finishedSeconds'?: (number | string | Long);
  'sharePercent'?: (number);
  /**
   * Scrubs begun since the pool was made, this one counted.
   */
  'runs'?: (number);
}

export interface ScrubRead {
  /**
   * RUNNING, PAUSED, DONE, STOPPED.
   */
  'state': (string);
  'doneBytes': (number);
  'totalBytes': (number);
  'bytesPerSecond': (number);
  'repairedBlocks': (number);
  'lostBlocks': (number);
  /**
   * Seconds since 1970; 0: not yet.
   */
  'startedSeconds': (number);
  'finishedSeconds': (number);
  'sharePercent': (number);
  /**
   * Scrubs begun since the pool was made, this one counted.
   */
  'runs': (number);
}
