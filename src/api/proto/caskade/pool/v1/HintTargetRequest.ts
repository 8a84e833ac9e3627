// Original file: proto/pool.proto


export interface HintTargetRequest {
  'volume'?: (string);
  /**
   * As the target calls itself: the name of its pod.
   */
  'instance'?: (string);
  /**
   * 1 to 60.
   */
  'seconds'?: (number);
}

export interface HintTargetRequestRead {
  'volume': (string);
  /**
   * As the target calls itself: the name of its pod.
   */
  'instance': (string);
  /**
   * 1 to 60.
   */
  'seconds': (number);
}
