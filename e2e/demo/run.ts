/**
 * `make demo`: from nothing to a replicated volume that survives its faults, on a real Kubernetes. Every step is a promise;
 * the closing table says which were kept, and the exit status is 1 when one was not.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { labels } from '../../src/api/names.ts';
import { sigkill } from '../cluster/faults.ts';
import type { Pod } from '../cluster/kubectl.ts';
import * as manifests from '../cluster/manifests.ts';
import { PhaseWatch } from '../cluster/phases.ts';
import { Recording } from '../cluster/recording.ts';
import { mounted, withEqualReplicas } from '../cluster/replicas.ts';
import * as system from '../cluster/system.ts';
import { run } from '../shell.ts';
import { addDisk, directory as testbedDirectory, NoTestbed, programs, up } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import { agreed, CannotBegin, checkImage, foreign, testbed, type Cluster } from './cluster.ts';
import { names } from './names.ts';
import { Story } from './story.ts';

const recorder = join(import.meta.dirname, '../cluster/recorder.ts');
const nodes = 3;
const story = new Story();

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
/** The user's pod: gone first when it was there, so that the demo can be run again on the same cluster. */
async function startPod(
  cluster: Cluster,
  image: string,
  command: readonly string[],
  notOnNode?: string,
): Promise<Pod> {
  const { kubectl } = cluster;
  await removePod(cluster);
  await kubectl.apply([manifests.userPod({ ...names, name: names.pod, image, command, notOnNode })]);
  return system.podReady(kubectl, names.namespace, names.pod, 120_000);
}
const removePod = (cluster: Cluster) =>
  cluster.kubectl.run(
    ['delete', 'pod', '-n', names.namespace, names.pod, '--ignore-not-found', '--timeout=90s'],
    { timeoutMs: 100_000 },
  );

async function installSystem(cluster: Cluster): Promise<string> {
  const { kubectl } = cluster;
  let image = cluster.image ?? '';
  if (cluster.isTestbed) {
    await story.chapter('a Kubernetes of three nodes runs here, each with a blank disk', async () => {
      await up(nodes, 'make demo');
      const disks: string[] = [];
      for (let n = 1; n <= nodes; n++) disks.push(await addDisk(n, 0, '4G'));
      return disks.join(' ');
    });
    await story.chapter('the image is built without a Docker daemon and on every node', async () => {
      image = await system.buildAndLoadImage();
      return image;
    });
  }
  await story.chapter('helm install: operator, node disk manager and CSI are ready', async () => {
    await system.install(kubectl, cluster.kubeconfig, image, cluster.settings);
    return `release caskade in namespace ${system.namespace}`;
  });
  return image;
}

async function makePools(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  let devices: readonly system.BlockDevice[] = [];
  await story.chapter('the block devices are found', async () => {
    devices = await until('a block device on each node', 60_000, async () => {
      const all = await kubectl.list<system.BlockDevice>('blockdevice', '-n', system.namespace);
      const found = system.onePerNode(all, cluster.isTestbed ? /^\/dev\/loop1\d0$/ : /sparse/);
      return found.length >= nodes ? found.slice(0, nodes) : `${found.length} of ${nodes}`;
    });
    return devices.map((device) => `${device.spec.nodeAttributes.nodeName}:${device.spec.path}`).join(' ');
  });
  await story.chapter('a StoragePoolClaim on them becomes three pools', async () => {
    const devicesOf = devices.map((device) => device.metadata.name);
    await kubectl.apply([
      manifests.storagePoolClaim(names.pool, devicesOf, cluster.isTestbed ? 'disk' : 'sparse'),
      manifests.legacyClass(names.class, names.pool, nodes),
    ]);
    return (await system.poolsOnline(kubectl, names.pool, nodes, 120_000)).join(' ');
  });
}

const sums = 'cd /data/files && sha256sum --quiet -c SHA256SUMS && wc -l <SHA256SUMS';
const dropFileCache =
  'for f in /data/files/*; do dd of="$f" oflag=nocache conv=notrunc,fdatasync count=0 status=none; done';
