// Original file: proto/pool.proto


export interface ReadReplicaRequest {
  'volume'?: (string);
}

export interface ReadReplicaRequestRead {
  'volume': (string);
}
