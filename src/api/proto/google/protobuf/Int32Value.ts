// Original file: null


export interface Int32Value {
  'value'?: (number);
}

export interface Int32ValueRead {
  'value': (number);
}
