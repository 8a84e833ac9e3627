// Original file: proto/target.proto

import type { Long } from '@grpc/proto-loader';

export interface Rebuild {
  'percent'?: (number | string);
  'bytesPerSecond'?: (number | string | Long);
  'etaSeconds'?: (number | string | Long);
}

export interface RebuildRead {
  'percent': (number);
  'bytesPerSecond': (number);
  'etaSeconds': (number);
}
