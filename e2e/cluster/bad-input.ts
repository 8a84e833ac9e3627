/** What users get wrong, as far as it takes a cluster to notice: refused at once, or shown on the object with an event; nothing else changes. */
import { onNode } from '../testbed/testbed.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Kubectl, KubeObject } from './kubectl.ts';
import * as manifests from './manifests.ts';
import * as system from './system.ts';
import { deviceOf, makeVolume, names, type World } from './world.ts';

interface Conditioned extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly condition?: readonly Condition[];
  };
}
interface Condition {
  readonly status?: string;
  readonly message?: string;
}
interface Event extends KubeObject {
  readonly type: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

/** Warnings about an object whose message matches. */
async function warnings(kubectl: Kubectl, namespace: string, kind: string, name: string, says: RegExp) {
  const events = await kubectl.list<Event>('events', '-n', namespace);
  return events.filter(
    ({ type, message, involvedObject }) =>
      type === 'Warning' &&
      involvedObject.kind === kind &&
      involvedObject.name === name &&
      says.test(message),
  );
}

const falseConditions = (object: Conditioned | undefined, says: RegExp) =>
  [...(object?.status?.conditions ?? []), ...(object?.status?.condition ?? [])].filter(
    (one) => one.status === 'False' && says.test(one.message ?? ''),
  );

/** Applies a pool cluster that can not be; it must be refused, or carry a condition and an event that match. */
async function refusedCluster(
  kubectl: Kubectl,
  name: string,
  pools: readonly object[],
  says: RegExp,
): Promise<void> {
  const where = ['-n', system.namespace];
  const input = JSON.stringify({
    apiVersion: 'cstor.openebs.io/v1',
    kind: 'CStorPoolCluster',
    metadata: { namespace: system.namespace, name },
    spec: { pools },
  });
  const applied = await kubectl.attempt(['apply', '-f', '-'], { input });
  if (applied.status !== 0) {
    if (!says.test(applied.stderr)) throw new Error(`refused, but not for ${says}: ${applied.stderr}`);
    return;
  }
  try {
    await until(`${name} shows ${says}`, 30_000, async () => {
      const object = await kubectl.get<Conditioned>('cspc', name, ...where);
      if (falseConditions(object, says).length === 0) return JSON.stringify(object?.status ?? 'no status');
      const events = await warnings(kubectl, system.namespace, 'CStorPoolCluster', name, says);
      return events.length > 0 ? events : 'the condition is there, the event is not';
    });
    const made = await kubectl.list('cspi,bdc', ...where, '-l', `openebs.io/cstor-pool-cluster=${name}`);
    if (made.length > 0)
      throw new Error(`made nevertheless: ${made.map((one) => one.metadata.name).join(', ')}`);
  } finally {
    await kubectl.run(['delete', 'cspc', name, ...where, '--timeout=30s']);
  }
}

/** A claim that can not be satisfied: an event of it or a condition of its volume says why, and it stays Pending. */
async function refusedClaim(
  kubectl: Kubectl,
  name: string,
  parameters: Record<string, string>,
  size: string,
  says: RegExp,
): Promise<void> {
  await kubectl.apply([
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'cstor.csi.openebs.io',
      parameters,
    },
    manifests.claim(names.namespace, name, name, size),
  ]);
  try {
    await until(`claim ${name} shows ${says}`, 45_000, async () => {
      const events = await warnings(kubectl, names.namespace, 'PersistentVolumeClaim', name, says);
      if (events.length > 0) return events;
      const configs = await kubectl.list<Conditioned>('cvc', '-n', system.namespace);
      const shown = configs.flatMap((config) => falseConditions(config, says));
      return shown.length > 0
        ? shown
        : 'neither an event of the claim nor a condition of a CStorVolumeConfig';
    });
    const claim = await kubectl.get<KubeObject & { status: { phase: string } }>(
      'pvc',
      name,
      '-n',
      names.namespace,
    );
    if (claim?.status.phase !== 'Pending') throw new Error(`the claim is ${claim?.status.phase}`);
  } finally {
    await kubectl.run(['delete', 'pvc', name, '-n', names.namespace, '--timeout=30s']);
    await kubectl.run(['delete', 'storageclass', name]);
  }
}

const entry = manifests.poolEntry;
const csi = { 'cas-type': 'cstor' };

