// Original file: proto/target.proto

import type { Rebuild as _caskade_target_v1_Rebuild, RebuildRead as _caskade_target_v1_RebuildRead } from '../../../caskade/target/v1/Rebuild.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReplicaStatus {
  'replicaId'?: (string);
  'guid'?: (string);
  'pool'?: (string);
  /**
   * Offline, Attaching, PoolFull, Rebuilding, Proving, InSync.
   */
  'state'?: (string);
  'last'?: (number | string | Long);
  'durable'?: (number | string | Long);
  'rebuild'?: (_caskade_target_v1_Rebuild | null);
  'message'?: (string);
  /**
   * Seconds since it is connected.
   */
  'upSeconds'?: (number | string | Long);
  'inflightReads'?: (number);
  'inflightWrites'?: (number);
}

export interface ReplicaStatusRead {
  'replicaId': (string);
  'guid': (string);
  'pool': (string);
  /**
   * Offline, Attaching, PoolFull, Rebuilding, Proving, InSync.
   */
  'state': (string);
  'last': (number);
  'durable': (number);
  'rebuild': (_caskade_target_v1_RebuildRead | null);
  'message': (string);
  /**
   * Seconds since it is connected.
   */
  'upSeconds': (number);
  'inflightReads': (number);
  'inflightWrites': (number);
}
