/** The CRDs at a real API server: they install, users' manifests apply as they are, every rule refuses with its remedy. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import type { Check } from '../local/suite.ts';
import { attempt } from '../shell.ts';
import type { ApiServer } from './api-server.ts';

const repository = join(import.meta.dirname, '../..');
const manifest = (name: string) => join(import.meta.dirname, 'manifests', name);

interface Crd {
  spec: {
    names: { plural: string; shortNames: string[] };
    group: string;
    versions: { name: string; additionalPrinterColumns: { name: string }[] }[];
  };
}
const crds = readdirSync(join(repository, 'crds')).map(
  (file) => load(readFileSync(join(repository, 'crds', file), 'utf8')) as Crd,
);

/** An object that the rules accept, to be spoilt by a case. */
const valid = {
  cspc: () => ({
    apiVersion: 'cstor.openebs.io/v1',
    kind: 'CStorPoolCluster',
    metadata: { name: 'rules', namespace: 'openebs' },
    spec: { pools: [pool('worker-1', ['bd-1']), pool('worker-2', ['bd-2'])] },
  }),
  spc: () => ({
    apiVersion: 'openebs.io/v1alpha1',
    kind: 'StoragePoolClaim',
    metadata: { name: 'rules' },
    spec: { type: 'disk', maxPools: 3, poolSpec: { poolType: 'striped' } },
  }),
  cvc: () => ({
    apiVersion: 'cstor.openebs.io/v1',
    kind: 'CStorVolumeConfig',
    metadata: { name: 'rules', namespace: 'openebs' },
    spec: {
      capacity: { storage: '5Gi' },
      provision: { capacity: { storage: '5Gi' }, replicaCount: 3 },
      policy: { replicaPoolInfo: ['a', 'b', 'c'].map((poolName) => ({ poolName })) },
    },
  }),
  cvp: () => ({
    apiVersion: 'cstor.openebs.io/v1',
    kind: 'CStorVolumePolicy',
    metadata: { name: 'rules', namespace: 'openebs' },
    spec: { target: { luWorkers: 8, queueDepth: '64' }, replica: { compression: 'lz4' } },
  }),
  bdc: () => ({
    apiVersion: 'openebs.io/v1alpha1',
    kind: 'BlockDeviceClaim',
    metadata: { name: 'rules', namespace: 'openebs' },
    spec: { blockDeviceName: 'bd-1', resources: { requests: { storage: '1Gi' } } },
  }),
};

const devices = (names: readonly string[]) => ({
  blockDevices: names.map((blockDeviceName) => ({ blockDeviceName })),
});
const pool = (node: string, names: readonly string[], type = 'stripe', more: object = {}) => ({
  nodeSelector: { 'kubernetes.io/hostname': node },
  dataRaidGroups: [devices(names)],
  poolConfig: { dataRaidGroupType: type },
  ...more,
});
const many = (count: number) => Array.from({ length: count }, (_, i) => `bd-${i + 10}`);

