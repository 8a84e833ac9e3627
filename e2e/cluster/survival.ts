/**
 * What a volume must survive, each under a recording writer in a pod. All but the last fault hit one running pod, one
 * after the other, so that each finds a volume with a history; after each the replicas are Healthy again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Check } from '../local/suite.ts';
import { controlPlane, node, numberOf } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import { sigkill } from './faults.ts';
import type { KubeObject, Pod } from './kubectl.ts';
import * as manifests from './manifests.ts';
import type { Recording } from './recording.ts';
import { withEqualReplicas } from './replicas.ts';
import * as system from './system.ts';
import { allInSync } from './target-status.ts';
import { makeVolume, names, nodeCount, removePod, startRecorder, type Volume, type World } from './world.ts';

const podName = 'writer';
/** An fsync may be slow on a loaded machine; one that hangs behind a fault for longer was not served meanwhile. */
const noticedMs = 5_000;

interface Running {
  readonly volume: Volume;
  readonly recording: Recording;
}

const fail = (message: string): never => {
  throw new Error(message);
};

export function survival(world: () => World): readonly Check[] {
  let running: Running | undefined;
  const state = async (): Promise<Running> => {
    if (running !== undefined) return running;
    const volume = await makeVolume(world(), 'survivor');
    running = { volume, recording: await startRecorder(world(), volume, podName) };
    return running;
  };
  const check = (name: string, timeoutMs: number, run: (w: World, r: Running) => Promise<void>): Check => ({
    name,
    timeoutMs,
    run: async () => run(world(), await state()),
  });
  return [
    check(
      'a pool pod is killed with SIGKILL: writes go on, it comes back and rebuilds',
      150_000,
      onePoolKilled,
    ),
    check(
      'two of three pool pods are killed: writes wait, service resumes by itself',
      150_000,
      twoPoolsKilled,
    ),
    check('the target pod is killed: the same file system goes on within 20 s', 120_000, targetKilled),
    check('the target pod is replaced: the same file system goes on within 20 s', 120_000, targetDeleted),
    check('a node is powered off and on: writes go on, its replica is rebuilt', 180_000, nodeOff),
    check('every flushed record is there, and the replicas are equal', 180_000, everythingThere),
    {
      name: 'the operator is killed while it creates ten volumes: each is made once',
      timeoutMs: 180_000,
      run: () => tenVolumes(world()),
    },
    {
      name: 'all pods of the system are killed at once: a restarted pod mounts, flushed data complete',
      timeoutMs: 180_000,
      run: () => allKilled(world()),
    },
    // Last: Kubernetes' own watches back off for up to a minute afterwards, and no pod is replaced meanwhile.
    {
      name: 'the API server is down for a minute: the writer notices nothing',
      timeoutMs: 240_000,
      run: () => apiServerDown(world()),
    },
  ];
}

/** By the word of the target, and then of the custom resources. */
async function healthy({ kubectl }: World, { pv }: Volume): Promise<void> {
  await allInSync(kubectl, pv, nodeCount, 90_000);
  await system.volumeHealthy(kubectl, pv, 90_000);
}

async function killPools({ kubectl }: World, { pv }: Volume, count: number): Promise<void> {
  const pools = (await system.poolsOf(kubectl, pv)).slice(0, count);
  const pods = await Promise.all(pools.map((pool) => system.poolPod(kubectl, pool)));
  await Promise.all(pods.map((pod) => sigkill(kubectl, pod, true)));
}

async function onePoolKilled(world: World, { volume, recording }: Running): Promise<void> {
  await killPools(world, volume, 1);
  await recording.beyond((await recording.last()) + 20, 30_000);
  await healthy(world, volume);
}

async function twoPoolsKilled(world: World, { volume, recording }: Running): Promise<void> {
  await killPools(world, volume, 2);
  await recording.beyond((await recording.last()) + 20, 60_000);
  await healthy(world, volume);
}

async function targetKilled(world: World, { volume, recording }: Running): Promise<void> {
  await sigkill(world.kubectl, await system.targetPod(world.kubectl, volume.pv), true);
  // From the kill on: the first record may have been on its way, the second can not.
  await recording.beyond((await recording.last()) + 2, 20_000);
  await healthy(world, volume);
}

/** Another pod, most often on another node, behind the same Service address. */
async function targetDeleted(world: World, { volume, recording }: Running): Promise<void> {
  const { kubectl } = world;
  const { metadata } = await system.targetPod(kubectl, volume.pv);
  await kubectl.run(['delete', 'pod', '-n', system.namespace, metadata.name, '--wait=false']);
  await until('another pod has its place', 30_000, async () => {
    const now = await system.targetPod(kubectl, volume.pv);
    return now.metadata.name === metadata.name ? 'it is the old one' : { now };
  });
  await recording.beyond((await recording.last()) + 2, 20_000);
  await healthy(world, volume);
}

async function apiServerDown(world: World): Promise<void> {
  const pod = 'api-server-away';
  const recording = await startRecorder(world, await makeVolume(world, pod), pod);
  const before = await recording.last();
  const startIso = new Date().toISOString();
  await controlPlane('kill-apiserver');
  try {
    await delay(60_000); // what is tested is this minute
  } finally {
    await controlPlane('start-apiserver');
  }
  const after = await recording.beyond(before + 500, 60_000);
  const slow = await recording.slowSince(before, noticedMs);
  if (slow.length > 0)
    fail(`records ${before} to ${after}, API server down from ${startIso} for a minute: ${slow.join(', ')}`);
  await recording.check(pod, await recording.stop());
  await removePod(world, pod);
}

