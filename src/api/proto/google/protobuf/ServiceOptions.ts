// Original file: null

import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSetRead as _google_protobuf_FeatureSetRead } from '../../google/protobuf/FeatureSet.ts';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOptionRead as _google_protobuf_UninterpretedOptionRead } from '../../google/protobuf/UninterpretedOption.ts';

export interface ServiceOptions {
  'deprecated'?: (boolean);
  'features'?: (_google_protobuf_FeatureSet | null);
  'uninterpretedOption'?: (_google_protobuf_UninterpretedOption)[];
  '.csi.v1.alphaService'?: (boolean);
}

export interface ServiceOptionsRead {
  'deprecated': (boolean);
  'features': (_google_protobuf_FeatureSetRead | null);
  'uninterpretedOption': (_google_protobuf_UninterpretedOptionRead)[];
  '.csi.v1.alphaService': (boolean);
}
