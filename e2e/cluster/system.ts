/** Our system on a cluster: image, chart, pools, and where the parts of a volume are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labels } from '../../src/api/names.ts';
import { run } from '../shell.ts';
import { loadImage, programs } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import { isReady, type Kubectl, type KubeObject, type Pod } from './kubectl.ts';

export const namespace = 'openebs';
const root = join(import.meta.dirname, '../..');

export const imageArchive = join(root, 'build/image/caskade.tar');

/** Compiles, builds the image and answers its name; it lies in `imageArchive`. */
export async function buildImage(): Promise<string> {
  await run(['make', '-s', 'image'], { cwd: root, timeoutMs: 10 * 60_000, show: 'errors' });
  return readFileSync(join(root, 'build/image/name'), 'utf8').trim();
}

/** Builds the image and brings it to the nodes of the bed; answers its name. */
export async function buildAndLoadImage(): Promise<string> {
  const name = await buildImage();
  await loadImage(imageArchive);
  return name;
}

export const helm = (name: 'helm' | 'helm3' = 'helm'): string => {
  const own = join(programs, name);
  return existsSync(own) ? own : name;
};

/** Installs or upgrades the chart, as the README says, and waits until every part of it is ready. */
export async function install(
  kubectl: Kubectl,
  kubeconfig: string,
  image: string,
  settings: readonly string[],
): Promise<void> {
  const cut = image.lastIndexOf(':');
  const chart = join(root, 'charts/caskade');
  const set = `image.repository=${image.slice(0, cut)},image.tag=${image.slice(cut + 1)}`;
  const where = ['--namespace', namespace, '--create-namespace'];
  await run(['make', '-s', 'chart'], { cwd: root, timeoutMs: 10 * 60_000 });
  await run([helm(), 'upgrade', '--install', 'caskade', chart, ...where, '--set', set, ...settings], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    timeoutMs: 120_000,
  });
  await systemReady(kubectl, 120_000);
}

const parts = [
  'deployment/caskade-operator',
  'deployment/openebs-cstor-csi-controller',
  'daemonset/openebs-cstor-csi-node',
  'daemonset/openebs-ndm',
];

/** Every part of the chart runs what was installed last and is ready. */
export async function systemReady(kubectl: Kubectl, timeoutMs: number): Promise<void> {
  const limit = `--timeout=${Math.ceil(timeoutMs / 1000)}s`;
  await Promise.all(
    parts.map((part) =>
      kubectl.run(['rollout', 'status', '-n', namespace, part, limit], { timeoutMs: timeoutMs + 5_000 }),
    ),
  );
}

export interface BlockDevice extends KubeObject {
  readonly spec: {
    readonly path: string;
    readonly capacity: { readonly storage: number };
    readonly nodeAttributes: { readonly nodeName: string };
  };
  readonly status: { readonly state: string; readonly claimState: string };
}

/** One unclaimed (or already `wanted`) device of each node, as `kubectl get blockdevice` lists them. */
export function onePerNode(devices: readonly BlockDevice[], pathEnds: RegExp): readonly BlockDevice[] {
  const byNode = new Map<string, BlockDevice>();
  for (const device of devices)
    if (
      device.status.state === 'Active' &&
      pathEnds.test(device.spec.path) &&
      !byNode.has(device.spec.nodeAttributes.nodeName)
    )
      byNode.set(device.spec.nodeAttributes.nodeName, device);
  return [...byNode.values()];
}

interface Phased extends KubeObject {
  readonly status?: {
    readonly phase?: string;
    readonly condition?: readonly object[];
    readonly conditions?: readonly object[];
  };
}

/** The pool instances of a cluster, all ONLINE. */
export const poolsOnline = (kubectl: Kubectl, cluster: string, count: number, timeoutMs: number) =>
  until(`${count} pools of ${cluster} are ONLINE`, timeoutMs, async () => {
    const pools = await kubectl.list<Phased>(
      'cspi',
      '-n',
      namespace,
      '-l',
      `${labels.cstorPoolCluster}=${cluster}`,
    );
    const online = pools.filter((pool) => pool.status?.phase === 'ONLINE');
    if (online.length === count) return online.map((pool) => pool.metadata.name);
    return `${online.length} of ${count} ONLINE (${pools.map((pool) => `${pool.metadata.name}=${pool.status?.phase ?? ''}`).join(' ')})`;
  });

