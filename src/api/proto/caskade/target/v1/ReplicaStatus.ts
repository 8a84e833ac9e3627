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
  /**
   * Of its last rebuild under this target: the root of the hash tree by which it was compared with its source before it was
   * trusted, and the number as of which. Empty: none.
   */
  'proofRoot'?: (string);
  'proofNumber'?: (number | string | Long);
  /**
   * Groups of blocks that proofs found different, and that were copied again.
   */
  'mismatches'?: (number | string | Long);
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
  /**
   * Of its last rebuild under this target: the root of the hash tree by which it was compared with its source before it was
   * trusted, and the number as of which. Empty: none.
   */
  'proofRoot': (string);
  'proofNumber': (number);
  /**
   * Groups of blocks that proofs found different, and that were copied again.
   */
  'mismatches': (number);
}
