// Original file: proto/pool.proto

import type { DeviceGroup as _caskade_pool_v1_DeviceGroup, DeviceGroupRead as _caskade_pool_v1_DeviceGroupRead } from '../../../caskade/pool/v1/DeviceGroup.ts';

export interface AddGroupsRequest {
  'data'?: (_caskade_pool_v1_DeviceGroup)[];
  'log'?: (_caskade_pool_v1_DeviceGroup)[];
  /**
   * Names of devices whose present content may be destroyed.
   */
  'overwrite'?: (string)[];
}

export interface AddGroupsRequestRead {
  'data': (_caskade_pool_v1_DeviceGroupRead)[];
  'log': (_caskade_pool_v1_DeviceGroupRead)[];
  /**
   * Names of devices whose present content may be destroyed.
   */
  'overwrite': (string)[];
}
