/** Snapshots over sockets and the real engine: whoever was away has the same ones in the end. */
import { afterEach, expect, test } from '@jest/globals';
import type { ReplicatedVolume } from './replicated-volume.ts';
import { decodeRecord, storedName } from '../replication/record.ts';
import { ReplicaRig } from '../testing/replica-rig.ts';

const sizeBytes = 4 * 2 ** 20;
const open: { rig?: ReplicaRig; target?: ReplicatedVolume } = {};

async function start(): Promise<{ rig: ReplicaRig; target: ReplicatedVolume }> {
  const rig = await ReplicaRig.start({ replicas: 3, sizeBytes, port: 21_140 });
  open.rig = rig;
  return { rig, target: await serving(rig) };
}

async function serving(rig: ReplicaRig): Promise<ReplicatedVolume> {
  const target = rig.target();
  open.target = target;
  await target.serving;
  return target;
}

afterEach(async () => {
  await open.target?.stop();
  await open.rig?.end();
  delete open.target;
  delete open.rig;
});

async function healthy(target: ReplicatedVolume): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (target.status().phase === 'Healthy') return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never Healthy: ${JSON.stringify(target.status())}`);
}

const block = (fill: number) => new Uint8Array(4096).fill(fill);

/** Names that replica `index` lists, and a digest of each. */
async function snapshotsOf(rig: ReplicaRig, index: number): Promise<string[]> {
  const store = rig.store(index);
  const { snapshots = [] } = decodeRecord(store.record, sizeBytes);
  return await Promise.all(
    snapshots.map(async (snapshot) => {
      const digest = await store.digest(0, sizeBytes / 4096, storedName(snapshot));
      return `${storedName(snapshot)} ${Buffer.from(digest).toString('hex')}`;
    }),
  );
}

test('a replica that missed snapshots, a deletion and a return has the same ones after its rebuild', async () => {
  const { rig, target } = await start();
  await target.write(0, block(1));
  await target.snapshots.take('a', 1_000);
  await target.write(0, block(2));
  await target.flush();
  await rig.crash(2);
  await target.snapshots.take('b', 2_000);
  await target.write(4096, block(3));
  await target.snapshots.take('c', 3_000);
  await target.snapshots.delete('b');
  await target.write(8192, block(4));
  await target.snapshots.take('d', 4_000);
  await target.snapshots.revert('c', true);
  expect((await target.read(8192, 4096))[0]).toBe(0);
  await target.write(12_288, block(5));
  await target.snapshots.take('e', 5_000);
  await target.stop();

  // Without the window of the one before: what replica 2 missed is copied.
  const next = await serving(rig);
  await rig.start(2);
  await healthy(next);
  expect(next.snapshots.list().map(({ name }) => name)).toEqual(['a', 'c', 'e']);
  const [first, ...others] = await Promise.all([0, 1, 2].map((index) => snapshotsOf(rig, index)));
  expect(first?.length).toBe(3);
  expect(others).toEqual([first, first]);
  const heads = await Promise.all([0, 1, 2].map((index) => rig.store(index).digest(0, sizeBytes / 4096)));
  expect(new Set(heads.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(1);
});

test('the same name again is the same snapshot; an unknown one can not be returned to', async () => {
  const { target } = await start();
  const first = await target.snapshots.take('a', 1_000);
  await target.write(0, block(1));
  expect(await target.snapshots.take('a', 2_000)).toEqual({ ...first, existed: true });
  await expect(target.snapshots.revert('b', true)).rejects.toMatchObject({ problem: 'notFound' });
  await expect(target.snapshots.take('~base', 1)).rejects.toMatchObject({ problem: 'badName' });
});
