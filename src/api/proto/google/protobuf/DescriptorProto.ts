// Original file: null

import type { FieldDescriptorProto as _google_protobuf_FieldDescriptorProto, FieldDescriptorProtoRead as _google_protobuf_FieldDescriptorProtoRead } from '../../google/protobuf/FieldDescriptorProto.ts';
import type { DescriptorProto as _google_protobuf_DescriptorProto, DescriptorProtoRead as _google_protobuf_DescriptorProtoRead } from '../../google/protobuf/DescriptorProto.ts';
import type { EnumDescriptorProto as _google_protobuf_EnumDescriptorProto, EnumDescriptorProtoRead as _google_protobuf_EnumDescriptorProtoRead } from '../../google/protobuf/EnumDescriptorProto.ts';
import type { MessageOptions as _google_protobuf_MessageOptions, MessageOptionsRead as _google_protobuf_MessageOptionsRead } from '../../google/protobuf/MessageOptions.ts';
import type { OneofDescriptorProto as _google_protobuf_OneofDescriptorProto, OneofDescriptorProtoRead as _google_protobuf_OneofDescriptorProtoRead } from '../../google/protobuf/OneofDescriptorProto.ts';
import type { SymbolVisibility as _google_protobuf_SymbolVisibility, SymbolVisibilityRead as _google_protobuf_SymbolVisibilityRead } from '../../google/protobuf/SymbolVisibility.ts';
import type { ExtensionRangeOptions as _google_protobuf_ExtensionRangeOptions, ExtensionRangeOptionsRead as _google_protobuf_ExtensionRangeOptionsRead } from '../../google/protobuf/ExtensionRangeOptions.ts';

export interface _google_protobuf_DescriptorProto_ExtensionRange {
  'start'?: (number);
  'end'?: (number);
  'options'?: (_google_protobuf_ExtensionRangeOptions | null);
}

export interface _google_protobuf_DescriptorProto_ExtensionRangeRead {
  'start': (number);
  'end': (number);
  'options': (_google_protobuf_ExtensionRangeOptionsRead | null);
}

export interface _google_protobuf_DescriptorProto_ReservedRange {
  'start'?: (number);
  'end'?: (number);
}

export interface _google_protobuf_DescriptorProto_ReservedRangeRead {
  'start': (number);
  'end': (number);
}

export interface DescriptorProto {
  'name'?: (string);
  'field'?: (_google_protobuf_FieldDescriptorProto)[];
  'nestedType'?: (_google_protobuf_DescriptorProto)[];
  'enumType'?: (_google_protobuf_EnumDescriptorProto)[];
  'extensionRange'?: (_google_protobuf_DescriptorProto_ExtensionRange)[];
  'extension'?: (_google_protobuf_FieldDescriptorProto)[];
  'options'?: (_google_protobuf_MessageOptions | null);
  'oneofDecl'?: (_google_protobuf_OneofDescriptorProto)[];
  'reservedRange'?: (_google_protobuf_DescriptorProto_ReservedRange)[];
  'reservedName'?: (string)[];
  'visibility'?: (_google_protobuf_SymbolVisibility);
}

export interface DescriptorProtoRead {
  'name': (string);
  'field': (_google_protobuf_FieldDescriptorProtoRead)[];
  'nestedType': (_google_protobuf_DescriptorProtoRead)[];
  'enumType': (_google_protobuf_EnumDescriptorProtoRead)[];
  'extensionRange': (_google_protobuf_DescriptorProto_ExtensionRangeRead)[];
  'extension': (_google_protobuf_FieldDescriptorProtoRead)[];
  'options': (_google_protobuf_MessageOptionsRead | null);
  'oneofDecl': (_google_protobuf_OneofDescriptorProtoRead)[];
  'reservedRange': (_google_protobuf_DescriptorProto_ReservedRangeRead)[];
  'reservedName': (string)[];
  'visibility': (_google_protobuf_SymbolVisibilityRead);
}
