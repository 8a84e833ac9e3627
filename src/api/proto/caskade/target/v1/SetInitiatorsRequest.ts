// Original file: proto/target.proto


export interface SetInitiatorsRequest {
  'iqns'?: (string)[];
}

export interface SetInitiatorsRequestRead {
  'iqns': (string)[];
}
