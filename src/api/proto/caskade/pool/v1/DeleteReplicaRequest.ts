// Original file: proto/pool.proto


export interface DeleteReplicaRequest {
  'volume'?: (string);
  'replicaId'?: (string);
  'guid'?: (string);
}

export interface DeleteReplicaRequestRead {
  'volume': (string);
  'replicaId': (string);
  'guid': (string);
}
