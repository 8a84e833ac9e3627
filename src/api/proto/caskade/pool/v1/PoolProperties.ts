// Original file: proto/pool.proto


export interface PoolProperties {
  /**
   * Used part in percent from which on users' writes are refused; 100: only when it is full.
   */
  'readOnlyThresholdPercent'?: (number);
  /**
   * lz4, zstd or off: of replicas that are made, and of those that have what the pool had.
   */
  'compression'?: (string);
}

export interface PoolPropertiesRead {
  /**
   * Used part in percent from which on users' writes are refused; 100: only when it is full.
   */
  'readOnlyThresholdPercent': (number);
  /**
   * lz4, zstd or off: of replicas that are made, and of those that have what the pool had.
   */
  'compression': (string);
}
