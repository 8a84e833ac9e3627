// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface CloneReplicaRequest {
  'volume'?: (string);
  /**
   * A user's or the pool's own snapshot of it; else `number`; neither: as it is now.
   */
  'snapshot'?: (string);
  'number'?: (number | string | Long);
  'clone'?: (string);
  'replicaId'?: (string);
  /**
   * As in CreateReplicaRequest.
   */
  'description'?: (string);
}

export interface CloneReplicaRequestRead {
  'volume': (string);
  /**
   * A user's or the pool's own snapshot of it; else `number`; neither: as it is now.
   */
  'snapshot': (string);
  'number': (number);
  'clone': (string);
  'replicaId': (string);
  /**
   * As in CreateReplicaRequest.
   */
  'description': (string);
}
