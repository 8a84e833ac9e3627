// Original file: proto/pool.proto


export interface ReadReplicaRequest {
  'volume'?: (string);
  /**
   * Of a user; empty: the volume as it is now. NOT_FOUND.
   */
  'snapshot'?: (string);
}

export interface ReadReplicaRequestRead {
  'volume': (string);
  /**
   * Of a user; empty: the volume as it is now. NOT_FOUND.
   */
  'snapshot': (string);
}
