import { expect, test } from '@jest/globals';
import type { CreateVolumeRequestRead } from '../../api/proto/csi/v1/CreateVolumeRequest.ts';
import type { VolumeCapabilityRead } from '../../api/proto/csi/v1/VolumeCapability.ts';
import { validators } from '../../api/validators.ts';
import { configOf, difference, volumeNameOf, wishOf } from './volume-wish.ts';

const mount = (fsType = '', mode = 'SINGLE_NODE_WRITER'): VolumeCapabilityRead =>
  ({
    accessType: 'mount',
    mount: { fsType, mountFlags: [], volumeMountGroup: '' },
    accessMode: { mode },
  }) as VolumeCapabilityRead;
const block = (): VolumeCapabilityRead =>
  ({
    accessType: 'block',
    block: {},
    accessMode: { mode: 'SINGLE_NODE_SINGLE_WRITER' },
  }) as VolumeCapabilityRead;
const parameters = { 'cas-type': 'cstor', cstorPoolCluster: 'cstor-disk-pool', replicaCount: '3' };
const GiB = 2 ** 30;

const request = (change: Partial<CreateVolumeRequestRead> = {}): CreateVolumeRequestRead => ({
  name: 'pvc-1',
  capacityRange: { requiredBytes: 5 * GiB, limitBytes: 0 },
  volumeCapabilities: [mount()],
  parameters,
  secrets: {},
  volumeContentSource: null,
  accessibilityRequirements: null,
  mutableParameters: {},
  ...change,
});

// prettier-ignore
test.each([
  // what                       change                                                            refused with
  ['as in the manifests',       {},                                                               undefined],
  ['a raw device',              { volumeCapabilities: [block()] },                                undefined],
  ['xfs',                       { volumeCapabilities: [mount('xfs')] },                           undefined],
  ['metadata of the sidecar',   { parameters: { ...parameters, 'csi.storage.k8s.io/pv/name': 'pvc-1' } }, undefined],
  ['keys that are not ours',    { parameters: { ...parameters, 'openebs.io/old': 'x', queue: '1' } }, undefined],
  ['no name',                   { name: '' },                                                     'name is missing'],
  ['no capability',             { volumeCapabilities: [] },                                       'volume_capabilities is missing'],
  ['many writers',              { volumeCapabilities: [mount('', 'MULTI_NODE_MULTI_WRITER')] },   'volume_capabilities[0].access_mode MULTI_NODE_MULTI_WRITER'],
  ['one bad of two',            { volumeCapabilities: [mount(), mount('btrfs')] },                'volume_capabilities[1].mount.fs_type btrfs'],
  ['no cas-type',               { parameters: { ...parameters, 'cas-type': '' } },                'parameters.cas-type is missing: set it to cstor'],
  ['jiva',                      { parameters: { ...parameters, 'cas-type': 'jiva' } },            'parameters.cas-type is "jiva"'],
  ['no pool',                   { parameters: { ...parameters, cstorPoolCluster: '' } },          'parameters.cstorPoolCluster is missing'],
  ['six replicas',              { parameters: { ...parameters, replicaCount: '6' } },             'parameters.replicaCount is "6"'],
  ['replicas in words',         { parameters: { ...parameters, replicaCount: 'three' } },         'parameters.replicaCount is "three"'],
  ['a slip',                    { parameters: { ...parameters, cstorVolumePolcy: 'x' } },         'parameters.cstorVolumePolcy is unknown: use cas-type'],
  ['a source',                  { volumeContentSource: { type: 'volume' } as never },             'volume_content_source'],
  ['less than the least',       { capacityRange: { requiredBytes: 9, limitBytes: 8 } },           'capacity_range 9 to 8'],
] as const)('%s', (_, change, refusal) => {
  expect(outcomeOf(change as Partial<CreateVolumeRequestRead>)).toContain(refusal ?? 'pvc-1 with 3 replicas');
});
function outcomeOf(change: Partial<CreateVolumeRequestRead>): string {
  try {
    const { name, replicaCount } = wishOf(request(change));
    return `${name} with ${replicaCount} replicas`;
  } catch (error) {
    return (error as Error).message;
  }
}

