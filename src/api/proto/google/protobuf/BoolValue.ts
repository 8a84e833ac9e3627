// Original file: null


export interface BoolValue {
  'value'?: (boolean);
}

export interface BoolValueRead {
  'value': (boolean);
}
