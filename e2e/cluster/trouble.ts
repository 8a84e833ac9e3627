/** What a user sees by kubectl of a volume below its quorum. */
import { annotations } from '../../src/api/names.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Kubectl, KubeObject } from './kubectl.ts';
import * as system from './system.ts';
import { allInSync } from './target-status.ts';
import { makeVolume, nodeCount, removePod, startRecorder, type World } from './world.ts';

const where = ['-n', system.namespace] as const;

/** `kubectl get cv,cvr -o wide` of a volume, once it holds what it should. */
export const shows = (kubectl: Kubectl, pv: string, ...wanted: readonly RegExp[]) =>
  until(`kubectl get cv,cvr of ${pv} shows ${wanted.join(', ')}`, 90_000, async () => {
    const all = await kubectl.run(['get', 'cv,cvr', ...where, '-o', 'wide']);
    const text = all
      .split('\n')
      .filter((line) => line.includes(pv) || line.startsWith('NAME'))
      .join('\n');
    return wanted.every((one) => one.test(text)) ? { text } : text;
  });

interface Event extends KubeObject {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

export const event = (kubectl: Kubectl, pv: string, reason: string, text: RegExp) =>
  until(`event ${reason} of ${pv}`, 30_000, async () => {
    const all = await kubectl.list<Event>('events', '-A');
    const found = all.filter(({ involvedObject: of }) => of.kind === 'CStorVolume' && of.name === pv);
    return (
      found.find((one) => one.reason === reason && text.test(one.message)) ??
      JSON.stringify(found.map((one) => [one.reason, one.message]))
    );
  });

/** The daemons of pools are taken away, and come back: the operator keeps its hands off meanwhile. */
async function without(kubectl: Kubectl, pools: readonly string[], run: () => Promise<void>): Promise<void> {
  const scale = async (replicas: number) => {
    for (const pool of pools)
      await kubectl.run(['scale', 'deployment', pool, ...where, `--replicas=${replicas}`]);
  };
  const annotate = async (value: string) => {
    for (const pool of pools)
      await kubectl.run([
        'annotate',
        'cspi',
        pool,
        ...where,
        '--overwrite',
        `${annotations.reconcileDisable}${value}`,
      ]);
  };
  await annotate('=true');
  await scale(0);
  try {
    await run();
  } finally {
    await scale(1);
    await annotate('-');
  }
}

/** Two of three daemons are away for longer than commands wait (20 s), and come back. */
async function belowQuorum(world: World): Promise<void> {
  const { kubectl } = world;
  const name = 'below-quorum';
  const volume = await makeVolume(world, name);
  const recording = await startRecorder(world, volume, name);
  const pools = (await system.poolsOf(kubectl, volume.pv)).slice(0, 2);
  await without(kubectl, pools, async () => {
    await shows(
      kubectl,
      volume.pv,
      new RegExp(`cstorvolume\\S*/${volume.pv} .*Offline`),
      ...pools.map((pool) => new RegExp(`${volume.pv}-${pool} .*Offline`)),
    );
    await event(kubectl, volume.pv, 'Offline', /Offline/);
    const before = await recording.last();
    await new Promise((resolve) => setTimeout(resolve, 25_000)); // commands are answered BUSY meanwhile
    if ((await recording.last()) > before + 1) throw new Error('it was written without a quorum');
  });
  await recording.beyond((await recording.last()) + 20, 90_000);
  await allInSync(kubectl, volume.pv, nodeCount, 90_000);
  await shows(kubectl, volume.pv, new RegExp(`cstorvolume\\S*/${volume.pv} .*Healthy`));
  await recording.check(name, await recording.stop());
  await removePod(world, name);
}

export const trouble = (world: () => World): readonly Check[] => [
  {
    name: 'a volume below its quorum is Offline in kubectl get cv,cvr, commands wait, and it goes on by itself',
    timeoutMs: 300_000,
    run: () => belowQuorum(world()),
  },
];