// prettier-ignore
test.each([
  // asked                                                size
  [null,                                                  GiB],
  [{ requiredBytes: 5 * GiB, limitBytes: 0 },             5 * GiB],
  [{ requiredBytes: 5 * GiB + 1, limitBytes: 0 },         6 * GiB],
  [{ requiredBytes: 10, limitBytes: 0 },                  GiB],
  [{ requiredBytes: 10, limitBytes: 20 * 2 ** 20 },       2 ** 20],
  [{ requiredBytes: 1.5 * GiB, limitBytes: 1.5 * GiB },   1.5 * GiB],
] as const)('a range of %j becomes %d bytes', (capacityRange, sizeBytes) => {
  expect(wishOf(request({ capacityRange })).sizeBytes).toBe(sizeBytes);
});

test('a name that is no label becomes a stable one', () => {
  expect(volumeNameOf('pvc-0f1e')).toBe('pvc-0f1e');
  const long = volumeNameOf('x'.repeat(128));
  expect(long).toMatch(/^vol-[0-9a-f]{40}$/);
  expect(volumeNameOf('x'.repeat(128))).toBe(long);
  expect(volumeNameOf('../etc')).toMatch(/^vol-/);
});

test('the object is what the CRD takes and the operator expects', () => {
  const config = configOf(
    wishOf(
      request({
        parameters: {
          ...parameters,
          cstorVolumePolicy: 'fast',
          'csi.storage.k8s.io/pvc/name': 'data-0',
          'csi.storage.k8s.io/pvc/namespace': 'shop',
        },
      }),
    ),
    'openebs',
    '0.1.0',
  );
  expect(validators.cstorVolumeConfig(config)).toBeUndefined();
  expect(config).toMatchObject({
    apiVersion: 'cstor.openebs.io/v1',
    kind: 'CStorVolumeConfig',
    metadata: {
      name: 'pvc-1',
      namespace: 'openebs',
      labels: { 'openebs.io/cstor-pool-cluster': 'cstor-disk-pool' },
      annotations: {
        'openebs.io/volumeID': 'pvc-1',
        'openebs.io/volume-policy': 'fast',
        'openebs.io/persistent-volume-claim': 'data-0',
      },
      finalizers: ['cvc.openebs.io/finalizer'],
    },
    spec: { capacity: { storage: '5Gi' }, provision: { capacity: { storage: '5Gi' }, replicaCount: 3 } },
  });
});

test('the node of the first pod is handed on for the placement', () => {
  const segments = { 'topology.cstor.openebs.io/nodeName': 'node-2', 'kubernetes.io/hostname': 'host-2' };
  const accessibilityRequirements = { requisite: [], preferred: [{ segments }, { segments: {} }] };
  const config = configOf(wishOf(request({ accessibilityRequirements })), 'openebs', '0.1.0');
  expect(config.metadata.annotations?.['volume.kubernetes.io/selected-node']).toBe('node-2');
});

// prettier-ignore
test.each([
  // asked later                                                                      differs in
  [{},                                                                                undefined],
  [{ capacityRange: { requiredBytes: 4 * GiB, limitBytes: 0 } },                      undefined],
  [{ capacityRange: { requiredBytes: 6 * GiB, limitBytes: 0 } },                      'its capacity is 5368709120 bytes'],
  [{ capacityRange: { requiredBytes: 1, limitBytes: 4 * GiB } },                      'its capacity is 5368709120 bytes'],
  [{ parameters: { ...parameters, cstorPoolCluster: 'other' } },                      'its cstorPoolCluster is cstor-disk-pool'],
  [{ parameters: { ...parameters, replicaCount: '1' } },                              'its replicaCount is 3'],
] as const)('the same name again, %j: %s', (change, expected) => {
  const existing = configOf(wishOf(request()), 'openebs', '0.1.0');
  const again = request(change as Partial<CreateVolumeRequestRead>);
  expect(difference(existing, wishOf(again), again.capacityRange)).toBe(expected);
});
