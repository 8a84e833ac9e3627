// Original file: null


export interface StringValue {
  'value'?: (string);
}

export interface StringValueRead {
  'value': (string);
}
