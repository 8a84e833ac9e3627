/** The rules of docs/replication.md that a replica keeps, each named by the trace that would break without it. */
import { expect, test } from '@jest/globals';
import { adopt, benchTiming, ReplicaBench, write } from '../testing/replication/bench.ts';
import { decodeRecord, type Fence } from './record.ts';
import { t1, t2, e1, leaseMs, inSync, e2, rebuilding } from '../testing/replication/replica-scenes.ts';

test('R1: a promise is answered only once it is durable', () => {
  const bench = new ReplicaBench();
  bench.tell(1, t2, { type: 'promise', memberships: [] });
  expect(bench.count('report')).toBe(0);
  bench.commit();
  expect(bench.count('report')).toBe(1);
  bench.crash();
  bench.tick(leaseMs);
  bench.promise(2, t1);
  expect(bench.last('refuse')).toMatchObject({ epoch: 1, promised: t2 });
});

test('R1: an equal epoch of another target is refused, the same target may come again', () => {
  const bench = new ReplicaBench();
  bench.promise(1, t2);
  bench.promise(2, { epoch: 2, nonce: 99 });
  expect(bench.last('refuse')?.promised).toEqual(t2);
  bench.promise(3, t2);
  expect(bench.count('report')).toBe(2);
});

test('R2: what comes after the promise of another is not taken in: the report stays true', () => {
  const bench = inSync();
  bench.tell(2, t2, { type: 'promise', memberships: [] });
  bench.entry(1, t1, 11, write(0, 1));
  bench.commit();
  expect(bench.last('report')?.complete?.history.last).toBe(10);
  expect(bench.store.last).toBe(10);
});

test('R3: fencing is per message: an entry of the old target that was on its way is dropped', () => {
  const bench = inSync();
  bench.promise(2, t2);
  bench.entry(1, t1, 11, write(0, 1));
  expect([bench.store.last, bench.last('refuse')?.promised, bench.closed]).toEqual([10, t2, [1, 1]]);
});

test('R3: copies are fenced like entries', () => {
  const bench = inSync({ writes: 1 });
  const answers: unknown[] = [];
  const ask = (fence: typeof t1) =>
    bench.core.copyRequest(
      { ...fence, type: 'copy', attachId: 1, firstLive: 12, after: 0, block: 0, count: 8, also: [] },
      (answer) => answers.push(answer.ok && answer.value.type),
    );
  ask(t1);
  bench.promise(2, t2); // while the source is reading
  ask(t1);
  expect(answers).toEqual(['refused', 'refused']);
});

test('R5: a replica that crashed in sync is unclean until it is in sync again', () => {
  const bench = inSync({ writes: 1 });
  bench.commit();
  bench.crash();
  bench.promise(2, t1);
  expect(bench.last('report')?.clean).toBe(false);
  bench.tell(2, t1, { type: 'attach', epochs: e1, from: bench.store.last, revert: false });
  bench.tell(2, t1, { type: 'inSync', cutBefore: 0 });
  bench.promise(3, t1);
  expect(bench.last('report')?.clean).toBe(true);
});

test('R5: nothing is acknowledged from memory before `open` is durable', () => {
  const bench = new ReplicaBench();
  bench.attach(1, t1, e1, 0);
  bench.entry(1, t1, 10, adopt(1, 0));
  expect(bench.count('received')).toBe(0);
  bench.commit();
  expect(bench.last('received')?.number).toBe(10);
  expect(decodeRecord(bench.store.record, 0).open).toBe(true);
});

test('R5: when nothing has come for a while and all is durable, a crash takes nothing', () => {
  const bench = inSync({ writes: 1, durable: true });
  bench.tick(benchTiming.commitMs);
  bench.commit();
  bench.tick(benchTiming.idleMs);
  bench.commit();
  bench.crash();
  bench.tick(leaseMs);
  bench.promise(2, t2);
  expect(bench.last('report')).toMatchObject({ clean: true, last: 11 });
});

test('R11: a gap is refused', () => {
  const bench = inSync();
  bench.entry(1, t1, 12, write(0, 1));
  expect([bench.store.last, bench.closed]).toEqual([10, [1]]);
});

test('R11: who is asked for a digest at an entry that never came has missed it, and does not say that it can not read', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'digest', number: 11, ranges: [{ block: 0, count: 4 }] });
  expect(bench.closed).toEqual([1]);
  expect(bench.sent.map(({ message }) => message.type)).not.toContain('digests');
});

