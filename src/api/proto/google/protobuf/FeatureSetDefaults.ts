// Original file: null

import type { Edition as _google_protobuf_Edition, EditionRead as _google_protobuf_EditionRead } from '../../google/protobuf/Edition.ts';
import type { FeatureSet as _google_protobuf_FeatureSet, FeatureSetRead as _google_protobuf_FeatureSetRead } from '../../google/protobuf/FeatureSet.ts';

export interface _google_protobuf_FeatureSetDefaults_FeatureSetEditionDefault {
  'edition'?: (_google_protobuf_Edition);
  'overridableFeatures'?: (_google_protobuf_FeatureSet | null);
  'fixedFeatures'?: (_google_protobuf_FeatureSet | null);
}

export interface _google_protobuf_FeatureSetDefaults_FeatureSetEditionDefaultRead {
  'edition': (_google_protobuf_EditionRead);
  'overridableFeatures': (_google_protobuf_FeatureSetRead | null);
  'fixedFeatures': (_google_protobuf_FeatureSetRead | null);
}

export interface FeatureSetDefaults {
  'defaults'?: (_google_protobuf_FeatureSetDefaults_FeatureSetEditionDefault)[];
  'minimumEdition'?: (_google_protobuf_Edition);
  'maximumEdition'?: (_google_protobuf_Edition);
}

export interface FeatureSetDefaultsRead {
  'defaults': (_google_protobuf_FeatureSetDefaults_FeatureSetEditionDefaultRead)[];
  'minimumEdition': (_google_protobuf_EditionRead);
  'maximumEdition': (_google_protobuf_EditionRead);
}
