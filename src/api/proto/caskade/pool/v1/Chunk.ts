// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface Chunk {
  'offset'?: (number | string | Long);
  'data'?: (Buffer | Uint8Array | string);
  /**
   * In every chunk: the size of the volume and the number whose content this is.
   */
  'sizeBytes'?: (number | string | Long);
  'number'?: (number | string | Long);
}

export interface ChunkRead {
  'offset': (number);
  'data': (Buffer);
  /**
   * In every chunk: the size of the volume and the number whose content this is.
   */
  'sizeBytes': (number);
  'number': (number);
}
