// Original file: null

import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSetRead as _google_protobuf_FeatureSetRead } from '../../google/protobuf/FeatureSet.ts';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOptionRead as _google_protobuf_UninterpretedOptionRead } from '../../google/protobuf/UninterpretedOption.ts';

export interface OneofOptions {
  'features'?: (_google_protobuf_FeatureSet | null);
  'uninterpretedOption'?: (_google_protobuf_UninterpretedOption)[];
}

export interface OneofOptionsRead {
  'features': (_google_protobuf_FeatureSetRead | null);
  'uninterpretedOption': (_google_protobuf_UninterpretedOptionRead)[];
}
