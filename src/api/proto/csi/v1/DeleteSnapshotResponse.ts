// Original file: proto/csi.proto


export interface DeleteSnapshotResponse {
}

export interface DeleteSnapshotResponseRead {
}
