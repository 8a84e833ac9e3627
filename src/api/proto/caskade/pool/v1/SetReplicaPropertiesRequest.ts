// Original file: proto/pool.proto


export interface SetReplicaPropertiesRequest {
  'volume'?: (string);
  'replicaId'?: (string);
  /**
   * lz4, zstd or off: of what is written from now on.
   */
  'compression'?: (string);
  /**
   * 1 to 19, of zstd; 0: 3.
   */
  'zstdLevel'?: (number);
}

export interface SetReplicaPropertiesRequestRead {
  'volume': (string);
  'replicaId': (string);
  /**
   * lz4, zstd or off: of what is written from now on.
   */
  'compression': (string);
  /**
   * 1 to 19, of zstd; 0: 3.
   */
  'zstdLevel': (number);
}
