// Original file: proto/pool.proto


export interface ReplaceDeviceRequest {
  'old'?: (string);
  'new'?: (string);
  'overwrite'?: (string)[];
}

export interface ReplaceDeviceRequestRead {
  'old': (string);
  'new': (string);
  'overwrite': (string)[];
}