/** A new object with `patch` (RFC 7396) over a valid one is refused with all of `says`; none: it is accepted. */
interface Case {
  readonly of: keyof typeof valid;
  readonly what: string;
  readonly patch: object;
  readonly says: readonly string[];
}
const withPools = (...pools: readonly object[]) => ({ spec: { pools } });
const config = (poolConfig: object) => pool('worker-1', ['bd-1'], 'stripe', { poolConfig });
const newObjects: readonly Case[] = [
  { of: 'cspc', what: 'two stripes', patch: {}, says: [] },
  {
    of: 'cspc',
    what: 'no pools',
    patch: withPools(),
    says: ['spec: Required value', 'pools is empty: add one entry per node'],
  },
  {
    of: 'cspc',
    what: 'a device twice in one group',
    patch: withPools(pool('worker-1', ['bd-1', 'bd-1'])),
    says: ['block device bd-1 is named more than once', 'name every block device once'],
  },
  {
    of: 'cspc',
    what: 'a device in two pools',
    patch: withPools(pool('worker-1', ['bd-1']), pool('worker-2', ['bd-1'])),
    says: ['block device bd-1 is named more than once'],
  },
  {
    of: 'cspc',
    what: 'a device for data and for the write cache',
    patch: withPools(
      pool('worker-1', ['bd-1'], 'stripe', {
        poolConfig: { dataRaidGroupType: 'stripe', writeCacheGroupType: 'stripe' },
        writeCacheRaidGroups: [devices(['bd-1'])],
      }),
    ),
    says: ['block device bd-1 is named more than once'],
  },
  {
    of: 'cspc',
    what: 'two pools on one node',
    patch: withPools(pool('worker-1', ['bd-1']), pool('worker-1', ['bd-2'])),
    says: ['node worker-1 is selected by more than one entry', 'put the devices into one entry'],
  },
  {
    of: 'cspc',
    what: 'an unknown layout',
    patch: withPools(pool('worker-1', ['bd-1'], 'raid5')),
    says: ['spec.pools[0].poolConfig.dataRaidGroupType', '"raid5"', 'use stripe, mirror, raidz or raidz2'],
  },
  {
    of: 'cspc',
    what: 'no poolConfig',
    patch: withPools({ nodeSelector: { a: 'b' }, dataRaidGroups: [devices(['bd-1'])] }),
    says: ['spec.pools[0]: Required value', 'poolConfig is missing'],
  },
  {
    of: 'cspc',
    what: 'an empty nodeSelector',
    patch: withPools({ ...pool('', ['bd-1']), nodeSelector: {} }),
    says: ['nodeSelector is empty and would match every node'],
  },
  {
    of: 'cspc',
    what: 'no data groups',
    patch: withPools({ ...pool('worker-1', []), dataRaidGroups: [] }),
    says: ['dataRaidGroups is empty: add a group'],
  },
  {
    of: 'cspc',
    what: 'an empty group',
    patch: withPools(pool('worker-1', [])),
    says: ['a group of dataRaidGroups has no blockDevices'],
  },
  {
    of: 'cspc',
    what: 'a stripe of two groups',
    patch: withPools({ ...pool('worker-1', []), dataRaidGroups: [devices(['a']), devices(['b'])] }),
    says: ['dataRaidGroupType is stripe and dataRaidGroups has 2 groups', 'into one group'],
  },
  {
    of: 'cspc',
    what: 'an odd mirror',
    patch: withPools(pool('worker-1', many(3), 'mirror')),
    says: ['odd number of blockDevices', 'multiple of 2'],
  },
  { of: 'cspc', what: 'a mirror of two', patch: withPools(pool('worker-1', many(2), 'mirror')), says: [] },
  {
    of: 'cspc',
    what: 'a raidz of four',
    patch: withPools(pool('worker-1', many(4), 'raidz')),
    says: ['other than 2^n+1', 'give every group 3, 5, 9, 17 or 33'],
  },
  { of: 'cspc', what: 'a raidz of five', patch: withPools(pool('worker-1', many(5), 'raidz')), says: [] },
  {
    of: 'cspc',
    what: 'a raidz2 of five',
    patch: withPools(pool('worker-1', many(5), 'raidz2')),
    says: ['other than 2^n+2', 'give every group 6, 10, 18 or 34'],
  },
  { of: 'cspc', what: 'a raidz2 of six', patch: withPools(pool('worker-1', many(6), 'raidz2')), says: [] },
  {
    of: 'cspc',
    what: 'an unknown compression',
    patch: withPools(config({ dataRaidGroupType: 'stripe', compression: 'lz' })),
    says: ['poolConfig.compression', 'compression is "lz"', 'use on, off, lz4'],
  },
  {
    of: 'cspc',
    what: 'gzip-9 and nulls',
    patch: withPools({
      ...config({
        dataRaidGroupType: 'stripe',
        compression: 'gzip-9',
        resources: null,
        roThresholdLimit: null,
      }),
      writeCacheRaidGroups: null,
    }),
    says: [],
  },
  {
    of: 'cspc',
    what: 'a threshold of 101 per cent',
    patch: withPools(config({ dataRaidGroupType: 'stripe', roThresholdLimit: 101 })),
    says: ['spec.pools[0].poolConfig.roThresholdLimit', '101', 'less than or equal to 100'],
  },
  {
    of: 'cspc',
    what: 'a write cache without a layout',
    patch: withPools(pool('worker-1', ['bd-1'], 'stripe', { writeCacheRaidGroups: [devices(['bd-9'])] })),
    says: ['poolConfig.writeCacheGroupType is missing', 'set it to stripe or mirror'],
  },
  {
    of: 'cspc',
    what: 'an odd mirror as write cache',
    patch: withPools(
      pool('worker-1', ['bd-1'], 'stripe', {
        poolConfig: { dataRaidGroupType: 'stripe', writeCacheGroupType: 'mirror' },
        writeCacheRaidGroups: [devices(['bd-9'])],
      }),
    ),
    says: ['writeCacheGroupType is mirror and a group of writeCacheRaidGroups has an odd number'],
  },
  {
    of: 'cspc',
    what: 'a large one: 64 nodes with 12 devices each',
    patch: withPools(
      ...Array.from({ length: 64 }, (_, node) =>
        pool(
          `worker-${node}`,
          Array.from({ length: 12 }, (__, i) => `blockdevice-${'0'.repeat(29)}${node}-${i}`),
        ),
      ),
    ),
    says: [],
  },

  { of: 'spc', what: 'automatic mode', patch: {}, says: [] },
  {
    of: 'spc',
    what: 'neither a list nor maxPools',
    patch: { spec: { maxPools: null } },
    says: ['neither blockDevices.blockDeviceList nor maxPools is given', 'set maxPools to the number'],
  },
  {
    of: 'spc',
    what: 'an empty list',
    patch: { spec: { maxPools: null, blockDevices: { blockDeviceList: [] } } },
    says: ['neither blockDevices.blockDeviceList nor maxPools is given'],
  },
  {
    of: 'spc',
    what: 'a device twice',
    patch: { spec: { blockDevices: { blockDeviceList: ['a', 'b', 'a'] } } },
    says: ['block device a is named more than once in blockDeviceList'],
  },
  {
    of: 'spc',
    what: 'more minPools than maxPools',
    patch: { spec: { minPools: 4 } },
    says: ['minPools is 4 and maxPools is 3', 'must not be larger'],
  },
  {
    of: 'spc',
    what: 'an unknown type',
    patch: { spec: { type: 'tape' } },
    says: ['spec.type: Unsupported value: "tape"', '"disk", "sparse"'],
  },
  {
    of: 'spc',
    what: 'an unknown layout',
    patch: { spec: { poolSpec: { poolType: 'stripe' } } },
    says: ['spec.poolSpec.poolType: Unsupported value: "stripe"', '"striped", "mirrored", "raidz", "raidz2"'],
  },
  {
    of: 'spc',
    what: 'a threshold below nothing',
    patch: { spec: { poolSpec: { roThresholdLimit: -1 } } },
    says: ['spec.poolSpec.roThresholdLimit', '-1', 'greater than or equal to 0'],
  },

  { of: 'cvc', what: 'a volume', patch: {}, says: [] },
  {
    of: 'cvc',
    what: 'a hand-written volume without policy and version',
    patch: { spec: { policy: null } },
    says: [],
  },
  {
    of: 'cvc',
    what: 'no size',
    patch: { spec: { capacity: { storage: null } } },
    says: ['storage is missing: set capacity.storage'],
  },
  {
    of: 'cvc',
    what: 'no size at birth',
    patch: { spec: { provision: { capacity: { storage: null } } } },
    says: ['provision.capacity.storage is missing'],
  },
  {
    of: 'cvc',
    what: 'a size that is none',
    patch: { spec: { capacity: { storage: 'large' } } },
    says: ['spec.capacity.storage', '"large"'],
  },
  {
    of: 'cvc',
    what: 'six replicas',
    patch: { spec: { provision: { replicaCount: 6 } } },
    says: ['spec.provision.replicaCount', '6', 'less than or equal to 5'],
  },
  {
    of: 'cvc',
    what: 'a pool twice',
    patch: { spec: { policy: { replicaPoolInfo: [{ poolName: 'a' }, { poolName: 'a' }] } } },
    says: ['pool a is named more than once in replicaPoolInfo'],
  },

  { of: 'cvp', what: 'a policy', patch: {}, says: [] },
  {
    of: 'cvp',
    what: 'a pool twice',
    patch: { spec: { replicaPoolInfo: [{ poolName: 'a' }, { poolName: 'a' }] } },
    says: ['pool a is named more than once in replicaPoolInfo'],
  },
  {
    of: 'cvp',
    what: 'an unknown compression',
    patch: { spec: { replica: { compression: 'zip' } } },
    says: ['spec.replica.compression', 'compression is "zip"'],
  },
  {
    of: 'cvp',
    what: 'too many workers',
    patch: { spec: { target: { luWorkers: 128 } } },
    says: ['spec.target.luWorkers', '128', 'less than or equal to 127'],
  },
  {
    of: 'cvp',
    what: 'a queue depth that is no number',
    patch: { spec: { target: { queueDepth: 'deep' } } },
    says: ['spec.target.queueDepth', '"deep"'],
  },
];

