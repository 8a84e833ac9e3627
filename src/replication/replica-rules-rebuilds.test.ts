/** Rules of docs/replication.md that the replica keeps: rebuilds, as the one that is filled and as its source. */
import { expect, test } from '@jest/globals';
import { ReplicaBench, write } from '../testing/replication/bench.ts';
import { blockOf, tagsIn } from '../testing/replication/sim-store.ts';
import type { CopyReply } from './copy.ts';
import { baseSnapshot, decodeRecord } from './record.ts';
import {
  t1,
  t2,
  t3,
  e1,
  source,
  inSync,
  rebuildBy,
  e2,
  rebuilding,
  reply,
} from '../testing/replication/replica-scenes.ts';

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

test('R19: a new replica keeps that it holds nothing: with whom it copies from gone for good, it is what is left', () => {
  const bench = new ReplicaBench();
  bench.promise(1, t1);
  rebuildBy(bench, 1, t1, 200);
  bench.commit();
  bench.promise(2, t2);
  expect(bench.last('report')).toMatchObject({
    complete: { isBase: true, history: { epochs: [], last: 0 } },
    last: 199,
  });
  bench.tell(2, t2, {
    type: 'attach',
    epochs: [{ epoch: 2, first: 300, previousLast: 0 }],
    from: 0,
    revert: true,
  });
  expect([bench.store.last, bench.core.epoch]).toEqual([0, 2]);
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
