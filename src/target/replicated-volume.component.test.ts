import { expect, test } from '@jest/globals';
import type { ReplicatedVolume } from './replicated-volume.ts';
import { VolumeError } from './volume.ts';
import { volumeContract } from './volume.contract.ts';
import { ReplicaRig, type RigOptions } from '../testing/replica-rig.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';
import { prng } from '../shared/prng.ts';

const sizeBytes = 4 * 2 ** 20;
const bed = rigPerTest({ replicas: 3, sizeBytes, port: 21_100 });

async function start(
  options: Partial<RigOptions> = {},
): Promise<{ rig: ReplicaRig; target: ReplicatedVolume }> {
  const rig = await bed.start(options);
  const target = rig.target();
  await target.serving;
  return { rig, target };
}

const healthy = (target: ReplicatedVolume) => bed.until('Healthy', () => target.status().phase === 'Healthy');

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Replicas hold the same bytes, as soon as what is on its way to one that is in sync has come (R17). */
async function expectEqualReplicas(rig: ReplicaRig, indexes: readonly number[]): Promise<void> {
  await bed.until(
    'the last entry everywhere',
    () => new Set(indexes.map((i) => rig.store(i).last)).size === 1,
  );
  const digests = await Promise.all(indexes.map((i) => rig.store(i).digest(0, sizeBytes / 4096)));
  expect(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(1);
}

test('one replica crashes, the volume serves on; it comes back and is in sync', async () => {
  const { rig, target } = await start();
  const random = prng(1);
  const first = random.bytes(64 * 1024);
  await target.write(4096, first);
  await target.flush();
  await rig.crash(0);
  const second = random.bytes(64 * 1024);
  await target.write(1024 * 1024 + 512, second);
  await target.flush();
  expect(equal(await target.read(4096, first.byteLength), first)).toBe(true);
  await rig.start(0);
  await healthy(target);
  expect(equal(await target.read(1024 * 1024 + 512, second.byteLength), second)).toBe(true);
  await target.flush();
  await expectEqualReplicas(rig, [0, 1, 2]);
});

test('two of three crash: writes wait, nothing acknowledged is lost, service resumes by itself', async () => {
  const { rig, target } = await start();
  const random = prng(2);
  const data = random.bytes(8192);
  await target.write(0, data);
  await target.flush();
  await Promise.all([rig.crash(0), rig.crash(1)]);
  await bed.until('Offline', () => target.status().phase === 'Offline');
  const waiting = target.write(8192, data);
  expect(equal(await target.read(0, 8192), data)).toBe(true); // settled reads are served
  await rig.start(1);
  await waiting;
  await rig.start(0);
  await healthy(target);
  await target.flush();
  await expectEqualReplicas(rig, [0, 1, 2]);
});

test('a replica that was away for long is rebuilt while writes go on, proved, and equal', async () => {
  const { rig, target } = await start({ timing: { windowBytesMax: 200_000, numberJump: 4_096 } });
  const random = prng(3);
  for (let i = 0; i < 40; i++) await target.write(i * 65_536, random.bytes(32_768));
  await target.flush();
  await rig.stop(2);
  for (let i = 0; i < 40; i++) await target.write(i * 65_536 + 16_384, random.bytes(16_384));
  await target.unmap(0, 1024 * 1024);
  await target.flush();
  const states = new Set<string>();
  target.onStatus((status) => states.add(status.replicas[2]?.state ?? ''));
  await rig.start(2);
  for (let i = 0; target.status().phase !== 'Healthy' && i < 2_000; i++) {
    await target.write(random.below(1_000) * 4096, random.bytes(4096));
  }
  await healthy(target);
  expect([...states]).toContain('Rebuilding');
  expect(target.status().replicas[2]?.mismatches).toBe(0);
  await target.flush();
  await expectEqualReplicas(rig, [0, 1, 2]);
});

/** This replica holds something else there than it was sent, and its checksums say that it is right. */
function falsify(rig: ReplicaRig, index: number, block: number, data: Uint8Array): void {
  const store = rig.store(index);
  store.copyIn([{ block, count: data.byteLength / 4096, birth: store.last, data }]);
}

test('a scrub finds what one of three has otherwise and mends it, while writes go on', async () => {
  const { rig, target } = await start();
  const random = prng(31);
  const content = random.bytes(sizeBytes);
  await target.write(0, content);
  await target.flush();
  await bed.until('all in sync', () => target.status().replicas.every(({ state }) => state === 'InSync'));
  falsify(rig, 1, 100, random.bytes(3 * 4096));
  falsify(rig, 2, 700, random.bytes(4096));
  target.scrub();
  for (let i = 0; target.status().scrub.state !== 'done'; i++) {
    const data = random.bytes(4096);
    const block = 60 + (i % 80); // where it is mended, too
    content.set(data, block * 4096);
    await target.write(block * 4096, data);
  }
  expect(target.status().scrub).toMatchObject({ different: 1, mended: 128, left: 0 });
  await target.flush();
  expect(equal(await target.read(0, sizeBytes), content)).toBe(true);
  await expectEqualReplicas(rig, [0, 1, 2]);
  target.scrub();
  await bed.until('compared again', () => target.status().scrub.state === 'done');
  expect(target.status().scrub).toMatchObject({ different: 0, mended: 0, left: 0 });
});

test('of two replicas that can both read what they have, a scrub believes none, and says so', async () => {
  const { rig, target } = await start({ replicas: 2 });
  await target.write(0, prng(32).bytes(64 * 4096));
  await target.flush();
  await healthy(target);
  falsify(rig, 1, 5, new Uint8Array(4096).fill(9));
  target.scrub();
  await bed.until('compared', () => target.status().scrub.state === 'done');
  expect(target.status().scrub).toMatchObject({ different: 1, mended: 0, left: 64 });
  expect(target.status().scrub.message).toContain('blocks 0 to 63');
});

test('a scrub compares snapshots: what differs there is named, with the pool, and left as it is', async () => {
  const { rig, target } = await start();
  const random = prng(33);
  await target.write(0, random.bytes(sizeBytes));
  await target.flush();
  await healthy(target);
  falsify(rig, 1, 100, random.bytes(4096));
  await target.snapshots.take('monday', 1);
  await target.write(100 * 4096, random.bytes(4096)); // the volume is the same on all again
  await target.flush();
  await target.snapshots.take('tuesday', 2);
  target.scrub();
  await bed.until('compared', () => target.status().scrub.state === 'done');
  expect(target.status().scrub).toMatchObject({ different: 1, mended: 0, left: 64 });
  expect(target.status().scrub.message).toContain('snapshot monday blocks 64 to 127');
  expect(target.status().scrub.message).toContain('move the replica on pool-2');
});

test('a new target takes over from one that still runs; who may log in is remembered, and what the unit asked for', async () => {
  const { rig, target: first } = await start();
  const data = prng(4).bytes(4096);
  await first.setInitiators(['iqn.a', 'iqn.b']);
  await first.remember?.('reservations', 'iqn.a');
  await first.write(0, data);
  const second = rig.target();
  expect(await first.ended).toContain('has promised epoch');
  expect(first.mayAnswer()).toBe(false);
  await expect(first.read(0, 4096)).rejects.toMatchObject({ problem: 'busy' });
  await second.serving;
  expect(second.initiators()).toEqual(['iqn.a', 'iqn.b']);
  expect(second.recall?.('reservations')).toBe('iqn.a');
  expect(equal(await second.read(0, 4096), data)).toBe(true);
  expect(second.status().unflushedWritesLostEpoch).toBe(0);
  await first.stop();
});

/** The initiator is answered that writes were lost. */
async function tellsLoss(flushed: Promise<void>): Promise<void> {
  const error: unknown = await flushed.catch((problem: unknown) => problem);
  expect(error).toMatchObject({ problem: 'unflushedWritesLost' });
  if (error instanceof VolumeError) error.answered?.();
}

test('all lose power: flushed data is there, the loss of the rest is said, and the first flush of each initiator fails once', async () => {
  const { rig, target } = await start();
  const data = prng(5).bytes(4096);
  await target.write(0, data);
  await target.flush();
  await target.write(4096, data);
  await Promise.all([rig.crash(0), rig.crash(1), rig.crash(2)]);
  await target.stop();
  for (const i of [0, 1, 2]) await rig.start(i);
  const again = rig.target();
  await again.serving;
  expect(equal(await again.read(0, 4096), data)).toBe(true);
  expect(again.status().unflushedWritesLostEpoch).toBe(again.status().epoch);
  const failed = { problem: 'unflushedWritesLost' };
  for (const initiator of ['iqn.2016-09.com.example:a', 'iqn.2016-09.com.example:b']) {
    // One whose answer nobody got counts for nothing.
    await expect(again.flush({ initiator })).rejects.toMatchObject(failed);
    await tellsLoss(again.flush({ initiator }));
    await again.flush({ initiator });
  }
  const fua = { fua: true, initiator: 'iqn.2016-09.com.example:c' };
  await tellsLoss(again.write(0, data, fua));
  await again.write(0, data, fua);
});

test('a target that comes after a loss tells it to those who have not heard of it yet, and to nobody else', async () => {
  const { rig, target } = await start();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ initiator: `iqn.2016-09.com.example:${name}` }));
  await target.setInitiators([a!.initiator, b!.initiator]);
  await target.write(4096, prng(7).bytes(4096));
  await Promise.all([rig.crash(0), rig.crash(1), rig.crash(2)]);
  await target.stop();
  for (const i of [0, 1, 2]) await rig.start(i);
  const second = rig.target();
  await second.serving;
  await tellsLoss(second.flush(a));
  await second.flush(a);
  const third = rig.target();
  await third.serving;
  expect(third.status().unflushedWritesLostEpoch).toBe(0);
  await third.flush(a);
  await third.flush(c); // could not have written then
  await tellsLoss(third.flush(b));
  await third.flush(b);
  const fourth = rig.target();
  await fourth.serving;
  await fourth.flush(b);
});

