// Original file: null

import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSetRead as _google_protobuf_FeatureSetRead } from '../../google/protobuf/FeatureSet.ts';
import type { _google_protobuf_FieldOptions_FeatureSupport, _google_protobuf_FieldOptions_FeatureSupportRead } from '../../google/protobuf/FieldOptions.ts';
import type { UninterpretedOption as _google_protobuf_UninterpretedOption, UninterpretedOptionRead as _google_protobuf_UninterpretedOptionRead } from '../../google/protobuf/UninterpretedOption.ts';

export interface EnumValueOptions {
  'deprecated'?: (boolean);
  'features'?: (_google_protobuf_FeatureSet | null);
  'debugRedact'?: (boolean);
  'featureSupport'?: (_google_protobuf_FieldOptions_FeatureSupport | null);
  'uninterpretedOption'?: (_google_protobuf_UninterpretedOption)[];
  '.csi.v1.alphaEnumValue'?: (boolean);
}

export interface EnumValueOptionsRead {
  'deprecated': (boolean);
  'features': (_google_protobuf_FeatureSetRead | null);
  'debugRedact': (boolean);
  'featureSupport': (_google_protobuf_FieldOptions_FeatureSupportRead | null);
  'uninterpretedOption': (_google_protobuf_UninterpretedOptionRead)[];
  '.csi.v1.alphaEnumValue': (boolean);
}
