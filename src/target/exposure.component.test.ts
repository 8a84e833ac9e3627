/** Many volumes are rebuilt into one pool: who has the fewest good copies comes first, and a few copies are under way at once. */
import { expect, jest, test } from '@jest/globals';
import { prng } from '../shared/prng.ts';
import type { ReplicaRig } from '../testing/replica-rig.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';

const sizeBytes = 2 ** 20;
const writeBytes = 2 ** 18;
const bed = rigPerTest({ replicas: 3, sizeBytes, port: 21_280, timing: { windowBytesMax: 200_000 } });
jest.setTimeout(120_000);

/** What copiers ask of these sources is answered when the gate is open; answers which volumes they asked for, in order. */
function gateSources(
  rig: ReplicaRig,
  gate: Promise<void>,
  sources: readonly { readonly index: number; readonly volume: string }[],
): readonly string[] {
  const asked: string[] = [];
  for (const { index, volume } of sources) {
    const store = rig.store(index, volume);
    const births = store.births.bind(store);
    store.births = async (...of) => {
      asked.push(volume);
      await gate;
      return await births(...of);
    };
  }
  return asked;
}

async function fill(target: ReplicatedVolume, seed: number): Promise<void> {
  const content = prng(seed).bytes(sizeBytes);
  for (let at = 0; at < sizeBytes; at += writeBytes)
    await target.write(at, content.subarray(at, at + writeBytes));
  await target.flush();
}

const inSync = (target: ReplicatedVolume): boolean =>
  target.status().replicas.some(({ replicaId, state }) => replicaId === 'r3' && state === 'InSync');

const isRebuilt = (target: ReplicatedVolume): boolean => target.status().replicas[2]?.state === 'Rebuilding';

test('four copies at once into a pool, and who has one good copy is next, before all those with two that came earlier', async () => {
  const rig = await bed.start();
  const wide = ['wide-1', 'wide-2', 'wide-3', 'wide-4', 'wide-5', 'wide-6'];
  const targets: ReplicatedVolume[] = [];
  for (const volume of wide) {
    const target = rig.target({ volume, members: await rig.addVolume(volume, 0, 1, 2) });
    await target.serving;
    targets.push(target);
  }
  const before = await rig.addVolume('narrow', 0);
  const newcomer = await rig.addVolume('narrow', 2);
  const narrow = rig.target({ volume: 'narrow', members: before });
  await narrow.serving;
  await rig.stop(2);
  for (const [i, target] of [...targets, narrow].entries()) await fill(target, 90 + i);

  const gate = Promise.withResolvers<void>();
  const sources = wide.flatMap((volume) => [0, 1].map((index) => ({ index, volume })));
  const asked = gateSources(rig, gate.promise, [...sources, { index: 0, volume: 'narrow' }]);
  await rig.start(2);
  await bed.until('the wide ones are rebuilt', () => targets.every(isRebuilt));
  await bed.until('four are asked for', () => asked.length === 4);
  const both = { ...before.members, ...newcomer.members };
  narrow.setMembers(rig.change(before, { version: 2, members: both }, 'narrow'));
  const newcomerState = () => narrow.status().replicas.find(({ replicaId }) => replicaId === 'r3')?.state;
  await bed.until('the narrow one is rebuilt', () => newcomerState() === 'Rebuilding');
  const atPool = () =>
    rig
      .server(2)
      .replicas()
      .find(({ volume }) => volume === 'narrow')?.state;
  await bed.until('and has begun', () => atPool() === 'Rebuilding');
  await rig.store(2, 'narrow').commit(); // behind that of its record, after which it asks
  expect(asked).toHaveLength(4);
  expect(asked).not.toContain('narrow');
  gate.resolve();
  await bed.until('all are whole', () => [...targets, narrow].every((target) => inSync(target)));
  // What the first four ask for besides, for the same answer, may come between.
  const others = new Set(asked.slice(4, asked.indexOf('narrow')));
  expect([...others].filter((volume) => !asked.slice(0, 4).includes(volume))).toEqual([]);
});
