/** The rules of docs/replication.md that a replica keeps, each named by the trace that would break without it. */
import { expect, test } from '@jest/globals';
import { adopt, benchTiming, ReplicaBench, write } from '../testing/replication/bench.ts';
import { blockOf, tagsIn } from '../testing/replication/sim-store.ts';
import type { CopyReply } from './copy.ts';
import type { EpochStart } from './history.ts';
import { baseSnapshot, decodeRecord } from './record.ts';

const t1 = { epoch: 1, nonce: 11 };
const t2 = { epoch: 2, nonce: 22 };
const t3 = { epoch: 3, nonce: 33 };
const e1: EpochStart[] = [{ epoch: 1, first: 10, previousLast: 0 }];
const source = { replicaId: 'r2', address: 'r2', ticket: '' };
const leaseMs = benchTiming.leaseMs;

/** In sync with T1, which has adopted at 10 and written the blocks 0… with tags 1…, from number 11 on. */
function inSync(options: { readonly writes?: number; readonly durable?: boolean } = {}): ReplicaBench {
  const bench = new ReplicaBench();
  bench.attach(1, t1, e1, 0);
  bench.entry(1, t1, 10, adopt(1, 0));
  bench.commit();
  bench.tell(1, t1, { type: 'inSync', cutBefore: 0 });
  for (let i = 0; i < (options.writes ?? 0); i++) bench.entry(1, t1, 11 + i, write(i, i + 1));
  if (options.durable === true) bench.commit();
  return bench;
}

const rebuildBy = (bench: ReplicaBench, link: number, fence: typeof t1, firstLive: number, epochs = e1) =>
  bench.tell(link, fence, {
    type: 'rebuild',
    attachId: 1,
    epochs,
    firstLive,
    sizeBytes: 8 * 4096,
    values: {},
    source,
  });

/** T2 has adopted 10 alone: what T1 wrote after it is dead. It rebuilds this replica from 200 on. */
const e2 = [...e1, { epoch: 2, first: 100, previousLast: 10 }];
function rebuilding(bench = inSync({ writes: 3, durable: true })): ReplicaBench {
  bench.promise(2, t2);
  rebuildBy(bench, 2, t2, 200, e2);
  bench.commit();
  return bench;
}

/** What the source answers to the question that is open. */
function reply(bench: ReplicaBench, answer: Partial<Extract<CopyReply, { type: 'blocks' }>>): void {
  const asked = bench.asked.shift();
  const next = asked?.request.type === 'copy' ? asked.request.block + asked.request.count : 0;
  asked?.done({ ok: true, value: { type: 'blocks', extents: [], next, highestBirth: 0, ...answer } });
  bench.commit();
}

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

test('R19: the complete state is kept as the base before a rebuild, and reported', () => {
  const bench = rebuilding();
  expect(bench.store.snapshots().map(({ name }) => name)).toContain(baseSnapshot);
  bench.entry(2, t2, 200, write(0, 9));
  bench.promise(3, t3);
  const complete = bench.last('report')?.complete;
  expect(complete).toMatchObject({ isBase: true, history: { epochs: e1, last: 13 } });
  bench.tell(3, t3, {
    type: 'attach',
    epochs: [...e1, { epoch: 3, first: 300, previousLast: 13 }],
    from: 13,
    revert: true,
  });
  expect([bench.store.last, tagsIn(bench.store.read(0, 3)), bench.core.epoch]).toEqual([13, [1, 2, 3], 3]);
});

test('R19: after DropBase there is no complete state to report', () => {
  const bench = rebuilding();
  bench.tell(2, t2, { type: 'dropBase' });
  bench.promise(3, t3);
  expect(bench.last('report')).toMatchObject({ complete: undefined, last: 199 });
  expect(bench.store.snapshots()).toEqual([]);
});

test('R20: a dead write is replaced by what the source has there, though that is older', () => {
  const bench = rebuilding();
  const [asked] = bench.asked;
  expect(asked?.request).toMatchObject({
    after: 10,
    block: 0,
    count: 8,
    also: [
      { block: 0, count: 1 },
      { block: 1, count: 1 },
      { block: 2, count: 1 },
    ],
  });
  reply(bench, { extents: [{ block: 0, count: 3, birth: 0, data: undefined }] });
  expect(tagsIn(bench.store.read(0, 3))).toEqual([0, 0, 0]);
  expect(bench.last('copied')).toBeDefined();
});

test('R20: a replica that holds numbers at or above the first live one is not rebuilt', () => {
  const bench = inSync({ writes: 3, durable: true });
  bench.promise(2, t2);
  rebuildBy(bench, 2, t2, 13, e2);
  expect(bench.closed).toEqual([1, 2]);
});

