// Original file: null

import type { MethodDescriptorProto as _google_protobuf_MethodDescriptorProto, MethodDescriptorProtoRead as _google_protobuf_MethodDescriptorProtoRead } from '../../google/protobuf/MethodDescriptorProto.ts';
import type { ServiceOptions as _google_protobuf_ServiceOptions, ServiceOptionsRead as _google_protobuf_ServiceOptionsRead } from '../../google/protobuf/ServiceOptions.ts';

export interface ServiceDescriptorProto {
  'name'?: (string);
  'method'?: (_google_protobuf_MethodDescriptorProto)[];
  'options'?: (_google_protobuf_ServiceOptions | null);
}

export interface ServiceDescriptorProtoRead {
  'name': (string);
  'method': (_google_protobuf_MethodDescriptorProtoRead)[];
  'options': (_google_protobuf_ServiceOptionsRead | null);
}