test('who may not log in any more is not told of an old loss when it comes again', async () => {
  const { rig, target } = await start();
  const a = { initiator: 'iqn.2016-09.com.example:a' };
  await target.setInitiators([a.initiator]);
  await target.write(4096, prng(8).bytes(4096));
  await Promise.all([rig.crash(0), rig.crash(1), rig.crash(2)]);
  await target.stop();
  for (const i of [0, 1, 2]) await rig.start(i);
  const second = rig.target();
  await second.serving;
  expect(second.status().unflushedWritesLostEpoch).toBe(second.status().epoch);
  await second.setInitiators([]);
  await second.setInitiators([a.initiator]);
  await expect(second.flush(a)).resolves.toBeUndefined();
});

test('all are stopped in order: nothing is lost, not even what nobody flushed', async () => {
  const { rig, target } = await start();
  const data = prng(6).bytes(4096);
  await target.write(4096, data);
  await target.stop();
  for (const i of [0, 1, 2]) await rig.stop(i);
  for (const i of [0, 1, 2]) await rig.start(i);
  const again = rig.target();
  await again.serving;
  expect(equal(await again.read(4096, 4096), data)).toBe(true);
  expect(again.status().unflushedWritesLostEpoch).toBe(0);
});

test('R31: a known id with another GUID is no member', async () => {
  const { rig, target } = await start();
  await rig.replaceWithBlank(1);
  await bed.until('refused', () => target.status().replicas[1]?.message.includes('is no member') === true);
  expect(target.status().phase).toBe('Degraded');
  await target.write(0, new Uint8Array(4096).fill(1));
});