test('R21: what grows as a rebuild begins must not pass for live: without a number for it the rebuild is refused', () => {
  const bench = inSync({ writes: 3, durable: true }); // its last is 13
  bench.promise(2, t2);
  const larger = {
    type: 'rebuild',
    attachId: 1,
    epochs: e2,
    sizeBytes: 9 * 4096,
    values: {},
    source,
  } as const;
  bench.tell(2, t2, { ...larger, firstLive: 14 });
  expect([bench.closed, bench.store.sizeBytes]).toEqual([[1, 2], 8 * 4096]);
  bench.promise(3, t2);
  bench.tell(3, t2, { ...larger, firstLive: 15 });
  expect([bench.closed, bench.store.content.births[8]]).toEqual([[1, 2], 14]);
});

test('R22a: a source answers only once it has everything below the first live number', () => {
  const bench = inSync({ writes: 1 });
  const answers: unknown[] = [];
  const ask = () =>
    bench.core.copyRequest(
      { ...t1, type: 'copy', attachId: 1, firstLive: 13, after: 10, block: 0, count: 8, also: [] },
      (answer) => answers.push(answer.ok && answer.value),
    );
  ask();
  bench.entry(1, t1, 12, write(1, 2));
  ask();
  bench.commit();
  expect(answers).toEqual([
    { type: 'notYet' },
    {
      type: 'blocks',
      next: 8,
      highestBirth: 0,
      extents: [
        { block: 0, count: 1, birth: 11, data: blockOf(1) },
        { block: 1, count: 1, birth: 12, data: blockOf(2) },
      ].map((extent) => expect.objectContaining({ ...extent, data: expect.anything() })),
    },
  ]);
});

test('R22b: a copied block never overwrites what a live entry wrote since the attach', () => {
  const bench = rebuilding();
  bench.entry(2, t2, 200, write(1, 9)); // while the question is on its way
  reply(bench, { extents: [{ block: 0, count: 3, birth: 5, data: Buffer.concat([7, 7, 7].map(blockOf)) }] });
  expect(tagsIn(bench.store.read(0, 3))).toEqual([7, 9, 7]);
  expect(bench.store.content.births.slice(0, 3)).toEqual([5, 200, 5]);
});

test('R22b: nor what one wrote before the question was asked', () => {
  const bench = inSync({ writes: 3, durable: true });
  bench.promise(2, t2);
  rebuildBy(bench, 2, t2, 200, e2);
  bench.entry(2, t2, 200, write(1, 9)); // before our own births are known
  bench.commit();
  reply(bench, { extents: [{ block: 1, count: 1, birth: 5, data: blockOf(7) }] });
  expect(tagsIn(bench.store.read(1, 1))).toEqual([9]);
});

test('R22c: a source leaves out what a live entry wrote, and the copier waits for that entry', () => {
  const from = inSync({ writes: 3, durable: true });
  const answers: CopyReply[] = [];
  from.core.copyRequest(
    { ...t1, type: 'copy', attachId: 1, firstLive: 13, after: 10, block: 0, count: 8, also: [] },
    (answer) => answer.ok && answers.push(answer.value),
  );
  from.commit();
  expect(answers).toMatchObject([
    {
      highestBirth: 13,
      extents: [
        { block: 0, birth: 11 },
        { block: 1, birth: 12 },
      ],
    },
  ]);

  const bench = rebuilding();
  reply(bench, { highestBirth: 201 });
  bench.entry(2, t2, 200, write(5, 1));
  expect(bench.last('copied')).toBeUndefined();
  bench.entry(2, t2, 201, write(6, 1));
  expect(bench.last('copied')).toBeDefined();
});

test('R22: a block that is overwritten while the source reads it is left out', () => {
  const bench = inSync({ writes: 2, durable: true });
  const answers: CopyReply[] = [];
  bench.core.copyRequest(
    { ...t1, type: 'copy', attachId: 1, firstLive: 13, after: 10, block: 0, count: 8, also: [] },
    (answer) => answer.ok && answers.push(answer.value),
  );
  bench.entry(1, t1, 13, write(0, 9)); // the births are asked for, nothing is read yet
  bench.commit();
  expect(answers).toMatchObject([{ highestBirth: 13, extents: [{ block: 1, birth: 12 }] }]);
});

