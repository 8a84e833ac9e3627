import { expect, test } from '@jest/globals';
import type { Settings } from '../world.ts';
import {
  consistencyFactor,
  targetConfig,
  targetDeployment,
  targetSecret,
  type TargetWish,
} from './manifests.ts';
import type { Wish } from './inventory.ts';

const settings: Settings = {
  namespace: 'openebs',
  image: 'caskade:1',
  imagePullPolicy: 'IfNotPresent',
  version: '1',
  sparseDir: '/var/openebs/sparse',
  replicationTlsSecret: '',
  replicationTlsMode: 'require',
  poolSeccompProfile: 'RuntimeDefault',
};
const masterKey = new Uint8Array(32).fill(7);
const wish: Wish = {
  name: 'pvc-1',
  uid: 'u1',
  cluster: 'c',
  policyName: '',
  capacity: '1Gi',
  sizeBytes: 1024 ** 3,
  replicaCount: 1,
  pools: ['p'],
  recorded: true,
  replicaAffinity: false,
  node: '',
  source: '',
};
const target: TargetWish = {
  config: {
    metadata: { name: 'pvc-1', uid: 'u1' },
    spec: { capacity: {}, policy: {}, provision: { capacity: {}, replicaCount: 1 } },
    versionDetails: {},
  },
  wish,
  policy: {
    target: { tolerations: [{ key: 'x', operator: 'Exists' }], resources: { limits: { memory: '1Gi' } } },
  },
  storageClassRef: '',
  claimName: 'data',
  settings,
  masterKey,
  target: targetConfig(
    { wish, policy: { target: { quorumWaitSeconds: 7 } }, settings },
    '10.0.0.9',
    { current: { version: 1, members: { 1: 'g' } } },
    { 1: { pool: 'p', replication: '10.0.0.1:3232', copy: '10.0.0.1:3233' } },
  ),
};

test('a target has no token, no privileges and leaves a dead node after 30 s', () => {
  const pod = targetDeployment(target).spec.template.spec;
  expect(pod.automountServiceAccountToken).toBe(false);
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10_001 });
  expect(pod.containers[0]?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(
    pod.tolerations.map(({ key, tolerationSeconds }: { key?: string; tolerationSeconds?: number }) => [
      key,
      tolerationSeconds,
    ]),
  ).toEqual([
    ['node.alpha.kubernetes.io/notReady', 30],
    ['node.alpha.kubernetes.io/unreachable', 30],
    ['node.kubernetes.io/not-ready', 30],
    ['node.kubernetes.io/unreachable', 30],
    ['x', undefined],
  ]);
});

test('keys are in the Secret, and nowhere in the pod', () => {
  const secret = targetSecret(target);
  const keys = JSON.parse(Buffer.from(secret.data['replica-keys.json'], 'base64').toString()) as Record<
    string,
    string
  >;
  expect(Object.keys(keys)).toEqual(['1']);
  const deployment = JSON.stringify(targetDeployment(target));
  for (const key of [...Object.values(keys), Buffer.from(masterKey).toString('hex')])
    expect(deployment).not.toContain(key);
});

test('another master key starts the daemons anew', () => {
  const other = { ...target, masterKey: new Uint8Array(32).fill(8) };
  expect(targetDeployment(other).spec.template.metadata.annotations).not.toEqual(
    targetDeployment(target).spec.template.metadata.annotations,
  );
});

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
])('of %i replicas %i make a quorum', (replicas, quorum) => {
  expect(consistencyFactor(replicas)).toBe(quorum);
});

test('with a Secret for TLS the target has its files, and is told of them', () => {
  const secret = { ...settings, replicationTlsSecret: 'links' };
  const pod = targetDeployment({ ...target, settings: secret }).spec.template.spec;
  expect(pod.volumes).toContainEqual({ name: 'tls', secret: { secretName: 'links', defaultMode: 0o440 } });
  const config = targetConfig(
    { wish, policy: {}, settings: secret },
    '10.0.0.9',
    { current: { version: 1, members: { 1: 'g' } } },
    {},
  );
  expect(config.tls?.caFile).toBe('/etc/caskade/tls/ca.crt');
  expect(config.tls).not.toHaveProperty('mode');
  expect(target.target.tls).toBeUndefined();
});

test('another mode of TLS is a word in the configuration, not a new pod', () => {
  const required: Settings = { ...settings, replicationTlsSecret: 'links' };
  const preferred: Settings = { ...required, replicationTlsMode: 'prefer' };
  const configOf = (of: Settings) =>
    targetConfig(
      { wish, policy: {}, settings: of },
      '10.0.0.9',
      { current: { version: 1, members: { 1: 'g' } } },
      {},
    );
  expect(configOf(preferred).tls).toEqual({ ...configOf(required).tls, mode: 'prefer' });
  const podOf = (of: Settings) => targetDeployment({ ...target, settings: of, target: configOf(of) }).spec;
  expect(podOf(preferred)).toEqual(podOf(required));
});