volumeContract('a replicated volume', async (bytes) => {
  const rig = await ReplicaRig.start({ replicas: 3, sizeBytes: bytes, port: 21_120 });
  const volume = rig.target();
  await volume.serving;
  return { volume, close: () => rig.end() };
});

test('sectors of one block written at once do not lose each other', async () => {
  const { target } = await start();
  await Promise.all(
    Array.from({ length: 64 }, (_, i) => target.write(i * 512, new Uint8Array(512).fill(i + 1))),
  );
  const data = await target.read(0, 64 * 512);
  expect(Array.from({ length: 64 }, (_, i) => data[i * 512])).toEqual(
    Array.from({ length: 64 }, (_, i) => i + 1),
  );
});

test('the volume grows on all replicas, also on one that was away', async () => {
  const { rig, target } = await start();
  await rig.stop(1);
  await target.resize(2 * sizeBytes);
  expect(target.sizeBytes).toBe(2 * sizeBytes);
  await expect(target.resize(sizeBytes)).rejects.toThrow(RangeError);
  const data = prng(8).bytes(4096);
  await target.write(2 * sizeBytes - 4096, data);
  await rig.start(1);
  await healthy(target);
  await target.flush();
  expect([0, 1, 2].map((i) => rig.store(i).sizeBytes)).toEqual([2 * sizeBytes, 2 * sizeBytes, 2 * sizeBytes]);
  expect(equal(await target.read(2 * sizeBytes - 4096, 4096), data)).toBe(true);
});

