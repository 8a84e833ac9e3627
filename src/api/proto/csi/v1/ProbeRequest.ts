// Original file: proto/csi.proto


export interface ProbeRequest {
}

export interface ProbeRequestRead {
}
