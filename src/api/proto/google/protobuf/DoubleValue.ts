// Original file: null


export interface DoubleValue {
  'value'?: (number | string);
}

export interface DoubleValueRead {
  'value': (number);
}