const writeFiles = `mkdir -p /data/files && cd /data/files && for i in 1 2 3 4 5 6 7 8; do head -c 2097152 /dev/urandom >file-$i; done && sha256sum file-* >SHA256SUMS && sync -f SHA256SUMS`;

async function survive(cluster: Cluster, pv: string): Promise<number> {
  const { kubectl } = cluster;
  const recording = new Recording(kubectl, names.namespace, names.pod, '/data/records');
  await recording.beyond(20, 60_000);

  const pools = await system.poolsOf(kubectl, pv);
  const victim = pools[1] ?? '';
  const replica = `${pv}-${victim}`;
  await using watch = new PhaseWatch(
    kubectl,
    'cvr',
    '-n',
    system.namespace,
    '-l',
    `${labels.persistentVolume}=${pv}`,
  );
  await watch.ready(pools.length);
  await story.chapter(
    'a pool daemon is killed (kill -9) while the pod writes: the writes go on',
    async () => {
      await sigkill(kubectl, await system.poolPod(kubectl, victim), cluster.isTestbed);
      const before = await recording.last();
      const { last, longestMs } = await recording.felt(before, 20, 60_000);
      return `${victim}; records ${before} to ${last} flushed, the slowest took ${seconds(longestMs)}`;
    },
  );
  await story.chapter(
    'it comes back and rebuilds what it missed, until all replicas are Healthy',
    async () => {
      const phases = await watch.leftAndBack(replica, 'Healthy', 120_000);
      const { replicas } = await system.volumeHealthy(kubectl, pv, 120_000);
      return `${phases.join(' → ')}; ${replicas} of ${replicas} replicas Healthy`;
    },
  );
  await story.chapter(
    'the target pod is killed while the pod writes: the same file system goes on within 20 s',
    async () => {
      const target = await system.targetPod(kubectl, pv);
      const before = await recording.last();
      await sigkill(kubectl, target, cluster.isTestbed);
      const { longestMs } = await recording.felt(await recording.last(), 20, 40_000);
      const ms = Math.max(longestMs, await recording.longestMsSince(before));
      if (ms > 20_000) throw new Error(`the writes went on after ${seconds(ms)}`);
      await system.volumeHealthy(kubectl, pv, 120_000);
      return `the longest that a write waited was ${seconds(ms)}`;
    },
  );

  let last = 0;
  await story.chapter('every checksum is right, read through the pod', async () => {
    last = await recording.stop();
    const files = (
      await kubectl.exec(names.namespace, names.pod, ['sh', '-c', `${dropFileCache}; ${sums}`])
    ).trim();
    await recording.check(names.pod, last);
    return `${files} files, ${last} flushed records`;
  });
  return last;
}

async function proveReplicas(cluster: Cluster, pv: string, last: number): Promise<void> {
  await story.chapter(
    'every byte is the same on each replica, and every checksum is right in each',
    async () => {
      await removePod(cluster);
      await system.detached(cluster.kubectl, pv, 60_000);
      return withEqualReplicas(cluster.kubectl, pv, cluster.isTestbed, async (dumps) => {
        const first = dumps[0];
        const same = `${dumps.length} replicas, ${(first?.sizeBytes ?? 0) / 2 ** 20} MiB each at write ${first?.number}, sha256 ${first?.sha256.slice(0, 12)}…`;
        if (process.getuid?.() !== 0) return `${same}; not mounted here, which needs root`;
        for (const dump of dumps)
          await mounted(dump.file, async (mountPoint) => {
            await run(['sh', '-c', sums.replaceAll('/data', mountPoint)]);
            await run([process.execPath, recorder, 'check', join(mountPoint, 'records'), String(last)]);
          });
        return `${same}, each mounted and checked`;
      });
    },
  );
}

