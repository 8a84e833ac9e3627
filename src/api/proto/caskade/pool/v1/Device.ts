// Original file: proto/pool.proto

import type { Long } from '@grpc/proto-loader';

export interface Device {
  'name'?: (string);
  'path'?: (string);
  'guid'?: (string);
  'online'?: (boolean);
  'reason'?: (string);
  'checksumErrors'?: (number | string | Long);
  'ioErrors'?: (number | string | Long);
}

export interface DeviceRead {
  'name': (string);
  'path': (string);
  'guid': (string);
  'online': (boolean);
  'reason': (string);
  'checksumErrors': (number);
  'ioErrors': (number);
}