/** A valid object is made and edited. */
const edits: readonly Case[] = [
  { of: 'cvc', what: 'growing', patch: { spec: { capacity: { storage: '6Gi' } } }, says: [] },
  {
    of: 'cvc',
    what: 'the same size in other words',
    patch: { spec: { capacity: { storage: '5120Mi' } } },
    says: [],
  },
  {
    of: 'cvc',
    what: 'shrinking',
    patch: { spec: { capacity: { storage: '4Gi' } } },
    says: ['capacity.storage can not go from 5Gi to 4Gi', 'a volume does not shrink; set 5Gi or more'],
  },
  {
    of: 'cvc',
    what: 'another number of replicas at birth',
    patch: { spec: { provision: { replicaCount: 1 } } },
    says: ['provision.replicaCount can not change from 3 to 1', 'set it back to 3'],
  },
  {
    of: 'cvc',
    what: 'another size at birth',
    patch: { spec: { provision: { capacity: { storage: '6Gi' } } } },
    says: ['provision.capacity can not change', 'raise spec.capacity.storage'],
  },
  {
    of: 'cvc',
    what: 'removing a pool',
    patch: { spec: { policy: { replicaPoolInfo: [{ poolName: 'a' }, { poolName: 'b' }] } } },
    says: [],
  },
  {
    of: 'cvc',
    what: 'adding two pools',
    patch: {
      spec: { policy: { replicaPoolInfo: ['a', 'b', 'c', 'd', 'e'].map((poolName) => ({ poolName })) } },
    },
    says: [],
  },
  {
    of: 'cvc',
    what: 'removing two pools at once',
    patch: { spec: { policy: { replicaPoolInfo: [{ poolName: 'a' }] } } },
    says: ['more than one pool is removed from replicaPoolInfo at once', 'remove one, wait'],
  },
  {
    of: 'cvc',
    what: 'a pool for another one in one edit',
    patch: { spec: { policy: { replicaPoolInfo: ['a', 'b', 'd'].map((poolName) => ({ poolName })) } } },
    says: [],
  },
  {
    of: 'cspc',
    what: 'another layout for a pool that exists',
    patch: withPools(pool('worker-1', many(2), 'mirror'), pool('worker-2', ['bd-2'])),
    says: ['dataRaidGroupType of a pool that exists can not change'],
  },
  {
    of: 'cspc',
    what: 'a pool more, a pool less, a device more',
    patch: withPools(
      pool('worker-1', ['bd-1', 'bd-8']),
      pool('worker-3', ['bd-3'], 'mirror', pairOf('bd-4')),
    ),
    says: [],
  },
  {
    of: 'bdc',
    what: 'another device',
    patch: { spec: { blockDeviceName: 'bd-2' } },
    says: ['blockDeviceName can not change from bd-1 to bd-2', 'delete the claim and make another one'],
  },
];

