// Original file: null


export interface FloatValue {
  'value'?: (number | string);
}

export interface FloatValueRead {
  'value': (number);
}
