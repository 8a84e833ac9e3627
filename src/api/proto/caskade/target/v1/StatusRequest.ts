// Original file: proto/target.proto


export interface StatusRequest {
}

export interface StatusRequestRead {
}
