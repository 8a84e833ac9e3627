// Original file: proto/target.proto

import type { Long } from '@grpc/proto-loader';

export interface ResizeRequest {
  'sizeBytes'?: (number | string | Long);
}

export interface ResizeRequestRead {
  'sizeBytes': (number);
}
