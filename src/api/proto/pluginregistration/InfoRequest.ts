// Original file: proto/pluginregistration.proto


export interface InfoRequest {
}

export interface InfoRequestRead {
}
