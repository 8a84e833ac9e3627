// Original file: null

import type { EnumValueDescriptorProto as _google_protobuf_EnumValueDescriptorProto, EnumValueDescriptorProtoRead as _google_protobuf_EnumValueDescriptorProtoRead } from '../../google/protobuf/EnumValueDescriptorProto.ts';
import type { EnumOptions as _google_protobuf_EnumOptions, EnumOptionsRead as _google_protobuf_EnumOptionsRead } from '../../google/protobuf/EnumOptions.ts';
import type { SymbolVisibility as _google_protobuf_SymbolVisibility, SymbolVisibilityRead as _google_protobuf_SymbolVisibilityRead } from '../../google/protobuf/SymbolVisibility.ts';

export interface _google_protobuf_EnumDescriptorProto_EnumReservedRange {
  'start'?: (number);
  'end'?: (number);
}

export interface _google_protobuf_EnumDescriptorProto_EnumReservedRangeRead {
  'start': (number);
  'end': (number);
}

export interface EnumDescriptorProto {
  'name'?: (string);
  'value'?: (_google_protobuf_EnumValueDescriptorProto)[];
  'options'?: (_google_protobuf_EnumOptions | null);
  'reservedRange'?: (_google_protobuf_EnumDescriptorProto_EnumReservedRange)[];
  'reservedName'?: (string)[];
  'visibility'?: (_google_protobuf_SymbolVisibility);
}

export interface EnumDescriptorProtoRead {
  'name': (string);
  'value': (_google_protobuf_EnumValueDescriptorProtoRead)[];
  'options': (_google_protobuf_EnumOptionsRead | null);
  'reservedRange': (_google_protobuf_EnumDescriptorProto_EnumReservedRangeRead)[];
  'reservedName': (string)[];
  'visibility': (_google_protobuf_SymbolVisibilityRead);
}
