/**
 * What a pool of several devices must survive, through its custom resources alone: a raidz pool under a recording writer
 * loses a device, gets another one in its place, and grows by a group.
 */
import type { Check } from '../local/suite.ts';
import { diskFault } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import type { KubeObject } from './kubectl.ts';
import * as manifests from './manifests.ts';
import type { Recording } from './recording.ts';
import * as system from './system.ts';
import { deviceOf, makeVolume, names, removePod, startRecorder, type Volume, type World } from './world.ts';

const cluster = 'raidz-pool';
const className = 'raidz';
const podName = 'raidz-writer';
const node = 'node2';
/** Disks of that node: the first three are the pool, the fourth takes the place of the second, the others are one more group. */
const disks = [3, 4, 5, 6, 7, 8, 9] as const;
const diskSize = '1100M';
const lost = 1;

interface Instance extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly capacity?: { readonly total?: string };
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}
interface Device extends KubeObject {
  readonly status: { readonly claimState?: string };
}

interface Running {
  readonly devices: readonly string[];
  readonly volume: Volume;
  readonly recording: Recording;
}

export function poolDevices(world: () => World): readonly Check[] {
  let running: Running | undefined;
  const started = (): Running => {
    if (running === undefined) throw new Error('there is no pool: see the check before');
    return running;
  };
  return [
    {
      name: 'a CStorPoolCluster of raidz becomes a pool that a pod writes to',
      timeoutMs: 240_000,
      run: async () => {
        running = await start(world());
      },
    },
    {
      name: 'a device of the raidz pool fails: DEGRADED, the writer goes on',
      timeoutMs: 120_000,
      run: () => deviceFails(world(), started()),
    },
    {
      name: 'another device takes its place: filled while the writer goes on, ONLINE, the old one is free',
      timeoutMs: 180_000,
      run: () => deviceReplaced(world(), started()),
    },
    {
      name: 'a group is added: the pool is larger, and every flushed record is there',
      timeoutMs: 180_000,
      run: () => groupAdded(world(), started()),
    },
  ];
}

async function start(world: World): Promise<Running> {
  const { kubectl } = world;
  const devices: string[] = [];
  for (const disk of disks) devices.push((await deviceOf(kubectl, node, disk, diskSize)).metadata.name);
  await wish(world, [devices.slice(0, 3)]);
  await system.poolsOnline(kubectl, cluster, 1, 120_000);
  await kubectl.apply([manifests.csiClass(className, cluster, 1)]);
  const volume = await makeVolume(world, 'raidz', className);
  return { devices, volume, recording: await startRecorder(world, volume, podName) };
}

const wish = ({ kubectl }: World, groups: readonly (readonly string[])[]) =>
  kubectl.apply([
    {
      apiVersion: 'cstor.openebs.io/v1',
      kind: 'CStorPoolCluster',
      metadata: { namespace: system.namespace, name: cluster },
      spec: { pools: [manifests.poolEntryOf(node, groups, 'raidz')] },
    },
  ]);

async function instanceWhen(
  { kubectl }: World,
  what: string,
  holds: (instance: Instance) => boolean,
): Promise<Instance> {
  return until(what, 120_000, async () => {
    const selector = `openebs.io/cstor-pool-cluster=${cluster}`;
    const [found] = await kubectl.list<Instance>('cspi', '-n', system.namespace, '-l', selector);
    return found !== undefined && holds(found) ? found : JSON.stringify(found?.status ?? 'no instance');
  });
}
const isSet = (instance: Instance, type: string, status: string): boolean =>
  instance.status?.conditions?.some((each) => each.type === type && each.status === status) === true;

async function deviceFails(world: World, { devices, recording }: Running): Promise<void> {
  await diskFault('fail', 2, disks[lost]);
  const before = await recording.last();
  const instance = await instanceWhen(
    world,
    'the pool is DEGRADED',
    ({ status }) => status?.phase === 'DEGRADED',
  );
  const told = instance.status?.conditions?.find(({ type }) => type === 'DiskUnavailable');
  if (told?.message?.includes(devices[lost] ?? '?') !== true)
    throw new Error(`DiskUnavailable does not name ${devices[lost]}: ${told?.message}`);
  await recording.beyond(before + 20, 60_000);
}

async function deviceReplaced(world: World, { devices, recording }: Running): Promise<void> {
  const [a = '', b = '', c = '', d = ''] = devices;
  await wish(world, [[a, d, c]]);
  await instanceWhen(
    world,
    'the replacement is done and the pool ONLINE',
    (instance) => instance.status?.phase === 'ONLINE' && isSet(instance, 'DiskReplacement', 'False'),
  );
  await until('the old device is free', 60_000, async () => {
    const device = await world.kubectl.get<Device>('blockdevice', b, '-n', system.namespace);
    return device?.status.claimState === 'Unclaimed' ? device : String(device?.status.claimState);
  });
  await recording.beyond((await recording.last()) + 20, 60_000);
}

async function groupAdded(world: World, { devices, volume, recording }: Running): Promise<void> {
  const [a = '', , c = '', d = '', ...more] = devices;
  const total = async () =>
    (await instanceWhen(world, 'the pool has a capacity', ({ status }) => status?.capacity !== undefined))
      .status?.capacity?.total;
  const before = await total();
  await wish(world, [[a, d, c], more]);
  await instanceWhen(
    world,
    'the pool is larger',
    (instance) =>
      instance.status?.phase === 'ONLINE' &&
      isSet(instance, 'PoolExpansion', 'False') &&
      instance.status.capacity?.total !== before,
  );
  await recording.beyond((await recording.last()) + 20, 60_000);
  const last = await recording.stop();
  await recording.check(podName, last);
  await diskFault('heal', 2, disks[lost]);
  await removePod(world, podName);
  await world.kubectl.run(['delete', 'pvc', '-n', names.namespace, volume.claim, '--timeout=60s'], {
    timeoutMs: 70_000,
  });
}
