// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface CreateReplicaRequest {
  'volume'?: (string);
  'replicaId'?: (string);
  'sizeBytes'?: (number | string | Long);
}

export interface CreateReplicaRequestRead {
  'volume': (string);
  'replicaId': (string);
  'sizeBytes': (number);
}