test('a target with a wrong key is served nothing', async () => {
  const { rig } = await start();
  const stranger = rig.target({ wrongKeys: true });
  await bed.until('refused', () =>
    stranger.status().replicas.every(({ message }) => message.includes('key')),
  );
  expect(stranger.status().phase).toBe('Init');
  await stranger.stop();
});

test('a replica moves while the volume serves: the newcomer has everything, the old one is let go', async () => {
  const { rig, target } = await start();
  const data = prng(7).bytes(16 * 4096);
  await target.write(0, data);
  const added = await rig.add();
  const [before, after] = [rig.record(1, 0, 1, 2), rig.record(2, 0, 1, added)];
  await rig.settleChange(target, before, after);
  expect(target.status().replicas.map(({ replicaId }) => replicaId)).toEqual(['r1', 'r2', 'r4']);
  await rig.stop(2);
  await rig.stop(0);
  await target.write(4096, data.subarray(0, 4096));
  await target.flush();
  expect(equal(await rig.store(added).read(0, 1), data.subarray(0, 4096))).toBe(true);
  await target.stop();
  await rig.start(2);
  // The one that was let go helps nobody any more, whatever an old file says.
  const old = rig.target({ members: before });
  await bed.until('needed', () => old.status().message.includes('needed'));
  expect(old.status().phase).toBe('Init');
  await old.stop();
  await rig.start(0);
  const again = rig.target({ members: after });
  await again.serving;
  expect(equal(await again.read(4096, 4096), data.subarray(0, 4096))).toBe(true);
  expect(again.status().membership).toEqual({ version: 2, nextVersion: 0, settled: true });
});

test('a file from before a change still names who left: it counts for nothing, and the volume serves on', async () => {
  const { rig, target } = await start();
  const added = await rig.add();
  const [before, after] = [rig.record(1, 0, 1, 2), rig.record(2, 0, 1, added)];
  const change = rig.change(before, after);
  target.setMembers(change);
  const settled = () => target.status().membership.version === 2 && target.status().membership.settled;
  await bed.until('version 2', settled);
  target.setMembers({ ...change, nextMembership: undefined });
  // By then whoever was dialed has answered.
  await rig.stop(1);
  await bed.until('Degraded', () => target.status().phase === 'Degraded');
  await rig.start(1);
  await healthy(target);
  await rig.stop(2);
  await target.write(0, prng(1).bytes(4096));
  await target.flush();
  expect(target.status().phase).toBe('Healthy');
  expect(target.status().membership).toEqual({ version: 2, nextVersion: 0, settled: true });
  target.setMembers({ ...change, membership: after, nextMembership: undefined });
  expect(target.status().replicas.map(({ replicaId }) => replicaId)).toEqual(['r1', 'r2', 'r4']);
});
