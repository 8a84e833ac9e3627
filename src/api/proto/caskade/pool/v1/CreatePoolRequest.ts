// Original file: proto/pool.proto


export interface CreatePoolRequest {
  /**
   * Names of devices whose present content may be destroyed.
   */
  'overwrite'?: (string)[];
}

export interface CreatePoolRequestRead {
  /**
   * Names of devices whose present content may be destroyed.
   */
  'overwrite': (string)[];
}
