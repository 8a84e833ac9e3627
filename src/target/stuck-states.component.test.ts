/** States in which a volume is stuck, and the way out of each that docs/durability.md names, over sockets. */
import { expect, jest, test } from '@jest/globals';
import { NoSpaceError } from '../pool-manager/engine/volume-store.ts';
import { prng } from '../shared/prng.ts';
import type { ReplicaRig } from '../testing/replica-rig.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';
import { VolumeError } from './volume.ts';

const mib = 2 ** 20;
const sizeBytes = 8 * mib;
const blockBytes = 4096;
const bed = rigPerTest({ replicas: 3, sizeBytes, port: 21_300 });
jest.setTimeout(120_000);

const stateOf = (target: ReplicatedVolume, index: number) => target.status().replicas[index]?.state;
const healthy = (target: ReplicatedVolume) => bed.until('Healthy', () => target.status().phase === 'Healthy');

async function fill(target: ReplicatedVolume, content: Uint8Array): Promise<void> {
  for (let at = 0; at < content.byteLength; at += 2 ** 18)
    await target.write(at, content.subarray(at, at + 2 ** 18));
  await target.flush();
}

/** Another volume of that pool takes all the room that there is. */
async function takeRoom(rig: ReplicaRig, index: number): Promise<string> {
  const ballast = await rig
    .pool(index)
    .createVolume({ volume: 'ballast', replicaId: 'x', sizeBytes: 256 * mib });
  const data = prng(5).bytes(mib);
  try {
    for (let number = 1; number <= 256; number++) {
      await ballast.room();
      ballast.write(number, (number - 1) * 256, data);
    }
  } catch (error) {
    if (!(error instanceof NoSpaceError)) throw error;
  }
  await ballast.commit();
  return ballast.identity.guid;
}

test('PoolFull: the others serve on, nobody rebuilds it again and again, and it is back when there is room', async () => {
  const rig = await bed.start({ timing: { windowBytesMax: 200_000, numberJump: 4_096 } });
  const target = rig.target();
  await target.serving;
  await healthy(target);
  const ballast = await takeRoom(rig, 2);
  const content = prng(6).bytes(sizeBytes);
  const began: string[] = [];
  target.onStatus(() => {
    const state = stateOf(target, 2) ?? '';
    if (began.at(-1) !== state) began.push(state);
  });
  await fill(target, content);
  await bed.until('PoolFull', () => stateOf(target, 2) === 'PoolFull');
  expect(target.status()).toMatchObject({ phase: 'Degraded', message: '2 of 3 replicas are in sync' });
  expect(target.status().replicas[2]?.message).toBe('its pool is full: make room');
  for (let i = 0; i < 40; i++) {
    await target.write(i * blockBytes, content.subarray(i * blockBytes, (i + 1) * blockBytes));
    await target.flush();
  }
  expect(stateOf(target, 2)).toBe('PoolFull');
  expect(began.filter((state) => state === 'Rebuilding').length).toBeLessThanOrEqual(1);

  await rig.pool(2).destroyVolume(ballast);
  await healthy(target);
  await target.flush();
  expect(Buffer.compare(await rig.store(2).read(0, sizeBytes / blockBytes), content)).toBe(0);
});

test('ReplicaMismatch: what a rebuild brought otherwise than the source has it is counted and copied again, and never in sync before', async () => {
  const rig = await bed.start({ timing: { windowBytesMax: 200_000, numberJump: 4_096 } });
  const target = rig.target();
  await target.serving;
  await rig.stop(2);
  const content = prng(7).bytes(sizeBytes);
  await fill(target, content);
  await rig.start(2);
  const store = rig.store(2);
  const copyIn = store.copyIn.bind(store);
  let corrupted = 0;
  store.copyIn = (extents) => {
    copyIn(
      extents.map((extent) => {
        if (corrupted > 0 || extent.data === undefined) return extent;
        corrupted += 1;
        const data = new Uint8Array(extent.data);
        data[0] = (data[0] ?? 0) ^ 1;
        return { ...extent, data };
      }),
    );
  };
  const seen: boolean[] = [];
  target.onStatus(({ replicas: [, , third] }) =>
    seen.push(third?.state === 'InSync' && third.mismatches === 0),
  );
  await healthy(target);
  expect(corrupted).toBe(1);
  expect(target.status().replicas[2]?.mismatches).toBe(1);
  expect(seen).not.toContain(true);
  expect(Buffer.compare(await rig.store(2).read(0, sizeBytes / blockBytes), content)).toBe(0);
});

test('below a quorum commands wait for so long as they are told, then hear BUSY, and go on by themselves', async () => {
  // Long enough that what a slow machine does in time is not BUSY.
  const rig = await bed.start({ timing: { quorumWaitMs: 4_000 } });
  const target = rig.target();
  await target.serving;
  await healthy(target);
  const data = prng(8).bytes(blockBytes);
  await target.write(0, data);
  await target.flush();
  await rig.stop(1);
  await rig.stop(2);
  await bed.until('Offline', () => target.status().phase === 'Offline');
  const ended = await Promise.allSettled([target.write(0, data), target.flush()]);
  for (const end of ended) {
    const error: unknown = 'reason' in end ? end.reason : undefined;
    expect(error).toBeInstanceOf(VolumeError);
    expect(error).toMatchObject({ problem: 'busy' });
  }
  await rig.start(1);
  await bed.until('Degraded', () => target.status().phase === 'Degraded');
  await target.write(blockBytes, data);
  await rig.start(2);
  await healthy(target);
});