/** The node of a replica that has neither the writer nor the target. */
async function nodeOff(world: World, { volume, recording }: Running): Promise<void> {
  const { kubectl } = world;
  const writer = await system.podReady(kubectl, names.namespace, podName, 10_000);
  const target = await system.targetPod(kubectl, volume.pv);
  const busy = [writer.spec.nodeName, target.spec.nodeName];
  const victim = (await kubectl.list('nodes'))
    .map((one) => one.metadata.name)
    .find((name) => !busy.includes(name));
  if (victim === undefined) return fail('no node without writer and target');
  const before = await recording.last();
  await node('kill', numberOf(victim));
  try {
    await recording.beyond(before + 50, 60_000);
    await until(`node ${victim} is seen to be away`, 60_000, async () => {
      const ready = (await kubectl.get<NodeObject>('node', victim))?.status.conditions.find(
        (one) => one.type === 'Ready',
      );
      return ready?.status === 'True' ? 'it is Ready' : { status: ready?.status };
    });
  } finally {
    await node('start', numberOf(victim));
  }
  await healthy(world, volume);
}
interface NodeObject extends KubeObject {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

async function everythingThere(world: World, { volume, recording }: Running): Promise<void> {
  const last = await recording.stop();
  await recording.check(podName, last);
  await removePod(world, podName);
  await system.detached(world.kubectl, volume.pv, 90_000);
  await withEqualReplicas(world.kubectl, volume.pv, true, async (dumps) => {
    if (dumps.length !== nodeCount) fail(`${dumps.length} replicas`);
  });
}

interface Claim extends KubeObject {
  readonly spec: { readonly volumeName?: string };
  readonly status: { readonly phase: string };
}

async function tenVolumes({ kubectl }: World): Promise<void> {
  const wanted = Array.from({ length: 10 }, (_, i) => `one-of-ten-${i}`);
  const pvsOf = async () => (await kubectl.list('pv')).map((pv) => pv.metadata.name);
  const configsBefore = new Set(
    (await kubectl.list('cvc', '-n', system.namespace)).map((one) => one.metadata.name),
  );
  await kubectl.apply(wanted.map((name) => manifests.claim(names.namespace, name, names.class, '128Mi')));
  await until(
    'some but not all are bound',
    60_000,
    async () => {
      const bound = (await kubectl.list<Claim>('pvc', '-n', names.namespace)).filter(
        (claim) => wanted.includes(claim.metadata.name) && claim.status.phase === 'Bound',
      );
      const begun = (await kubectl.list('cvc', '-n', system.namespace)).length - configsBefore.size;
      return begun > 0 ? { bound: bound.length } : 'none is begun';
    },
    50,
  );
  await sigkill(kubectl, await system.podOf(kubectl, 'openebs.io/component-name=caskade-operator'), true);
  const claims = await until('ten claims are bound', 120_000, async () => {
    const all = (await kubectl.list<Claim>('pvc', '-n', names.namespace)).filter((one) =>
      wanted.includes(one.metadata.name),
    );
    const bound = all.filter((one) => one.status.phase === 'Bound');
    return bound.length === wanted.length ? bound : `${bound.length} of ${wanted.length}`;
  });
  const configs = (await kubectl.list('cvc', '-n', system.namespace)).filter(
    (one) => !configsBefore.has(one.metadata.name),
  );
  if (configs.length !== wanted.length) fail(`${configs.length} CStorVolumeConfigs for ten claims`);
  for (const { spec } of claims) {
    const replicas = await system.poolsOf(kubectl, spec.volumeName ?? '');
    if (new Set(replicas).size !== nodeCount || replicas.length !== nodeCount)
      fail(`${spec.volumeName}: replicas ${replicas.join(' ')}`);
  }
  await kubectl.run(['delete', 'pvc', '-n', names.namespace, ...wanted, '--timeout=60s'], {
    timeoutMs: 70_000,
  });
  await until('nothing of them is left', 90_000, async () => {
    const gone = new Set(claims.map((claim) => claim.spec.volumeName ?? ''));
    const left = [
      ...(await pvsOf()),
      ...(await kubectl.list('cvc,cv,deployment', '-n', system.namespace)).map((one) =>
        one.metadata.name.replace(/-target$/, ''),
      ),
    ].filter((name) => gone.has(name));
    return left.length === 0 ? { left } : `${left.length} objects, such as ${left[0]}`;
  });
}

async function allKilled(world: World): Promise<void> {
  const { kubectl } = world;
  const volume = await makeVolume(world, 'all-killed');
  const recording = await startRecorder(world, volume, 'all-killed');
  await recording.beyond(100, 30_000);
  const pods = (await kubectl.list<Pod>('pods', '-n', system.namespace)).filter(
    (pod) => pod.metadata.deletionTimestamp === undefined,
  );
  await Promise.all(pods.map((pod) => sigkill(kubectl, pod, true)));
  const promised = await recording.lastPromised();
  await removePod(world, 'all-killed');
  const again = await startRecorder(world, volume, 'all-killed-again');
  await again.stop();
  // The second writer went on behind what it found; what was promised to the first was found.
  const from = await again.from();
  if (from < promised) fail(`record ${promised} was flushed before, and only ${from} were found`);
  await healthy(world, volume);
  await again.check('all-killed-again', await again.lastPromised());
  await removePod(world, 'all-killed-again');
}
