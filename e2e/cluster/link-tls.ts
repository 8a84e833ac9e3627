/** TLS is brought to the links of a volume in use, and taken away again: pools start anew one by one, and the writer goes on. */
import { labels, ports } from '../../src/api/names.ts';
import { makeAuthority, makeCertificate } from '../../src/shared/certificates.ts';
import type { Check } from '../local/suite.ts';
import { kubeconfig } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import { hasServed, isReady, type KubeObject, type Pod } from './kubectl.ts';
import { withEqualReplicas } from './replicas.ts';
import * as system from './system.ts';
import { allInSync } from './target-status.ts';
import { makeVolume, names, nodeCount, removePod, startRecorder, type World } from './world.ts';

const name = 'secured';
const secretName = 'caskade-links';
const dayMs = 86_400_000;
/** The target starts anew with each change: what its users then wait for at most, as when it is killed. */
const noticedMs = 20_000;

function linkSecret(): object {
  const validity = { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs) };
  const authority = makeAuthority(secretName, validity);
  const own = makeCertificate(authority, secretName, secretName, validity);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: system.namespace, name: secretName },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': own.certificate, 'tls.key': own.key, 'ca.crt': authority.certificate },
  };
}

type MountedPod = Pod & {
  readonly spec: { readonly volumes?: readonly { readonly name: string }[] };
};
const hasTls = ({ spec }: MountedPod) => spec.volumes?.some((volume) => volume.name === 'tls') === true;

/** Upgrades the release to this Secret, and waits until all pools and the target run with it; two pools are never away at once. */
async function bring(world: World, pv: string, secret: string): Promise<void> {
  const { kubectl, image, settings } = world;
  const pools = ['-n', system.namespace, '-l', `${labels.cstorPoolCluster}=${names.pool},app=cstor-pool`];
  let leastThere: readonly string[] | undefined;
  const rolled = until(
    `pools ${secret === '' ? 'without' : 'with'} TLS`,
    300_000,
    async () => {
      const there = (await kubectl.list<MountedPod>('pods', ...pools)).filter(hasServed);
      if (leastThere === undefined || there.length < leastThere.length)
        leastThere = there.map(({ metadata }) => metadata.name);
      const good = there.filter((pod) => isReady(pod) && hasTls(pod) === (secret !== ''));
      return good.length === nodeCount ? good : `${good.length} of ${nodeCount}`;
    },
    250,
  );
  const set = ['--set', `replication.tlsSecret=${secret},replication.tlsMode=prefer`];
  await Promise.all([rolled, system.install(kubectl, kubeconfig, image, [...settings, ...set])]);
  const there = leastThere ?? [];
  if (there.length !== nodeCount - 1)
    throw new Error(`${nodeCount - there.length} pools were away at once: there were ${there.join(' ')}`);
  await allInSync(kubectl, pv, nodeCount, 90_000);
}

/** Links of the target that are open and not within TLS, as its metrics have it. */
async function plainLinks({ kubectl }: World, pv: string): Promise<number> {
  const pod = await system.targetPod(kubectl, pv);
  const text = await (await fetch(`http://${pod.status.podIP ?? ''}:${ports.http}/metrics`)).text();
  const line = /^caskade_replication_plain_links(?:\{[^}]*\})? (\d+)$/m.exec(text);
  return Number(line?.[1] ?? Number.NaN);
}

const plainLinksAre = (world: World, pv: string, count: number) =>
  until(`${count} links of the target are without TLS`, 60_000, async () => {
    const plain = await plainLinks(world, pv);
    return plain === count ? { plain } : `${plain}`;
  });

interface Instance extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function comesAndGoes(world: World): Promise<void> {
  const { kubectl } = world;
  const volume = await makeVolume(world, name);
  const recording = await startRecorder(world, volume, name);
  const before = await recording.last();
  await kubectl.apply([linkSecret()]);
  await bring(world, volume.pv, secretName);
  await plainLinksAre(world, volume.pv, 0);
  await recording.beyond((await recording.last()) + 20, 30_000);
  const waited = (await kubectl.list<Instance>('cspi', '-n', system.namespace)).filter((pool) =>
    pool.status?.conditions?.some(({ type }) => type === 'RestartPending'),
  );
  if (waited.length < nodeCount - 1) throw new Error(`${waited.length} pools waited for their turn`);
  await bring(world, volume.pv, '');
  await plainLinksAre(world, volume.pv, nodeCount);
  await recording.beyond((await recording.last()) + 20, 30_000);
  const slow = await recording.slowSince(before, noticedMs);
  if (slow.length > 0) throw new Error(`the writer waited: ${slow.join(', ')}`);
  await recording.check(name, await recording.stop());
  await removePod(world, name);
  await system.detached(kubectl, volume.pv, 90_000);
  await withEqualReplicas(kubectl, volume.pv, true, (dumps) => {
    if (dumps.length !== nodeCount) throw new Error(`${dumps.length} replicas`);
    return Promise.resolve();
  });
}

export const linkTls = (world: () => World): readonly Check[] => [
  {
    name: 'TLS comes to the links and goes again, one pool after the other: the writer goes on',
    timeoutMs: 600_000,
    run: () => comesAndGoes(world()),
  },
];
