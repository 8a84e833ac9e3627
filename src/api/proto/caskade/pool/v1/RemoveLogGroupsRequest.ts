// Original file: proto/pool.proto


export interface RemoveLogGroupsRequest {
  'devices'?: (string)[];
}

export interface RemoveLogGroupsRequestRead {
  'devices': (string)[];
}