test.each([0, 1])(
  'ReplicasDiffer: the one that a person calls wrong (%i) is moved, and its successor is filled from the others',
  async (index) => {
    const rig = await bed.start({ replicas: 2, timing: { windowBytesMax: 100_000, numberJump: 4_096 } });
    const target = rig.target();
    await target.serving;
    await healthy(target);
    const content = prng(11).bytes(256 * blockBytes);
    await fill(target, content);
    const wrong = rig.store(index);
    wrong.copyIn([{ block: 5, count: 1, birth: wrong.last, data: new Uint8Array(blockBytes).fill(9) }]);
    target.scrub();
    await bed.until('compared', () => target.status().scrub.state === 'done');
    expect(target.status().scrub.left).toBe(64);
    const added = await rig.add();
    await rig.settleChange(target, rig.record(1, 0, 1), rig.record(2, 1 - index, added));
    await healthy(target);
    target.scrub();
    await bed.until('compared again', () => {
      const { state, left } = target.status().scrub;
      return state === 'done' && left === 0;
    });
    expect(Buffer.compare(await target.read(0, content.byteLength), content)).toBe(0);
  },
);

test('ReplicasDiffer of a snapshot: the replica that is named is moved, and all snapshots are the same', async () => {
  const rig = await bed.start({ timing: { windowBytesMax: 100_000, numberJump: 4_096 } });
  const target = rig.target();
  await target.serving;
  await healthy(target);
  const content = prng(12).bytes(256 * blockBytes);
  await fill(target, content);
  const wrong = rig.store(0);
  wrong.copyIn([{ block: 5, count: 1, birth: wrong.last, data: new Uint8Array(blockBytes).fill(9) }]);
  await target.snapshots.take('monday', 1);
  await target.write(5 * blockBytes, content.subarray(5 * blockBytes, 6 * blockBytes));
  await target.flush();
  target.scrub();
  await bed.until('compared', () => target.status().scrub.state === 'done');
  expect(target.status().scrub.message).toContain('move the replica on pool-1');
  const added = await rig.add();
  await rig.settleChange(target, rig.record(1, 0, 1, 2), rig.record(2, 1, 2, added));
  await healthy(target);
  target.scrub();
  await bed.until('compared again', () => {
    const { state, different, left } = target.status().scrub;
    return state === 'done' && different === 0 && left === 0;
  });
  expect(target.snapshots.list().map(({ name }) => name)).toEqual(['monday']);
});

/**
 * Of two replicas the first has a write that was acknowledged and not flushed, the second has lost it in a crash, and the
 * first can not read it: a target begins with the first one's history and never gets the second one whole.
 */
async function stuckOnUnreadable(): Promise<{
  rig: ReplicaRig;
  flushed: Uint8Array;
  target: ReplicatedVolume;
}> {
  const rig = await bed.start({ replicas: 2, timing: { windowBytesMax: 200_000, numberJump: 4_096 } });
  const before = rig.target();
  await before.serving;
  const random = prng(9);
  const flushed = random.bytes(64 * blockBytes);
  await before.write(0, flushed);
  await before.flush();
  rig.store(1).commit = () => Promise.withResolvers<number>().promise; // it is slow, and dies before it is done
  const lost = random.bytes(blockBytes);
  await before.write(5 * blockBytes, lost);
  await rig.store(0).commit();
  await Promise.all([rig.crash(0), rig.crash(1)]);
  await before.stop();
  await rig.start(0);
  await rig.stop(0);
  await rig.store(0).commit();
  await rig.crash(0); // nothing of it is in memory any more
  expect(rig.damage(0, lost)).toBeGreaterThan(0);
  await rig.start(0);
  await rig.start(1);
  const target = rig.target();
  await bed.until('the second one is not to be had', () => {
    const [first, second] = target.status().replicas;
    return first?.state === 'InSync' && second?.message.includes('block 5 is unreadable');
  });
  expect(target.status()).toMatchObject({ phase: 'Init' });
  expect(stateOf(target, 1)).toBe('Rebuilding');
  return { rig, flushed, target };
}

/** What the forced change leaves: this one, named in a record of its own. */
const alone = (rig: ReplicaRig, index: number) => ({ ...rig.record(2, index), forced: true });

test('RF 2, an unreadable block that only one has: going on with that one keeps all but the block, which heals when it is written', async () => {
  const { rig, flushed, target } = await stuckOnUnreadable();
  await target.stop();
  await rig.stop(1);
  const next = rig.target({ members: alone(rig, 0) });
  await next.serving;
  const rest = await next.read(6 * blockBytes, 58 * blockBytes);
  expect(Buffer.compare(rest, flushed.subarray(6 * blockBytes))).toBe(0);
  await expect(next.read(5 * blockBytes, blockBytes)).rejects.toMatchObject({ problem: 'unreadable' });
  // A newcomer is not whole before the block is written.
  const added = await rig.add();
  next.setMembers(rig.change(rig.record(2, 0), rig.record(3, 0, added)));
  await bed.until('it waits', () =>
    next.status().replicas.some(({ message }) => message.includes('block 5 is unreadable')),
  );
  const data = prng(10).bytes(blockBytes);
  await next.write(5 * blockBytes, data);
  await bed.until('the newcomer is a member', () => next.status().membership.version === 3);
  await healthy(next);
  expect(Buffer.compare(await next.read(5 * blockBytes, blockBytes), data)).toBe(0);
});

test('RF 2, an unreadable block that only one has: going on with the other one keeps what was flushed, and all of it is readable', async () => {
  const { rig, flushed, target } = await stuckOnUnreadable();
  await target.stop();
  await rig.stop(0);
  const next = rig.target({ members: alone(rig, 1) });
  await next.serving;
  expect(Buffer.compare(await next.read(0, flushed.byteLength), flushed)).toBe(0);
  expect(next.status().unflushedWritesLostEpoch).toBeGreaterThan(0);
});
