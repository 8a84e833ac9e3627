// Original file: proto/target.proto


export interface RevertRequest {
  'name'?: (string);
  'removeNewer'?: (boolean);
}

export interface RevertRequestRead {
  'name': (string);
  'removeNewer': (boolean);
}
