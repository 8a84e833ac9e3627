// Original file: proto/pool.proto

import type { PoolPhase as _caskade_pool_v1_PoolPhase, PoolPhaseRead as _caskade_pool_v1_PoolPhaseRead } from '../../../caskade/pool/v1/PoolPhase.ts';
import type { Device as _caskade_pool_v1_Device, DeviceRead as _caskade_pool_v1_DeviceRead } from '../../../caskade/pool/v1/Device.ts';
import type { Replica as _caskade_pool_v1_Replica, ReplicaRead as _caskade_pool_v1_ReplicaRead } from '../../../caskade/pool/v1/Replica.ts';
import type { DeviceGroup as _caskade_pool_v1_DeviceGroup, DeviceGroupRead as _caskade_pool_v1_DeviceGroupRead } from '../../../caskade/pool/v1/DeviceGroup.ts';
import type { PoolProperties as _caskade_pool_v1_PoolProperties, PoolPropertiesRead as _caskade_pool_v1_PoolPropertiesRead } from '../../../caskade/pool/v1/PoolProperties.ts';
import type { Resilver as _caskade_pool_v1_Resilver, ResilverRead as _caskade_pool_v1_ResilverRead } from '../../../caskade/pool/v1/Resilver.ts';
import type { Scrub as _caskade_pool_v1_Scrub, ScrubRead as _caskade_pool_v1_ScrubRead } from '../../../caskade/pool/v1/Scrub.ts';
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
  /**
   * stripe, mirror, raidz, raidz2.
   */
  'layout'?: (string);
  'dataGroups'?: (_caskade_pool_v1_DeviceGroup)[];
  'logGroups'?: (_caskade_pool_v1_DeviceGroup)[];
  'properties'?: (_caskade_pool_v1_PoolProperties | null);
  /**
   * Devices that are being copied to.
   */
  'resilvers'?: (_caskade_pool_v1_Resilver)[];
  /**
   * Absent: none since the pool was made.
   */
  'scrub'?: (_caskade_pool_v1_Scrub | null);
  /**
   * What GrowDevices would add: devices have grown.
   */
  'growableBytes'?: (number | string | Long);
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
  /**
   * stripe, mirror, raidz, raidz2.
   */
  'layout': (string);
  'dataGroups': (_caskade_pool_v1_DeviceGroupRead)[];
  'logGroups': (_caskade_pool_v1_DeviceGroupRead)[];
  'properties': (_caskade_pool_v1_PoolPropertiesRead | null);
  /**
   * Devices that are being copied to.
   */
  'resilvers': (_caskade_pool_v1_ResilverRead)[];
  /**
   * Absent: none since the pool was made.
   */
  'scrub': (_caskade_pool_v1_ScrubRead | null);
  /**
   * What GrowDevices would add: devices have grown.
   */
  'growableBytes': (number);
}
