import { expect, test } from '@jest/globals';
import { descriptionOf } from './description.ts';

test('names, namespace, uid, sizes and class are in it; what the operator made itself is not', () => {
  const volume = {
    config: {
      apiVersion: 'cstor.openebs.io/v1',
      kind: 'CStorVolumeConfig',
      metadata: {
        name: 'pvc-1',
        namespace: 'openebs',
        uid: 'u1',
        annotations: { long: 'x'.repeat(100_000) },
      },
      spec: {
        capacity: { storage: '1Gi' },
        cstorVolumeRef: { name: 'pvc-1' },
        policy: {},
        provision: { capacity: { storage: '1Gi' }, replicaCount: 3 },
      },
      versionDetails: {},
    },
    storageClassRef: 'fast',
    claimName: 'data',
  };
  expect(JSON.parse(descriptionOf(volume))).toEqual({
    claim: 'data',
    storageClass: 'fast',
    config: {
      apiVersion: 'cstor.openebs.io/v1',
      kind: 'CStorVolumeConfig',
      metadata: { name: 'pvc-1', namespace: 'openebs', uid: 'u1' },
      spec: {
        capacity: { storage: '1Gi' },
        policy: {},
        provision: { capacity: { storage: '1Gi' }, replicaCount: 3 },
      },
    },
  });
});