export function badInput(world: () => World): readonly Check[] {
  const cluster = (
    says: string,
    pattern: RegExp,
    pools: (w: World) => Promise<readonly object[]>,
  ): Check => ({
    name: `a CStorPoolCluster ${says}`,
    run: async () => refusedCluster(world().kubectl, 'bad', await pools(world()), pattern),
  });
  const claim = (
    says: string,
    pattern: RegExp,
    parameters: Record<string, string>,
    size = '64Mi',
  ): Check => ({
    name: `a claim ${says}`,
    run: () => refusedClaim(world().kubectl, 'bad', parameters, size, pattern),
  });
  const used = (w: World) => w.devices.get('node1') ?? '';
  const fresh = async (w: World, disk: number, size = '2G') =>
    (await deviceOf(w.kubectl, 'node1', disk, size)).metadata.name;
  return [
    cluster('that names a missing device', /blockDeviceName "blockdevice-0{32}" does not exist/, async () => [
      entry('node1', [`blockdevice-${'0'.repeat(32)}`]),
    ]),
    cluster('that names a claimed device', /is claimed/, async (w) => [entry('node1', [used(w)])]),
    cluster('that names a device with a file system', /carries ext4/, async (w) => [
      entry('node1', [await formatted(w)]),
    ]),
    cluster('that names a device that is too small', /a pool needs devices of/, async (w) => [
      entry('node1', [await fresh(w, 3, '64M')]),
    ]),
    cluster('that names one device twice', /more than once/, async (w) => {
      const device = await fresh(w, 4);
      return [entry('node1', [device, device])];
    }),
    cluster('with two pools on one node', /one pool per node|node1/, async (w) => [
      entry('node1', [await fresh(w, 4)]),
      entry('node1', [await fresh(w, 5)]),
    ]),
    cluster('of a wrong type', /raid7/, async (w) => [entry('node1', [await fresh(w, 4)], 'raid7')]),
    claim('of a class without a pool', /cstorPoolCluster/, { ...csi, replicaCount: '1' }),
    claim('of a class whose pool does not exist', /nowhere/, {
      ...csi,
      cstorPoolCluster: 'nowhere',
      replicaCount: '1',
    }),
    claim('with more replicas than pools', /replica/i, {
      ...csi,
      cstorPoolCluster: names.pool,
      replicaCount: '5',
    }),
    claim(
      'larger than the pools',
      /100Ti|109951162777600|larger|free/,
      { ...csi, cstorPoolCluster: names.pool, replicaCount: '3' },
      '100Ti',
    ),
    { name: 'a CStorVolumeConfig that is edited to shrink', timeoutMs: 120_000, run: () => shrunk(world()) },
  ];
}

async function formatted({ kubectl }: World): Promise<string> {
  const device = await deviceOf(kubectl, 'node1', 2, '2G');
  await onNode(1, 'mkfs.ext4', '-q', '-F', device.spec.path);
  return until('its file system is seen', 60_000, async () => {
    const now = await kubectl.get<system.BlockDevice & { spec: { filesystem?: { fsType?: string } } }>(
      'blockdevice',
      device.metadata.name,
      '-n',
      system.namespace,
    );
    return now?.spec.filesystem?.fsType === 'ext4' ? { name: now.metadata.name } : 'no fsType';
  }).then(({ name }) => name);
}

async function shrunk(world: World): Promise<void> {
  const { kubectl } = world;
  const { pv, claim } = await makeVolume(world, 'shrunk');
  const where = ['-n', system.namespace];
  const capacity = async () =>
    (await kubectl.get<KubeObject & { spec: { capacity?: string } }>('cv', pv, ...where))?.spec.capacity;
  const before = await capacity();
  const patch = JSON.stringify({ spec: { capacity: { storage: '64Mi' } } });
  const patched = await kubectl.attempt(['patch', 'cvc', pv, ...where, '--type=merge', '-p', patch]);
  const says = /64Mi|67108864|shrink|smaller/i;
  if (patched.status !== 0) {
    if (!says.test(patched.stderr)) throw new Error(`refused, but not for its size: ${patched.stderr}`);
  } else {
    await until('the CStorVolumeConfig says so', 30_000, async () => {
      const object = await kubectl.get<Conditioned>('cvc', pv, ...where);
      const shown = falseConditions(object, says);
      return shown.length > 0 ? shown : JSON.stringify(object?.status);
    });
  }
  const after = await capacity();
  if (after !== before) throw new Error(`the volume had ${before} and has ${after}`);
  await kubectl.run(['delete', 'pvc', claim, '-n', names.namespace, '--timeout=60s'], { timeoutMs: 70_000 });
}
