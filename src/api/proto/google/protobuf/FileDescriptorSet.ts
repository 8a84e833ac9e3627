// Original file: null

import type { FileDescriptorProto as _google_protobuf_FileDescriptorProto, FileDescriptorProtoRead as _google_protobuf_FileDescriptorProtoRead } from '../../google/protobuf/FileDescriptorProto.ts';

export interface FileDescriptorSet {
  'file'?: (_google_protobuf_FileDescriptorProto)[];
}

export interface FileDescriptorSetRead {
  'file': (_google_protobuf_FileDescriptorProtoRead)[];
}
