// Original file: null

import type { DescriptorProto as _google_protobuf_DescriptorProto, DescriptorProtoRead as _google_protobuf_DescriptorProtoRead } from '../../google/protobuf/DescriptorProto.ts';
import type { EnumDescriptorProto as _google_protobuf_EnumDescriptorProto, EnumDescriptorProtoRead as _google_protobuf_EnumDescriptorProtoRead } from '../../google/protobuf/EnumDescriptorProto.ts';
import type { ServiceDescriptorProto as _google_protobuf_ServiceDescriptorProto, ServiceDescriptorProtoRead as _google_protobuf_ServiceDescriptorProtoRead } from '../../google/protobuf/ServiceDescriptorProto.ts';
import type { FieldDescriptorProto as _google_protobuf_FieldDescriptorProto, FieldDescriptorProtoRead as _google_protobuf_FieldDescriptorProtoRead } from '../../google/protobuf/FieldDescriptorProto.ts';
import type { FileOptions as _google_protobuf_FileOptions, FileOptionsRead as _google_protobuf_FileOptionsRead } from '../../google/protobuf/FileOptions.ts';
import type { SourceCodeInfo as _google_protobuf_SourceCodeInfo, SourceCodeInfoRead as _google_protobuf_SourceCodeInfoRead } from '../../google/protobuf/SourceCodeInfo.ts';
import type { Edition as _google_protobuf_Edition, EditionRead as _google_protobuf_EditionRead } from '../../google/protobuf/Edition.ts';

export interface FileDescriptorProto {
  'name'?: (string);
  'package'?: (string);
  'dependency'?: (string)[];
  'messageType'?: (_google_protobuf_DescriptorProto)[];
  'enumType'?: (_google_protobuf_EnumDescriptorProto)[];
  'service'?: (_google_protobuf_ServiceDescriptorProto)[];
  'extension'?: (_google_protobuf_FieldDescriptorProto)[];
  'options'?: (_google_protobuf_FileOptions | null);
  'sourceCodeInfo'?: (_google_protobuf_SourceCodeInfo | null);
  'publicDependency'?: (number)[];
  'weakDependency'?: (number)[];
  'syntax'?: (string);
  'edition'?: (_google_protobuf_Edition);
  'optionDependency'?: (string)[];
}

export interface FileDescriptorProtoRead {
  'name': (string);
  'package': (string);
  'dependency': (string)[];
  'messageType': (_google_protobuf_DescriptorProtoRead)[];
  'enumType': (_google_protobuf_EnumDescriptorProtoRead)[];
  'service': (_google_protobuf_ServiceDescriptorProtoRead)[];
  'extension': (_google_protobuf_FieldDescriptorProtoRead)[];
  'options': (_google_protobuf_FileOptionsRead | null);
  'sourceCodeInfo': (_google_protobuf_SourceCodeInfoRead | null);
  'publicDependency': (number)[];
  'weakDependency': (number)[];
  'syntax': (string);
  'edition': (_google_protobuf_EditionRead);
  'optionDependency': (string)[];
}
