// Original file: proto/pool.proto


export interface DestroyPoolRequest {
  'guid'?: (string);
}

export interface DestroyPoolRequestRead {
  'guid': (string);
}