function pairOf(name: string): object {
  return { dataRaidGroups: [devices(['bd-3', name])] };
}

function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(target as Record<string, unknown> | undefined) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merged(result[name], value);
  }
  return result;
}

async function judge(api: ApiServer, args: readonly string[], object: object, says: readonly string[]) {
  const { status, stderr } = await api.tryKubectl(args, { input: JSON.stringify(object) });
  if (says.length === 0) assert.equal(status, 0, stderr);
  else assert.notEqual(status, 0, 'it was accepted');
  for (const words of says) assert.ok(stderr.includes(words), `"${words}" is not in:\n${stderr}`);
}

const ruleCheck =
  (api: () => ApiServer) =>
  ({ of, what, patch, says }: Case): Check => ({
    name: `${of}: ${what} is ${says.length === 0 ? 'accepted' : 'refused'}`,
    run: async () => {
      const dryRun = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];
      await judge(api(), dryRun, merged(valid[of](), patch) as object, says);
    },
  });

const editCheck =
  (api: () => ApiServer) =>
  ({ of, what, patch, says }: Case): Check => ({
    name: `${of}: edit, ${what}, is ${says.length === 0 ? 'accepted' : 'refused'}`,
    run: async () => {
      const before = valid[of]();
      await judge(api(), ['create', '-f', '-'], before, []);
      try {
        const dryRun = ['replace', '--dry-run=server', '-f', '-'];
        await judge(api(), dryRun, merged(before, patch) as object, says);
      } finally {
        await judge(api(), ['delete', '-f', '-'], before, []);
      }
    },
  });

