// Original file: proto/target.proto

import type { Long } from '@grpc/proto-loader';

/**
 * Of the last comparison of the replicas in this process.
 */
export interface VolumeScrub {
  /**
   * idle (none yet), running, done.
   */
  'state'?: (string);
  'percent'?: (number | string);
  /**
   * Groups of 1024 blocks that were not the same in all.
   */
  'different'?: (number | string | Long);
  /**
   * Blocks that were written anew as the replicas that are right have them, and blocks that still differ.
   */
  'mendedBlocks'?: (number | string | Long);
  'leftBlocks'?: (number | string | Long);
  /**
   * What it waits for, or the first blocks that are left.
   */
  'message'?: (string);
}

/**
 * Of the last comparison of the replicas in this process.
 */
export interface VolumeScrubRead {
  /**
   * idle (none yet), running, done.
   */
  'state': (string);
  'percent': (number);
  /**
   * Groups of 1024 blocks that were not the same in all.
   */
  'different': (number);
  /**
   * Blocks that were written anew as the replicas that are right have them, and blocks that still differ.
   */
  'mendedBlocks': (number);
  'leftBlocks': (number);
  /**
   * What it waits for, or the first blocks that are left.
   */
  'message': (string);
}
