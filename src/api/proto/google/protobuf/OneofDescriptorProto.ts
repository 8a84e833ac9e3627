// Original file: null

import type { OneofOptions as _google_protobuf_OneofOptions, OneofOptionsRead as _google_protobuf_OneofOptionsRead } from '../../google/protobuf/OneofOptions.ts';

export interface OneofDescriptorProto {
  'name'?: (string);
  'options'?: (_google_protobuf_OneofOptions | null);
}

export interface OneofDescriptorProtoRead {
  'name': (string);
  'options': (_google_protobuf_OneofOptionsRead | null);
}