async function tell(cluster: Cluster): Promise<void> {
  const image = await installSystem(cluster);
  const { kubectl } = cluster;
  await makePools(cluster);

  let pv = '';
  let pod: Pod | undefined;
  await story.chapter(
    'a PersistentVolumeClaim becomes a volume with three replicas behind an iSCSI target',
    async () => {
      await kubectl.apply([
        manifests.claim(names.namespace, names.claim, names.class, '512Mi'),
        manifests.recorderScript(names.namespace),
      ]);
      pv = (await system.boundVolume(kubectl, names.namespace, names.claim, 90_000)).pv;
      await system.volumeHealthy(kubectl, pv, 90_000);
      return `${pv} on ${(await system.poolsOf(kubectl, pv)).join(' ')}`;
    },
  );
  await story.chapter('a pod mounts it and writes files with checksums', async () => {
    pod = await startPod(cluster, image, Recording.command('/data/records'));
    await kubectl.exec(names.namespace, names.pod, ['sh', '-c', writeFiles]);
    return `8 files of 2 MiB on ${pod.spec.nodeName}, and a writer that flushes every record`;
  });

  const last = await survive(cluster, pv);
  await proveReplicas(cluster, pv, last);
  await story.chapter('a pod on another node reads the same', async () => {
    const other = await startPod(cluster, image, ['sleep', 'infinity'], pod?.spec.nodeName);
    await kubectl.exec(names.namespace, names.pod, ['sh', '-c', sums]);
    await new Recording(kubectl, names.namespace, names.pod, '/data/records').check(names.pod, last);
    return `on ${other.spec.nodeName}`;
  });

  const where = cluster.isTestbed ? [`export KUBECONFIG=${cluster.kubeconfig} PATH=${programs}:$PATH`] : [];
  console.log(
    [
      '\nLook around:',
      ...where,
      'kubectl get spc,cspc,cspi,bd,bdc,cvc,cv,cvr -A',
      `kubectl get pods -n ${system.namespace} -o wide`,
      `kubectl describe cvc -n ${system.namespace} ${pv}`,
      `kubectl logs -n ${system.namespace} deploy/${pv}-target`,
      `kubectl exec -it -n ${names.namespace} ${names.pod} -- sh -c 'df -h /data; ls -l /data/files'`,
    ].join('\n  '),
  );
}

/** What helps to see why a promise was not kept. */
async function diagnose(cluster: Cluster): Promise<void> {
  const { kubectl } = cluster;
  const show = async (title: string, args: readonly string[]) => {
    const { stdout, stderr } = await kubectl.attempt(args);
    console.log(`\n--- ${title}\n${(stdout || stderr).trim().split('\n').slice(-40).join('\n')}`);
  };
  await show('pods', ['get', 'pods', '-A', '-o', 'wide']);
  await show('objects', ['get', 'spc,cspc,cspi,bd,bdc,cvc,cv,cvr', '-A']);
  await show('events', ['get', 'events', '-A', '--sort-by=.lastTimestamp']);
  await show('operator', ['logs', '-n', system.namespace, 'deployment/caskade-operator', '--tail=20']);
  if (cluster.isTestbed) console.log(`\nlogs of the test bed: ${testbedDirectory}/log`);
}

async function main(): Promise<number> {
  const cluster = foreign() ?? testbed();
  checkImage(cluster);
  if (!cluster.isTestbed && !(await agreed(cluster))) return 0;
  try {
    await tell(cluster);
  } catch (error) {
    if (error instanceof NoTestbed) {
      console.log(`\n${error.message}`);
      if (!error.cannot) return 1;
      console.log('The same story without Kubernetes: make demo-local\n');
      return (
        spawnSync(process.execPath, [join(import.meta.dirname, 'local.ts')], { stdio: 'inherit' }).status ?? 1
      );
    }
    await diagnose(cluster);
  }
  console.log(`\n${story.table()}`);
  if (story.kept) console.log('\nThe cluster stays up; `make demo-down` removes it.');
  return story.kept ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof CannotBegin)) throw error;
  console.error(`demo: ${error.message}`);
  process.exitCode = 2;
}
