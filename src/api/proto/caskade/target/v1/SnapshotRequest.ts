// Original file: proto/target.proto


export interface SnapshotRequest {
  'name'?: (string);
}

export interface SnapshotRequestRead {
  'name': (string);
}
