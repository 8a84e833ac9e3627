/**
 * One of three pools runs full, of another volume for the most part: the replica there is left out, the volume goes on with the
 * others, and when there is room again it comes back, all of it by itself and as `kubectl get cv,cvr` says it.
 */
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Kubectl, KubeObject } from './kubectl.ts';
import * as manifests from './manifests.ts';
import { moveTo } from './members.ts';
import { withEqualReplicas } from './replicas.ts';
import * as system from './system.ts';
import { allInSync } from './target-status.ts';
import { event, shows } from './trouble.ts';
import { deviceOf, makeVolume, names, removePod, startRecorder, type Volume, type World } from './world.ts';

const cluster = 'uneven-pool';
/** Disks that no other check uses; the first pool is the small one. */
const disks = [
  { node: 'node1', disk: 8, size: '1300M' },
  { node: 'node2', disk: 2, size: '2200M' },
  { node: 'node3', disk: 2, size: '2200M' },
] as const;
const writer = 'pool-full-writer';
const filler = 'pool-full-filler';
/** Fits into the small pool; a claim of less is made as large. */
const volumeSize = '1Gi';
/** Of the other volume, and of this one: together more than the small pool has, and each less. */
const othersMebibytes = 800;
const ownMebibytes = 500;

interface Status extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
    }[];
  };
}
interface Instance extends KubeObject {
  readonly spec: { readonly hostName?: string };
}

/** The pools of the cluster; answers the name of the small one. */
async function makePools({ kubectl }: World): Promise<string> {
  const pools: object[] = [];
  for (const { node, disk, size } of disks)
    pools.push(manifests.poolEntry(node, [(await deviceOf(kubectl, node, disk, size)).metadata.name]));
  await kubectl.apply([
    {
      apiVersion: 'cstor.openebs.io/v1',
      kind: 'CStorPoolCluster',
      metadata: { namespace: system.namespace, name: cluster },
      spec: { pools },
    },
    manifests.csiClass(`${cluster}-3`, cluster, disks.length),
    manifests.csiClass(`${cluster}-1`, cluster, 1),
  ]);
  const found = await system.poolsOnline(kubectl, cluster, disks.length, 120_000);
  for (const name of found) {
    const instance = await kubectl.get<Instance>('cspi', name, '-n', system.namespace);
    if (instance?.spec.hostName === disks[0].node) return name;
  }
  throw new Error(`no pool of ${cluster} is on ${disks[0].node}`);
}

/** Another volume, on the small pool alone, and most of what that has in it. */
async function fillWithAnother(world: World, small: string): Promise<Volume> {
  const { kubectl } = world;
  const other = await makeVolume(world, filler, `${cluster}-1`, volumeSize);
  if ((await system.poolsOf(kubectl, other.pv)).join() !== small) await moveTo(world, other.pv, [small]);
  await kubectl.apply([
    manifests.userPod({
      namespace: names.namespace,
      name: filler,
      claim: other.claim,
      image: world.image,
      command: ['sleep', '100000'],
    }),
  ]);
  await system.podReady(kubectl, names.namespace, filler, 120_000);
  await fill(kubectl, filler, othersMebibytes);
  return other;
}

/** So much that nothing compresses, flushed. */
const fill = (kubectl: Kubectl, pod: string, mebibytes: number): Promise<string> => {
  const write = `dd if=/dev/urandom of=/data/filling bs=1M count=${mebibytes} conv=fsync status=none`;
  return kubectl.run(['exec', '-n', names.namespace, pod, '--', 'sh', '-c', write], { timeoutMs: 240_000 });
};

const roomIs = (kubectl: Kubectl, pv: string, status: string, reason: string) =>
  until(`condition PoolFull of ${pv} is ${status} ${reason}`, 60_000, async () => {
    const volume = await kubectl.get<Status>('cv', pv, '-n', system.namespace);
    const found = volume?.status?.conditions?.find(({ type }) => type === 'PoolFull');
    return found?.status === status && found.reason === reason
      ? found
      : JSON.stringify(volume?.status?.conditions);
  });

const replicaIs = (kubectl: Kubectl, name: string, phase: string, message: RegExp) =>
  until(`replica ${name} is ${phase}: ${message}`, 60_000, async () => {
    const status = (await kubectl.get<Status>('cvr', name, '-n', system.namespace))?.status;
    return status?.phase === phase && message.test(status.message ?? '')
      ? status
      : `it is ${status?.phase}: ${status?.message ?? ''}`;
  });

async function removeVolume(world: World, pod: string, { claim, pv }: Volume): Promise<void> {
  const { kubectl } = world;
  await removePod(world, pod);
  await kubectl.run(['delete', 'pvc', '-n', names.namespace, claim, '--timeout=60s'], { timeoutMs: 70_000 });
  await until(`${pv} is gone`, 60_000, async () => {
    const left = await system.poolsOf(kubectl, pv);
    return left.length === 0 ? left : `replicas on ${left.join(' ')}`;
  });
}

async function runsFull(world: World): Promise<void> {
  const { kubectl } = world;
  const small = await makePools(world);
  const volume = await makeVolume(world, writer, `${cluster}-3`, volumeSize);
  const { pv } = volume;
  const recording = await startRecorder(world, volume, writer);
  const other = await fillWithAnother(world, small);
  await allInSync(kubectl, pv, disks.length, 60_000);

  await fill(kubectl, writer, ownMebibytes);
  await roomIs(kubectl, pv, 'True', 'NoRoom');
  await event(kubectl, pv, 'PoolFull', new RegExp(`replica on pool ${small} is left out`));
  await replicaIs(kubectl, `${pv}-${small}`, 'Degraded', /PoolFull/);
  await shows(kubectl, pv, new RegExp(`cstorvolume\\S*/${pv} .*Degraded`));
  await recording.beyond((await recording.last()) + 50, 60_000);
  await replicaIs(kubectl, `${pv}-${small}`, 'Degraded', /PoolFull/);

  await removeVolume(world, filler, other);
  await allInSync(kubectl, pv, disks.length, 180_000);
  await roomIs(kubectl, pv, 'False', 'Room');
  await replicaIs(kubectl, `${pv}-${small}`, 'Healthy', /^/);
  await shows(kubectl, pv, new RegExp(`cstorvolume\\S*/${pv} .*Healthy`));
  await recording.check(writer, await recording.stop());
  await removePod(world, writer);
  await system.detached(kubectl, pv, 90_000);
  await withEqualReplicas(kubectl, pv, true, (dumps) => {
    if (dumps.length !== disks.length) throw new Error(`${dumps.length} replicas`);
    return Promise.resolve();
  });
  await removeVolume(world, writer, volume);
  const where = ['-n', system.namespace, '--timeout=60s'] as const;
  await kubectl.run(['delete', 'storageclass', `${cluster}-3`, `${cluster}-1`]);
  await kubectl.run(['delete', 'cspc', cluster, ...where], { timeoutMs: 70_000 });
}

export const poolFull = (world: () => World): readonly Check[] => [
  {
    name: 'one of three pools runs full: PoolFull in kubectl get cv,cvr, the writer goes on, and room brings the replica back by itself',
    timeoutMs: 600_000,
    run: () => runsFull(world()),
  },
];
