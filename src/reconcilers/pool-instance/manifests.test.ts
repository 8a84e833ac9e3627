import { expect, test } from '@jest/globals';
import { discoveredDevice } from '../../testing/discovered-device.ts';
import type { Device } from '../block-device-claim/inventory.ts';
import {
  deviceClaim,
  devicePath,
  deviceVolume,
  mountsOf,
  wantedMount,
  type DeviceMount,
} from './device-volumes.ts';
import { makeOf, poolConfig, poolDeployment } from './manifests.ts';
import type { Settings } from '../world.ts';

const settings: Settings = {
  namespace: 'openebs',
  image: 'caskade:1',
  imagePullPolicy: 'IfNotPresent',
  version: '1.0.0',
  sparseDir: '/var/openebs/sparse',
  replicationTlsSecret: '',
  replicationTlsMode: 'require',
  poolSeccompProfile: 'RuntimeDefault',
};
const instance = {
  metadata: { name: 'p', uid: 'p-uid' },
  spec: { dataRaidGroups: [], nodeSelector: { 'kubernetes.io/hostname': 'n1' } },
};
const podOf = (mounts: readonly DeviceMount[], sparse = false, change: Partial<Settings> = {}) =>
  poolDeployment({
    instance,
    config: poolConfig('p', 'stripe', { groups: [], logGroups: [], leaving: [] }, { ...settings, ...change }),
    configHash: 'h',
    devicesHash: 'd',
    mounts,
    wanted: [],
    sparse,
    settings: { ...settings, ...change },
    masterKey: new Uint8Array(32).fill(7),
  }).spec;

const device = (change: Partial<Device> = {}): Device =>
  discoveredDevice({
    name: 'bd-1',
    bytes: 4096,
    claimState: 'Claimed',
    paths: ['/dev/disk/by-id/wwn-1', '/dev/sdb'],
    ...change,
  });
const mounts = [
  { claim: 'bd-1-aa', device: 'bd-1' },
  { claim: 'bd-2-bb', device: 'bd-2' },
];

test('a pool has no privilege and no token, and may open its devices alone', () => {
  const { template, strategy } = podOf(mounts);
  expect(strategy.type).toBe('Recreate');
  expect(template.spec.automountServiceAccountToken).toBe(false);
  expect(template.spec.containers[0]?.securityContext).toEqual({
    runAsUser: 0,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(template.spec.nodeSelector).toEqual({ 'kubernetes.io/hostname': 'n1' });
  expect(template.spec.containers[0]?.volumeDevices).toEqual([
    { name: 'device-0', devicePath: '/dev/caskade/bd-1' },
    { name: 'device-1', devicePath: '/dev/caskade/bd-2' },
  ]);
  expect(JSON.stringify(template.spec.volumes)).not.toContain('hostPath');
});

test.each([
  ['RuntimeDefault', { type: 'RuntimeDefault' }],
  ['Unconfined', { type: 'Unconfined' }],
  ['localhost/profiles/caskade.json', { type: 'Localhost', localhostProfile: 'profiles/caskade.json' }],
])(
  'its seccomp profile is %s, and all that pods of pools have in common can be told from one',
  (text, profile) => {
    const change = { poolSeccompProfile: text, replicationTlsSecret: 'links', imagePullPolicy: 'Always' };
    const { template } = podOf([], false, change);
    expect(template.spec.containers[0]?.securityContext.seccompProfile).toEqual(profile);
    expect({ ...settings, ...makeOf(template) }).toEqual({ ...settings, ...change });
  },
);

test('the sparse folder is seen only by who uses it', () => {
  const names = (sparse: boolean) => podOf([], sparse).template.spec.volumes.map(({ name }) => name);
  expect([names(false), names(true)]).toEqual([
    ['config', 'keys'],
    ['config', 'keys', 'sparse'],
  ]);
});

test('the devices of a pod are read back from its template', () => {
  expect(mountsOf(podOf(mounts).template.spec)).toEqual(mounts);
  expect([mountsOf(podOf([]).template.spec), mountsOf(undefined)]).toEqual([[], []]);
});

test('a device has one volume and claim per path', () => {
  const at = (...paths: string[]) => wantedMount(device({ paths }))?.claim;
  expect(at('/dev/sdb')).toBe(at('/dev/sdb', '/dev/sdz'));
  expect(at('/dev/sdb')).not.toBe(at('/dev/sdc'));
  expect(at()).toBe(undefined);
});

test('volume and claim belong to each other, to the node and to nobody else', () => {
  const wanted = wantedMount(device());
  if (wanted === undefined) throw new Error('the device has a path');
  const { spec, metadata } = deviceVolume(instance, wanted, settings);
  const claim = deviceClaim(instance, wanted, settings);
  expect(spec.claimRef).toMatchObject({ namespace: 'openebs', name: claim.metadata.name });
  expect(claim.spec).toMatchObject({
    volumeName: metadata.name,
    volumeMode: 'Block',
    storageClassName: spec.storageClassName,
    resources: { requests: spec.capacity },
  });
  expect(spec).toMatchObject({
    volumeMode: 'Block',
    persistentVolumeReclaimPolicy: 'Retain',
    local: { path: '/dev/disk/by-id/wwn-1' },
  });
  expect(JSON.stringify(spec.nodeAffinity)).toContain('"values":["n1"]');
  expect(claim.metadata.ownerReferences[0]?.uid).toBe('p-uid');
  expect(devicePath('bd-1')).toBe('/dev/caskade/bd-1');
});

test('with a Secret for TLS the pool has its files, and is told of them; without one neither', () => {
  const secret = { ...settings, replicationTlsSecret: 'links' };
  const wish = {
    instance,
    config: poolConfig('p', 'stripe', { groups: [], logGroups: [], leaving: [] }, secret),
    configHash: 'h',
    devicesHash: 'd',
    mounts: [],
    wanted: [],
    sparse: false,
    settings: secret,
    masterKey: new Uint8Array(32).fill(7),
  };
  const tls = {
    certFile: '/etc/caskade/tls/tls.crt',
    keyFile: '/etc/caskade/tls/tls.key',
    caFile: '/etc/caskade/tls/ca.crt',
  };
  expect(wish.config.tls).toEqual(tls);
  const pod = poolDeployment(wish).spec.template.spec;
  expect(pod.volumes).toContainEqual({ name: 'tls', secret: { secretName: 'links', defaultMode: 0o400 } });
  expect(pod.containers[0]?.volumeMounts).toContainEqual({
    name: 'tls',
    mountPath: '/etc/caskade/tls',
    readOnly: true,
  });
  expect(podOf([]).template.spec.volumes.map(({ name }: { name: string }) => name)).not.toContain('tls');
});
