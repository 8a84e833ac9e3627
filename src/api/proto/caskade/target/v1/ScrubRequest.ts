// Original file: proto/target.proto


export interface ScrubRequest {
}

export interface ScrubRequestRead {
}