test('R11: an adopt entry follows the end of the history it adopts, and no other', () => {
  const bench = inSync({ writes: 2, durable: true });
  bench.promise(2, t2);
  bench.tell(2, t2, {
    type: 'attach',
    epochs: [...e1, { epoch: 2, first: 100, previousLast: 12 }],
    from: 12,
    revert: false,
  });
  bench.entry(2, t2, 100, adopt(2, 11));
  expect([bench.store.last, bench.closed]).toEqual([12, [1, 2]]);
});

test('R13: durable is said after the commit, with the number that it covers', () => {
  const bench = inSync();
  bench.entry(1, t1, 11, write(0, 1));
  bench.entry(1, t1, 12, { kind: 'flush' });
  bench.entry(1, t1, 13, write(0, 2));
  const before = bench.last('durable')?.number;
  bench.commit();
  expect([before, bench.last('durable')?.number]).toEqual([10, 12]);
});

test('R13: a write that a flush will follow is received at once and durable soon', () => {
  const bench = inSync();
  bench.entry(1, t1, 11, {
    kind: 'write',
    block: 0,
    count: 1,
    data: new Uint8Array(4096),
    fua: false,
    soon: true,
  });
  expect(bench.last('received')?.number).toBe(11);
  bench.commit();
  expect(bench.last('durable')?.number).toBe(11);
});

test('R13: of entries that wait to be durable only that is told; a plain write among them is received at once', () => {
  const bench = inSync();
  const before = bench.count('received');
  bench.entry(1, t1, 11, {
    kind: 'write',
    block: 0,
    count: 1,
    data: new Uint8Array(4096).fill(1),
    fua: true,
  });
  bench.entry(1, t1, 12, { kind: 'flush' });
  expect(bench.count('received')).toBe(before);
  bench.commit();
  expect([bench.count('received'), bench.last('durable')?.number]).toEqual([before, 12]);
  bench.entry(1, t1, 13, write(0, 2));
  expect(bench.last('received')?.number).toBe(13);
});

test('R18: an attach that does not fit what is here is refused', () => {
  const bench = inSync({ writes: 3, durable: true });
  bench.promise(2, t2);
  bench.tell(2, t2, { type: 'attach', epochs: e2, from: 10, revert: false });
  expect([bench.closed, bench.core.state]).toEqual([[1, 2], 'Offline']);
});

test('R26: a rebuilding replica serves no read', () => {
  const bench = rebuilding();
  bench.tell(2, t2, { type: 'read', readId: 1, after: 0, block: 0, count: 1 });
  bench.commit();
  expect([bench.count('data'), bench.closed]).toEqual([0, [1, 2]]);
});

test('R26: a read behind an entry that is not here is refused', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'read', readId: 1, after: 11, block: 0, count: 1 });
  expect(bench.closed).toEqual([1]);
});

test('R27: while a grant runs no other target is promised; R10: nor is the grant renewed for the lower epoch', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 });
  expect(bench.last('renewed')?.sentAtMs).toBe(5);
  bench.tick(1_000);
  bench.promise(2, t2);
  expect(bench.last('wait')?.ms).toBe(leaseMs - 1_000);
  bench.tell(1, t1, { type: 'renew', sentAtMs: 6 });
  expect([bench.count('renewed'), bench.last('refuse')?.promised.epoch]).toEqual([1, 2]);
  bench.tick(leaseMs - 1_000);
  bench.promise(2, t2);
  expect(bench.count('report')).toBe(2);
});

test('R10: a bidder that had to wait and is gone is told to whom comes next, who is renewed above it', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 });
  const far = 2 ** 21 + 1;
  bench.promise(2, { epoch: far, nonce: 20 });
  expect([bench.count('wait'), bench.core.epoch, bench.core.heardEpoch]).toEqual([1, 1, far]);
  bench.tick(leaseMs);
  // Whoever has not heard of it gets a promise, and no lease.
  bench.promise(3, { epoch: 2, nonce: 30 });
  bench.tell(3, { epoch: 2, nonce: 30 }, { type: 'renew', sentAtMs: 6 });
  expect([bench.last('report')?.epoch, bench.last('refuse')?.promised.epoch]).toEqual([2, far]);
  const next = { epoch: bench.core.heardEpoch + 1, nonce: 40 };
  bench.promise(4, next);
  bench.tell(4, next, { type: 'renew', sentAtMs: 7 });
  expect([bench.last('renewed')?.epoch, bench.core.heardEpoch]).toEqual([far + 1, far + 1]);
});

