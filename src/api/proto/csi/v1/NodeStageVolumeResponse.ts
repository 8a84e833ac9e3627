// Original file: proto/csi.proto


export interface NodeStageVolumeResponse {
}

export interface NodeStageVolumeResponseRead {
}
