// Original file: proto/csi.proto

import type { GroupControllerServiceCapability as _csi_v1_GroupControllerServiceCapability, GroupControllerServiceCapabilityRead as _csi_v1_GroupControllerServiceCapabilityRead } from '../../csi/v1/GroupControllerServiceCapability.ts';

export interface GroupControllerGetCapabilitiesResponse {
  /**
   * All the capabilities that the group controller service supports.
   * This field is OPTIONAL.
   */
  'capabilities'?: (_csi_v1_GroupControllerServiceCapability)[];
}

export interface GroupControllerGetCapabilitiesResponseRead {
  /**
   * All the capabilities that the group controller service supports.
   * This field is OPTIONAL.
   */
  'capabilities': (_csi_v1_GroupControllerServiceCapabilityRead)[];
}
