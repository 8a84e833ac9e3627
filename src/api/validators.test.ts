import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { resources } from './resources.ts';
import { validators } from './validators.ts';

const crds = new URL('../../crds/', import.meta.url);

interface Crd {
  metadata: { name: string };
  spec: {
    group: string;
    scope: string;
    names: { kind: string; plural: string };
    versions: { name: string; schema: { openAPIV3Schema: unknown } }[];
  };
}
const files = readdirSync(crds).map((file) => load(readFileSync(new URL(file, crds), 'utf8')) as Crd);

test('every kind in crds/ has an address and a validator', () => {
  const declared = files.map(({ spec }) => ({
    group: spec.group,
    version: spec.versions[0]?.name,
    kind: spec.names.kind,
    plural: spec.names.plural,
    namespaced: spec.scope === 'Namespaced',
  }));
  const byKind = <T extends { kind: string }>(list: readonly T[]) =>
    list.toSorted((a, b) => a.kind.localeCompare(b.kind));
  expect(byKind(Object.values(resources))).toEqual(byKind(declared));
  expect(Object.keys(validators).toSorted()).toEqual(Object.keys(resources).toSorted());
});

/** Paths of fields without a description; metadata is the API server's. */
function undescribed(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { description, properties, items, additionalProperties } = schema as Record<string, unknown>;
  return [
    ...(description === undefined && !path.endsWith('.metadata') ? [path] : []),
    ...Object.entries((properties ?? {}) as object).flatMap(([name, field]) =>
      undescribed(field, `${path}.${name}`),
    ),
    ...undescribed(items, `${path}[]`),
    ...(typeof additionalProperties === 'object' ? undescribed(additionalProperties, `${path}{}`) : []),
  ];
}
test.each(files)('every field of $metadata.name is described', ({ spec }) => {
  expect(spec.versions.flatMap((v) => undescribed(v.schema.openAPIV3Schema, v.name))).toEqual([]);
});

const pool = (poolConfig: object) => ({
  nodeSelector: { 'kubernetes.io/hostname': 'worker-1' },
  dataRaidGroups: [{ blockDevices: [{ blockDeviceName: 'blockdevice-1' }] }],
  poolConfig,
});
const cspc = (poolConfig: object) => ({ metadata: { name: 'p' }, spec: { pools: [pool(poolConfig)] } });

// prettier-ignore
test.each([
  ['cstorPoolCluster', cspc({ dataRaidGroupType: 'stripe' }), undefined],
  ['cstorPoolCluster', cspc({ dataRaidGroupType: 'stripe', resources: null, roThresholdLimit: null }), undefined],
  ['cstorPoolCluster', cspc({}), "/spec/pools/0/poolConfig must have required property 'dataRaidGroupType'"],
  ['cstorPoolCluster', cspc({ dataRaidGroupType: 'stripe', roThresholdLimit: 101 }), '/spec/pools/0/poolConfig/roThresholdLimit must be <= 100'],
  ['cstorPoolCluster', cspc({ dataRaidGroupType: 1 }), '/spec/pools/0/poolConfig/dataRaidGroupType must be string'],
  ['cstorPoolCluster', {}, "/ must have required property 'spec'"],
  ['storagePoolClaim', { spec: { type: 'tape', poolSpec: { poolType: 'striped' } } }, '/spec/type must be equal to one of the allowed values'],
  ['cstorVolumeConfig', { spec: { capacity: { storage: '5Gi' }, provision: { capacity: { storage: 5 }, replicaCount: 3 } } }, undefined],
] as const)('%s %j', (kind, object, problem) => {
  expect(validators[kind](object)).toBe(problem);
});

test('a size that is no quantity is refused', () => {
  const wish = {
    spec: { capacity: { storage: 'big' }, provision: { capacity: { storage: 5 }, replicaCount: 3 } },
  };
  expect(validators.cstorVolumeConfig(wish)).toContain('/spec/capacity/storage must match pattern');
});

test('validating does not touch the object', () => {
  const wish = Object.freeze({
    spec: Object.freeze({ capacity: {}, provision: { capacity: {}, replicaCount: 1 } }),
  });
  expect(validators.cstorVolumeConfig(wish)).toBeUndefined();
  expect(wish.spec).not.toHaveProperty('policy');
});
