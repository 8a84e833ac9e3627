// Original file: proto/pool.proto


export interface Empty {
}

export interface EmptyRead {
}
