// Original file: proto/pool.proto


export interface DeviceGroup {
  /**
   * Names of configured devices, in order.
   */
  'devices'?: (string)[];
}

export interface DeviceGroupRead {
  /**
   * Names of configured devices, in order.
   */
  'devices': (string)[];
}
