// Original file: proto/pluginregistration.proto


export interface RegistrationStatus {
  /**
   * Whether the kubelet has taken the plugin.
   */
  'pluginRegistered'?: (boolean);
  /**
   * Why not.
   */
  'error'?: (string);
}

export interface RegistrationStatusRead {
  /**
   * Whether the kubelet has taken the plugin.
   */
  'pluginRegistered': (boolean);
  /**
   * Why not.
   */
  'error': (string);
}
