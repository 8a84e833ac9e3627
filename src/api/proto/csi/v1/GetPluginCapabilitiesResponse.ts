// Original file: proto/csi.proto

import type { PluginCapability as _csi_v1_PluginCapability, PluginCapabilityRead as _csi_v1_PluginCapabilityRead } from '../../csi/v1/PluginCapability.ts';

export interface GetPluginCapabilitiesResponse {
  /**
   * All the capabilities that the controller service supports. This
   * field is OPTIONAL.
   */
  'capabilities'?: (_csi_v1_PluginCapability)[];
}

export interface GetPluginCapabilitiesResponseRead {
  /**
   * All the capabilities that the controller service supports. This
   * field is OPTIONAL.
   */
  'capabilities': (_csi_v1_PluginCapabilityRead)[];
}
