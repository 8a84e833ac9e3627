// Original file: null

import type { EnumValueOptions as _google_protobuf_EnumValueOptions, EnumValueOptionsRead as _google_protobuf_EnumValueOptionsRead } from '../../google/protobuf/EnumValueOptions.ts';

export interface EnumValueDescriptorProto {
  'name'?: (string);
  'number'?: (number);
  'options'?: (_google_protobuf_EnumValueOptions | null);
}

export interface EnumValueDescriptorProtoRead {
  'name': (string);
  'number': (number);
  'options': (_google_protobuf_EnumValueOptionsRead | null);
}