test('R10: while it is told which target is meant to serve, bids of others wait, and take nothing from it', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 }, { type: 'release' });
  const bid = (link: number, fence: Fence, instance?: string) => {
    bench.tell(link, fence, { type: 'promise', memberships: [], instance });
    bench.commit();
  };
  bench.core.hintTarget('new', bench.nowMs + 1_500);
  bid(2, t2, 'old');
  expect([bench.last('wait')?.ms, bench.count('report')]).toEqual([1_000, 1]);
  bench.tell(1, t1, { type: 'renew', sentAtMs: 6 }, { type: 'release' });
  expect([bench.count('renewed'), bench.count('refuse')]).toEqual([2, 0]);
  bid(3, { epoch: 3, nonce: 30 }, 'new');
  expect(bench.last('report')?.epoch).toBe(3);
  // Who is promised already comes back whatever is said; nothing rests on a hint.
  bench.core.hintTarget('newer', bench.nowMs + 1_500);
  bid(4, { epoch: 3, nonce: 30 }, 'new');
  bid(5, { epoch: 4, nonce: 40 }, 'old');
  expect([bench.count('report'), bench.count('wait')]).toEqual([3, 2]);
  bench.tick(1_500);
  bid(5, { epoch: 4, nonce: 40 }, 'old');
  expect(bench.last('report')?.epoch).toBe(4);
});

test('R10: a target of a release that says no name is not kept waiting', () => {
  const bench = inSync();
  bench.core.hintTarget('new', bench.nowMs + 1_500);
  bench.promise(2, t2);
  expect([bench.count('wait'), bench.last('report')?.epoch]).toEqual([0, 2]);
});

test('a target that releases its grant makes way at once', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 }, { type: 'release' });
  bench.promise(2, t2);
  expect([bench.count('wait'), bench.last('report')?.epoch]).toEqual([0, 2]);
});

test('R29: a replica that crashed promises no higher epoch for one term', () => {
  const bench = inSync({ durable: true });
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 });
  bench.crash();
  bench.promise(2, t2);
  expect(bench.last('wait')?.ms).toBe(leaseMs);
  bench.promise(3, t1); // the same target may come back at once
  expect(bench.last('report')?.epoch).toBe(1);
  bench.tick(leaseMs);
  bench.promise(2, t2);
  expect(bench.last('report')?.epoch).toBe(2);
});

test('R29: after an orderly stop it need not wait; the stop waits for the grant instead', () => {
  const bench = inSync({ writes: 1 });
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 });
  let stopped = false;
  bench.core.stop(bench.nowMs, () => (stopped = true));
  expect([bench.count('leave'), stopped]).toEqual([1, false]);
  bench.tell(1, t1, { type: 'release' });
  bench.commit();
  expect(stopped).toBe(true);
  bench.crash();
  bench.promise(2, t2);
  expect(bench.last('report')).toMatchObject({ epoch: 2, clean: true, last: 11 });
});

test('an orderly stop without an answer ends when the grant has run out', () => {
  const bench = inSync();
  bench.tell(1, t1, { type: 'renew', sentAtMs: 5 });
  let stopped = false;
  bench.core.stop(bench.nowMs, () => (stopped = true));
  bench.tick(leaseMs);
  bench.commit();
  expect(stopped).toBe(true);
});

test('persistent state of the target is part of every report', () => {
  const bench = inSync();
  bench.entry(1, t1, 11, { kind: 'state', key: 'initiators', value: '["iqn.a"]' });
  bench.commit();
  bench.crash();
  bench.tick(leaseMs);
  bench.promise(2, t2);
  expect(bench.last('report')?.complete?.values).toEqual({ initiators: '["iqn.a"]' });
});

test('a full pool takes in nothing and says so', () => {
  const bench = inSync();
  bench.store.room.end();
  bench.entry(1, t1, 11, write(0, 1));
  expect([bench.store.last, bench.last('full')?.message]).toEqual([10, 'the pool is full']);
});

test('nor does it grow over what a dead resize has left, which needs room to be made anew', () => {
  const bench = inSync();
  const sizeBytes = 2 * bench.store.sizeBytes;
  bench.store.resize(11, sizeBytes);
  bench.store.copyIn = () => {
    throw Object.assign(new Error('no room for a node'), { name: 'NoSpaceError' });
  };
  bench.entry(1, t1, 12, { kind: 'resize', sizeBytes });
  expect([bench.store.last, bench.last('full')?.message]).toEqual([11, 'the pool is full']);
});
