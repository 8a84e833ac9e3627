// Original file: proto/pool.proto

import type { Birth as _caskade_pool_v1_Birth, BirthRead as _caskade_pool_v1_BirthRead } from '../../../caskade/pool/v1/Birth.ts';
import type { Long } from '@grpc/proto-loader';

export interface BirthChunk {
  'births'?: (_caskade_pool_v1_Birth)[];
  'sizeBytes'?: (number | string | Long);
  /**
   * What the receiver has to have, and what it has in the end.
   */
  'after'?: (number | string | Long);
  'number'?: (number | string | Long);
  /**
   * There are no more.
   */
  'last'?: (boolean);
}

export interface BirthChunkRead {
  'births': (_caskade_pool_v1_BirthRead)[];
  'sizeBytes': (number);
  /**
   * What the receiver has to have, and what it has in the end.
   */
  'after': (number);
  'number': (number);
  /**
   * There are no more.
   */
  'last': (boolean);
}
