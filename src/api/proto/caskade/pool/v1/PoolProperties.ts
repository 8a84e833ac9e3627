// Original file: proto/pool.proto


export interface PoolProperties {
  /**
   * Used part in percent from which on users' writes are refused; 100: only when it is full.
   */
  'readOnlyThresholdPercent'?: (number);
  /**
   * lz4, zstd, zstd-1 … zstd-19 or off; for volumes that say nothing themselves.
   */
  'compression'?: (string);
}

export interface PoolPropertiesRead {
  /**
   * Used part in percent from which on users' writes are refused; 100: only when it is full.
   */
  'readOnlyThresholdPercent': (number);
  /**
   * lz4, zstd, zstd-1 … zstd-19 or off; for volumes that say nothing themselves.
   */
  'compression': (string);
}
