// Original file: proto/pluginregistration.proto


export interface PluginInfo {
  /**
   * CSIPlugin
   */
  'type'?: (string);
  /**
   * Name of the CSI driver.
   */
  'name'?: (string);
  /**
   * Path of the plugin's own socket as the kubelet sees it; empty: the same as this one.
   */
  'endpoint'?: (string);
  /**
   * Versions of the plugin's API (CSI) that it serves.
   */
  'supportedVersions'?: (string)[];
}

export interface PluginInfoRead {
  /**
   * CSIPlugin
   */
  'type': (string);
  /**
   * Name of the CSI driver.
   */
  'name': (string);
  /**
   * Path of the plugin's own socket as the kubelet sees it; empty: the same as this one.
   */
  'endpoint': (string);
  /**
   * Versions of the plugin's API (CSI) that it serves.
   */
  'supportedVersions': (string)[];
}
