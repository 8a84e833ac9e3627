// Original file: null

import type { MethodOptions as _google_protobuf_MethodOptions, MethodOptionsRead as _google_protobuf_MethodOptionsRead } from '../../google/protobuf/MethodOptions.ts';

export interface MethodDescriptorProto {
  'name'?: (string);
  'inputType'?: (string);
  'outputType'?: (string);
  'options'?: (_google_protobuf_MethodOptions | null);
  'clientStreaming'?: (boolean);
  'serverStreaming'?: (boolean);
}

export interface MethodDescriptorProtoRead {
  'name': (string);
  'inputType': (string);
  'outputType': (string);
  'options': (_google_protobuf_MethodOptionsRead | null);
  'clientStreaming': (boolean);
  'serverStreaming': (boolean);
}
