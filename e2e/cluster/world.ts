/** What the cluster's checks share: the cluster, the image on it, pools of its own and a namespace of its own. */
import { addDisk, kubeconfig } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import { Kubectl } from './kubectl.ts';
import * as manifests from './manifests.ts';
import { Recording } from './recording.ts';
import * as system from './system.ts';

export const names = { pool: 'e2e-pool', class: 'e2e', namespace: 'caskade-e2e' } as const;
export const nodeCount = 3;
/** Disk of each node that the pools of the checks are made of; 0 is the demo's, and bad input has others. */
export const poolDisk = 1;
const nodeNames = Array.from({ length: nodeCount }, (_, i) => `node${i + 1}`);

export interface World {
  readonly kubectl: Kubectl;
  readonly image: string;
  /** Devices of the pools, by node. */
  readonly devices: ReadonlyMap<string, string>;
  /** Of the release, for Helm. */
  readonly settings: readonly string[];
}

/** The block device of a disk of the bed, once it is listed. */
export async function deviceOf(
  kubectl: Kubectl,
  node: string,
  disk: number,
  size: string,
): Promise<system.BlockDevice> {
  const path = await addDisk(Number(node.replace('node', '')), disk, size);
  return until(`block device of ${path}`, 60_000, async () => {
    const all = await kubectl.list<system.BlockDevice>('blockdevice', '-n', system.namespace);
    return all.find((one) => one.spec.path === path && one.status.state === 'Active') ?? 'not listed';
  });
}

/** Image, chart, pools of CStorPoolCluster `e2e-pool` and class `e2e` of the CSI provisioner. */
export async function prepare(settings: readonly string[]): Promise<World> {
  const kubectl = new Kubectl(kubeconfig);
  const image = await system.buildAndLoadImage();
  await system.install(kubectl, kubeconfig, image, settings);
  const devices = new Map<string, string>();
  for (const node of nodeNames)
    devices.set(node, (await deviceOf(kubectl, node, poolDisk, '4G')).metadata.name);
  await kubectl.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: names.namespace } },
    manifests.poolCluster(names.pool, [...devices]),
    manifests.csiClass(names.class, names.pool, nodeCount),
    manifests.recorderScript(names.namespace),
  ]);
  await system.poolsOnline(kubectl, names.pool, nodeCount, 120_000);
  return { kubectl, image, devices, settings };
}

/** Removes what `prepare` and the checks made, except the release. */
export async function clear(kubectl: Kubectl): Promise<void> {
  const remove = (...args: readonly string[]) =>
    kubectl.run(['delete', ...args, '--ignore-not-found', '--timeout=60s'], { timeoutMs: 70_000 });
  await remove('namespace', names.namespace);
  await remove('storageclass', names.class);
  await remove('cspc', names.pool, '-n', system.namespace);
}

export interface Volume {
  readonly claim: string;
  readonly pv: string;
}

/** A claim of the class, bound and Healthy. */
export async function makeVolume(
  { kubectl }: World,
  claim: string,
  className: string = names.class,
  size = '512Mi',
): Promise<Volume> {
  await kubectl.apply([manifests.claim(names.namespace, claim, className, size)]);
  const { pv } = await system.boundVolume(kubectl, names.namespace, claim, 90_000);
  await system.volumeHealthy(kubectl, pv, 90_000);
  return { claim, pv };
}

/** A pod that records on the volume; answers once records are flushed. */
export async function startRecorder(world: World, volume: Volume, pod: string): Promise<Recording> {
  const directory = '/data/records';
  await world.kubectl.apply([
    manifests.userPod({
      namespace: names.namespace,
      name: pod,
      claim: volume.claim,
      image: world.image,
      command: Recording.command(directory),
    }),
  ]);
  await system.podReady(world.kubectl, names.namespace, pod, 120_000);
  const recording = new Recording(world.kubectl, names.namespace, pod, directory);
  await recording.beyond(20, 60_000);
  return recording;
}

export const removePod = ({ kubectl }: World, pod: string): Promise<string> =>
  kubectl.run(['delete', 'pod', '-n', names.namespace, pod, '--ignore-not-found', '--timeout=90s'], {
    timeoutMs: 100_000,
  });
