/**
 * Replicas of a volume are taken away, moved and added under a recording writer: the target goes on, nobody waits, and what
 * was flushed is in the replicas that are left.
 */
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { KubeObject } from './kubectl.ts';
import { withEqualReplicas } from './replicas.ts';
import * as system from './system.ts';
import { allInSync } from './target-status.ts';
import { makeVolume, removePod, startRecorder, type World } from './world.ts';

const name = 'members';
/** As in survival.ts: an fsync that takes longer was not served meanwhile. */
const noticedMs = 5_000;

interface Config extends KubeObject {
  readonly status: {
    readonly poolInfo: readonly string[];
    readonly condition: readonly {
      readonly type: string;
      readonly status: string;
      readonly message: string;
    }[];
  };
}

/** Asks for these pools, and waits until the volume is on them and says so. */
export async function moveTo({ kubectl }: World, pv: string, pools: readonly string[]): Promise<void> {
  const patch = {
    spec: { policy: { replicaPoolInfo: pools.map((poolName) => ({ poolName })) } },
  };
  const place = ['cvc', pv, '-n', system.namespace];
  await kubectl.run(['patch', ...place, '--type=merge', '-p', JSON.stringify(patch)]);
  await until(`${pv} is on ${pools.join(' ')}`, 120_000, async () => {
    const config = await kubectl.get<Config>('cvc', pv, '-n', system.namespace);
    const { poolInfo = [], condition = [] } = config?.status ?? {};
    const placed = condition.find(({ type }) => type === 'ReplicasPlaced');
    const there = poolInfo.toSorted().join(' ') === pools.toSorted().join(' ') && placed?.status === 'True';
    return there ? { poolInfo } : `it is on ${poolInfo.join(' ')}: ${placed?.message ?? ''}`;
  });
  await allInSync(kubectl, pv, pools.length, 60_000);
  await until(`what left ${pv} is deleted`, 60_000, async () => {
    const left = await system.poolsOf(kubectl, pv);
    return left.length === pools.length ? { left } : `replicas on ${left.join(' ')}`;
  });
}

async function scaled(world: World): Promise<void> {
  const { kubectl } = world;
  const volume = await makeVolume(world, name);
  const recording = await startRecorder(world, volume, name);
  const [a = '', b = '', c = ''] = await system.poolsOf(kubectl, volume.pv);
  const target = await system.targetPod(kubectl, volume.pv);
  const before = await recording.last();
  for (const pools of [
    [a, b],
    [a, c],
    [a, c, b],
  ]) {
    await moveTo(world, volume.pv, pools);
    await recording.beyond((await recording.last()) + 20, 30_000);
  }
  const slow = await recording.slowSince(before, noticedMs);
  if (slow.length > 0) throw new Error(`the writer waited: ${slow.join(', ')}`);
  const now = await system.targetPod(kubectl, volume.pv);
  if (now.metadata.name !== target.metadata.name) throw new Error('the target was restarted');
  await recording.check(name, await recording.stop());
  await removePod(world, name);
  await system.detached(kubectl, volume.pv, 90_000);
  await withEqualReplicas(kubectl, volume.pv, true, (dumps) => {
    if (dumps.length !== 3) throw new Error(`${dumps.length} replicas`);
    return Promise.resolve();
  });
}

export const members = (world: () => World): readonly Check[] => [
  {
    name: 'three replicas become two, one moves, two become three: the writer notices nothing',
    timeoutMs: 420_000,
    run: () => scaled(world()),
  },
];
