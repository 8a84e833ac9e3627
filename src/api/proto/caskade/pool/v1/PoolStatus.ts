// Original file: proto/pool.proto

import type { PoolPhase as _caskade_pool_v1_PoolPhase, PoolPhaseRead as _caskade_pool_v1_PoolPhaseRead } from '../../../caskade/pool/v1/PoolPhase.ts';
import type { Device as _caskade_pool_v1_Device, DeviceRead as _caskade_pool_v1_DeviceRead } from '../../../caskade/pool/v1/Device.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from '../../../caskade/pool/v1/Replica.ts';
import type { Long } from '@grpc/proto-loader';

export interface PoolStatus {
  'name'?: (string);
  'guid'?: (string);
  'phase'?: (_caskade_pool_v1_PoolPhase);
  /**
   * CamelCase, for conditions: DeviceMissing, DeviceForeign, DuplicateGuid, PoolMismatch, DeviceFailed, …
   */
  'reason'?: (string);
  /**
   * Names the device, what was found and the remedy.
   */
  'message'?: (string);
  'totalBytes'?: (number | string | Long);
  'usedBytes'?: (number | string | Long);
  'freeBytes'?: (number | string | Long);
  'logicalUsedBytes'?: (number | string | Long);
  'readOnly'?: (boolean);
  'devices'?: (_caskade_pool_v1_Device)[];
  'replicas'?: (_caskade_pool_v1_Replica)[];
  'version'?: (string);
}

export interface PoolStatusRead {
  'name': (string);
  'guid': (string);
  'phase': (_caskade_pool_v1_PoolPhaseRead);
  /**
   * CamelCase, for conditions: DeviceMissing, DeviceForeign, DuplicateGuid, PoolMismatch, DeviceFailed, …
   */
  'reason': (string);
  /**
   * Names the device, what was found and the remedy.
   */
  'message': (string);
  'totalBytes': (number);
  'usedBytes': (number);
  'freeBytes': (number);
  'logicalUsedBytes': (number);
  'readOnly': (boolean);
  'devices': (_caskade_pool_v1_DeviceRead)[];
  'replicas': (_caskade_pool_v1_ReplicaRead)[];
  'version': (string);
}