interface Annotated {
  kind: string;
  metadata: { name: string; annotations: Record<string, string> };
}

export const crdChecks = (api: () => ApiServer): readonly Check[] => [
  {
    name: 'CRDs: every kind is served under its short name, with a status subresource',
    run: async () => {
      for (const { spec } of crds) {
        const [short = ''] = spec.names.shortNames;
        const path = `/apis/${spec.group}/${spec.versions[0]?.name}`;
        const list = JSON.parse(await api().kubectl('get', '--raw', path)) as {
          resources: { name: string; shortNames?: string[] }[];
        };
        const served = list.resources.find(({ name }) => name === spec.names.plural);
        assert.deepEqual(served?.shortNames, [short]);
        assert.ok(
          list.resources.some(({ name }) => name === `${spec.names.plural}/status`),
          `${short} has no status subresource`,
        );
        await api().kubectl('get', short, '-A', '-o', 'wide');
      }
    },
  },
  {
    name: "CRDs: applied twice, kubectl's client-side apply included, they do not change",
    run: async () => {
      await api().kubectl('apply', '--server-side', '--force-conflicts', '-f', 'crds');
      const diff = await api().tryKubectl(['diff', '--server-side', '--force-conflicts', '-f', 'crds']);
      assert.equal(diff.status, 0, diff.stdout + diff.stderr);
    },
  },
  ...['legacy-pool.yaml', 'pool-today.yaml'].map((name) => ({
    name: `manifests: ${name} applies as users have it`,
    run: async () => {
      await api().kubectl('apply', '-f', manifest(name));
      const diff = await api().tryKubectl(['diff', '-f', manifest(name)]);
      assert.equal(diff.status, 0, `something was dropped:\n${diff.stdout}${diff.stderr}`);
    },
  })),
  {
    name: 'manifests: the annotation of a StoragePoolClaim is kept word by word',
    run: async () => {
      const documents = loadAll(readFileSync(manifest('legacy-pool.yaml'), 'utf8')) as Annotated[];
      const wish = documents.find(({ kind }) => kind === 'StoragePoolClaim');
      assert.ok(wish !== undefined);
      await api().kubectl('apply', '-f', manifest('legacy-pool.yaml'));
      const there = JSON.parse(await api().kubectl('get', 'spc', wish.metadata.name, '-o', 'json')) as {
        metadata: { annotations: Record<string, string>; namespace?: string };
      };
      const key = 'cas.openebs.io/config';
      assert.equal(there.metadata.annotations[key], wish.metadata.annotations[key]);
      assert.equal(there.metadata.namespace, undefined);
    },
  },
  {
    name: 'manifests: snapshot-class.yaml applies as users have it',
    run: async () => {
      const tools = join(repository, 'e2e/testbed/tools/csi');
      const module = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
      // Fetched if it is not there: on a fresh machine nothing has built the tool that needs the module.
      const found = await attempt(['go', 'mod', 'download', '-json', module], { cwd: tools });
      assert.equal(found.status, 0, `go mod download ${module}: ${found.stdout}${found.stderr}`);
      const { Dir } = JSON.parse(found.stdout) as { Dir: string };
      const crd = join(Dir, 'config/crd/snapshot.storage.k8s.io_volumesnapshotclasses.yaml');
      await api().kubectl('apply', '--server-side', '-f', crd);
      await api().kubectl('wait', '--for=condition=Established', '--timeout=30s', '-f', crd);
      await api().kubectl('apply', '-f', manifest('snapshot-class.yaml'));
    },
  },
  {
    name: 'status is a subresource: a user who edits spec can not change it',
    run: async () => {
      const object = { ...valid.cvc(), status: { phase: 'Bound' } };
      await judge(api(), ['create', '-f', '-'], object, []);
      const phase = await api().kubectl(
        'get',
        'cvc',
        '-n',
        'openebs',
        'rules',
        '-o',
        'jsonpath={.status.phase}',
      );
      await judge(api(), ['delete', '-f', '-'], object, []);
      assert.equal(phase, '');
    },
  },
  ...newObjects.map(ruleCheck(api)),
  ...edits.map(editCheck(api)),
];