/** The volume behind a claim, once it is bound. */
export const boundVolume = (kubectl: Kubectl, where: string, name: string, timeoutMs: number) =>
  until(`claim ${name} is bound`, timeoutMs, async () => {
    const pvc = await kubectl.get<KubeObject & { spec: { volumeName?: string }; status: { phase: string } }>(
      'pvc',
      name,
      '-n',
      where,
    );
    return pvc?.status.phase === 'Bound'
      ? { pv: pvc.spec.volumeName ?? '' }
      : `it is ${pvc?.status.phase ?? 'absent'}`;
  });

/** Waits until the volume and each of its replicas say Healthy. */
export const volumeHealthy = (kubectl: Kubectl, pv: string, timeoutMs: number) =>
  until(`volume ${pv} is Healthy`, timeoutMs, async () => {
    const volume = await kubectl.get<Phased>('cv', pv, '-n', namespace);
    const replicas = await kubectl.list<Phased>(
      'cvr',
      '-n',
      namespace,
      '-l',
      `${labels.persistentVolume}=${pv}`,
    );
    const phases = replicas.map((replica) => replica.status?.phase ?? '');
    const healthy =
      volume?.status?.phase === 'Healthy' &&
      phases.length > 0 &&
      phases.every((phase) => phase === 'Healthy');
    return healthy
      ? { replicas: phases.length }
      : `volume ${volume?.status?.phase ?? 'absent'}, replicas ${phases.join(' ')}`;
  });

export const podReady = (kubectl: Kubectl, where: string, name: string, timeoutMs: number) =>
  until(`pod ${name} is ready`, timeoutMs, async () => {
    const pod = await kubectl.get<Pod>('pod', name, '-n', where);
    if (pod === undefined) return 'it is absent';
    return isReady(pod) ? pod : `it is ${pod.status.phase ?? ''}`;
  });

/** No node holds the volume any more: what a pod wrote has been unmounted, and the target lets nobody in. */
export const detached = (kubectl: Kubectl, pv: string, timeoutMs: number) =>
  until(`${pv} is detached`, timeoutMs, async () => {
    type Attachment = KubeObject & {
      readonly spec: { readonly source: { readonly persistentVolumeName?: string } };
    };
    const all = await kubectl.list<Attachment>('volumeattachment');
    const left = all.filter(({ spec }) => spec.source.persistentVolumeName === pv);
    return left.length === 0 ? left : `attached by ${left.map((one) => one.metadata.name).join(', ')}`;
  });

/** The pod of a pool or a target that is not on its way out. */
export async function podOf(kubectl: Kubectl, selector: string): Promise<Pod> {
  const pods = await kubectl.list<Pod>('pods', '-n', namespace, '-l', selector);
  const alive = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const [pod] = alive;
  if (pod === undefined || alive.length > 1)
    throw new Error(`${alive.length} pods with ${selector}: one is expected`);
  return pod;
}

export const poolPod = (kubectl: Kubectl, pool: string): Promise<Pod> =>
  podOf(kubectl, `${labels.cstorPoolInstance}=${pool}`);
export const targetPod = (kubectl: Kubectl, pv: string): Promise<Pod> =>
  podOf(kubectl, `${labels.target}=cstor-target,${labels.persistentVolume}=${pv}`);

/** What admin calls to a pool or a target must carry, from the Secret of its keys. */
export async function adminTokenOf(kubectl: Kubectl, secretName: string): Promise<string> {
  type Secret = KubeObject & { readonly data: Readonly<Record<string, string>> };
  const secret = await kubectl.get<Secret>('secret', secretName, '-n', namespace);
  return Buffer.from(secret?.data['admin-token'] ?? '', 'base64').toString();
}

/** The pools that hold a volume's replicas. */
export async function poolsOf(kubectl: Kubectl, pv: string): Promise<readonly string[]> {
  const replicas = await kubectl.list('cvr', '-n', namespace, '-l', `${labels.persistentVolume}=${pv}`);
  return replicas.map((replica) => replica.metadata.labels?.[labels.poolInstanceName] ?? '').toSorted();
}
