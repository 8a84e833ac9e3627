// Original file: proto/pool.proto


export interface StatusRequest {
}

export interface StatusRequestRead {
}
