// Original file: proto/pool.proto

import type { BirthChunk as _caskade_pool_v1_BirthChunk, BirthChunkRead as _caskade_pool_v1_BirthChunkRead } from '../../../caskade/pool/v1/BirthChunk.ts';

export interface ReceiveBirthsRequest {
  'volume'?: (string);
  'chunk'?: (_caskade_pool_v1_BirthChunk | null);
  /**
   * With the last chunk: a snapshot of this name is taken.
   */
  'snapshot'?: (string);
}

export interface ReceiveBirthsRequestRead {
  'volume': (string);
  'chunk': (_caskade_pool_v1_BirthChunkRead | null);
  /**
   * With the last chunk: a snapshot of this name is taken.
   */
  'snapshot': (string);
}
