// Original file: proto/csi.proto

import type { NodeServiceCapability as _csi_v1_NodeServiceCapability, NodeServiceCapabilityRead as _csi_v1_NodeServiceCapabilityRead } from '../../csi/v1/NodeServiceCapability.ts';

export interface NodeGetCapabilitiesResponse {
  /**
   * All the capabilities that the node service supports. This field
   * is OPTIONAL.
   */
  'capabilities'?: (_csi_v1_NodeServiceCapability)[];
}

export interface NodeGetCapabilitiesResponseRead {
  /**
   * All the capabilities that the node service supports. This field
   * is OPTIONAL.
   */
  'capabilities': (_csi_v1_NodeServiceCapabilityRead)[];
}
