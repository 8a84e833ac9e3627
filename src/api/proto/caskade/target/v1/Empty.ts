// Original file: proto/target.proto


export interface Empty {
}

export interface EmptyRead {
}