test('R22d: complete is said only once it is durable, and a crash before leaves it rebuilding', () => {
  const prove = (bench: ReplicaBench): void => {
    reply(bench, { extents: [{ block: 0, count: 3, birth: 0, data: undefined }] });
    bench.tell(2, t2, {
      type: 'entry',
      entry: { number: 200, kind: 'proof', replicas: ['r1', 'r2'] },
    });
    const asked = bench.asked.shift();
    const groups = asked?.request.type === 'digest' ? asked.request.groups : [];
    const digests = groups.map(({ block, count }) => bench.store.digest(block, count, '~proof-200'));
    asked?.done({ ok: true, value: { type: 'digests', digests } });
  };
  const bench = rebuilding();
  prove(bench);
  expect(bench.count('complete')).toBe(0);
  bench.commit();
  expect(bench.last('complete')).toMatchObject({ attachId: 1, number: 200 });
  expect(bench.store.snapshots()).toEqual([]);
  expect(decodeRecord(bench.store.record, 0)).toMatchObject({
    state: { kind: 'complete' },
    epochs: e2,
    open: true,
  });
});

test('R23: a finished range has its own common point, the rest keeps the old one', () => {
  const bench = rebuilding();
  reply(bench, { next: 4, extents: [{ block: 0, count: 3, birth: 0, data: undefined }] });
  bench.entry(2, t2, 200, write(7, 9));
  bench.commit();
  bench.core.disconnected(2);
  expect(decodeRecord(bench.store.record, 0).state).toMatchObject({
    kind: 'rebuilding',
    ranges: [
      { block: 0, count: 4, common: 200 },
      { block: 4, count: 4, common: 10 },
    ],
  });
});

test('R23: a range that skipped a newer block is not finished before the stream has passed its birth', () => {
  const bench = rebuilding();
  reply(bench, { next: 4, highestBirth: 205 });
  bench.entry(2, t2, 200, write(7, 9));
  bench.core.disconnected(2);
  expect(decodeRecord(bench.store.record, 0).state).toMatchObject({
    ranges: [{ block: 0, count: 8, common: 10 }],
  });
});

test('R23: live entries of a dead epoch do not stay: ranges go back to where the histories part', () => {
  const bench = rebuilding();
  reply(bench, { next: 4, extents: [{ block: 0, count: 3, birth: 0, data: undefined }] });
  for (const number of [200, 201, 202]) bench.entry(2, t2, number, write(0, number));
  bench.promise(3, t3);
  // T3 adopted epoch 2 only up to 200.
  rebuildBy(bench, 3, t3, 400, [...e2, { epoch: 3, first: 300, previousLast: 200 }]);
  expect(decodeRecord(bench.store.record, 0).state).toMatchObject({
    ranges: [
      { block: 0, count: 4, common: 200 },
      { block: 4, count: 4, common: 10 },
    ],
  });
});

test('R25: a difference is reported and the groups are copied again, whatever their birth', () => {
  const bench = rebuilding();
  reply(bench, { extents: [{ block: 0, count: 3, birth: 0, data: undefined }] });
  bench.tell(2, t2, {
    type: 'entry',
    entry: { number: 200, kind: 'proof', replicas: ['r1'] },
  });
  const asked = bench.asked.shift();
  expect(asked?.request).toMatchObject({ type: 'digest', number: 200, groups: [{ block: 0, count: 4 }] });
  asked?.done({ ok: true, value: { type: 'digests', digests: [Buffer.from('other')] } });
  bench.commit();
  expect(bench.last('mismatch')).toMatchObject({ groups: 1 });
  expect(bench.count('complete')).toBe(0);
  expect(bench.asked[0]?.request).toMatchObject({ type: 'copy', after: 0, block: 0, count: 4 });
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
  bench.store.full = true;
  bench.entry(1, t1, 11, write(0, 1));
  expect([bench.store.last, bench.last('full')?.message]).toEqual([10, 'the pool is full']);
});

test('R16: a rebuild copies no faster than it is told, and goes on by itself', () => {
  const bench = rebuilding();
  bench.tell(2, t2, { type: 'pace', bytesPerSecond: 8_192 });
  reply(bench, { next: 4, extents: [{ block: 0, count: 2, birth: 5, data: new Uint8Array(8_192) }] });
  expect(bench.asked).toHaveLength(0);
  let ticks = 0;
  for (; bench.asked.length === 0 && ticks < 100; ticks++) {
    bench.tick(50);
    bench.commit();
  }
  expect(ticks).toBeGreaterThanOrEqual(18); // 8 KiB were copied: about a second
  expect(ticks).toBeLessThanOrEqual(22);
  expect(bench.asked[0]?.request).toMatchObject({ type: 'copy', block: 4 });
  bench.tell(2, t2, { type: 'pace', bytesPerSecond: 0 });
  reply(bench, { next: 6, extents: [{ block: 4, count: 2, birth: 5, data: new Uint8Array(8_192) }] });
  expect(bench.asked[0]?.request).toMatchObject({ type: 'copy', block: 6 });
});
