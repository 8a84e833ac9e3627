// Original file: proto/csi.proto


export interface GetPluginInfoRequest {
}

export interface GetPluginInfoRequestRead {
}
