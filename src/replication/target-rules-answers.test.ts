/** Rules of docs/replication.md that the target keeps: when it answers, by quorums, leases and patience. */
import { expect, test } from '@jest/globals';
import { blocksFor } from '../testing/replication/sim-store.ts';
import { TargetBench } from '../testing/replication/bench.ts';

const ok = { ok: true, value: undefined };
const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];

test('R12: a rebuilding replica does not count towards an acknowledgement', () => {
  const target = new TargetBench().serve('A', 'B');
  target.connect('C');
  target.report('C', e1, 100);
  expect(target.last('C', 'rebuild')).toBeDefined();
  const write = target.write(0, 1);
  target.acknowledge('received', 'A', 'C');
  expect(write.result).toBeUndefined();
  target.acknowledge('received', 'B');
  expect(write.result).toEqual(ok);
});

test('R12: nor does one whose link has broken since', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const write = target.write(0, 1);
  target.acknowledge('received', 'A');
  target.lose('A');
  target.acknowledge('received', 'B');
  expect(write.result).toBeUndefined();
  target.acknowledge('received', 'C');
  expect(write.result).toEqual(ok);
});

test('R13: a flush needs CF durable, received is not enough', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.write(0, 1);
  const flush = target.flush();
  target.acknowledge('received', 'A', 'B', 'C');
  target.acknowledge('durable', 'A');
  expect(flush.result).toBeUndefined();
  target.acknowledge('durable', 'C');
  expect(flush.result).toEqual(ok);
});

test('R13: a flush waits for what came before it, and is no entry when that was asked for already, or is durable', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const last = () => target.coordinator.status().last;
  target.write(0, 1, true);
  const before = last();
  const flushes = [target.flush(), target.flush()];
  expect(last()).toBe(before);
  target.acknowledge('durable', 'A', 'C');
  expect(flushes.map(({ result }) => result)).toEqual([ok, ok]);
  expect([target.flush().result, last()]).toEqual([ok, before]);
  target.write(0, 2);
  const flush = target.flush();
  expect([flush.result, last()]).toEqual([undefined, before + 2]);
  target.tell('A', { type: 'durable', number: before + 1 });
  expect(flush.result).toBeUndefined();
  target.tell('B', { type: 'durable', number: before + 1 });
  expect(flush.result).toEqual(ok);
});

test('R13, R14, R16: a flush of what is durable waits for the leases and a quorum too', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.tick(3_100);
  const late = target.flush();
  expect(late.result).toBeUndefined();
  target.lease('A', 'B');
  expect(late.result).toEqual(ok);
  target.lose('A');
  target.lose('B');
  expect(target.flush().result).toBeUndefined();
});

test('R13: who writes and flushes in turns has his writes made durable before he asks', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const soon = () => {
    target.write(0, 1);
    const { entry } = target.must('A', 'entry');
    return entry.kind === 'write' && entry.soon === true;
  };
  expect(soon()).toBe(false);
  target.flush();
  expect(soon()).toBe(true);
  const last = target.coordinator.status().last;
  const flush = target.flush();
  expect(target.coordinator.status().last).toBe(last);
  target.acknowledge('durable', 'A', 'B');
  expect(flush.result).toEqual(ok);
  expect([soon(), soon()]).toEqual([true, false]);
});

test('R13: a rebuilding replica does not count towards a flush', () => {
  const target = new TargetBench().serve('A', 'B');
  target.connect('C');
  target.report('C', e1, 100);
  target.write(0, 1);
  const flush = target.flush();
  target.acknowledge('received', 'A', 'B');
  target.acknowledge('durable', 'A', 'C');
  expect(flush.result).toBeUndefined();
  target.acknowledge('durable', 'B');
  expect(flush.result).toEqual(ok);
});

test('R14: an acknowledgement that arrives after the leases ran out is held back', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const write = target.write(0, 1);
  target.tick(3_100);
  target.acknowledge('received', 'A', 'B');
  expect(write.result).toBeUndefined();
  target.lease('A', 'B');
  expect(write.result).toEqual(ok);
});

test('R14, R16: what a quorum has received hears busy after its time when the leases stay away', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const write = target.write(0, 1);
  const read = target.read(1);
  target.nowMs += 5_000;
  target.acknowledge('received', 'A', 'B');
  expect(write.result).toBeUndefined();
  target.tick(14_999);
  expect(write.result).toBeUndefined();
  target.tick(1);
  expect([write.result, read.result]).toEqual([
    { ok: false, problem: 'busy' },
    { ok: false, problem: 'busy' },
  ]);
});

test('R16: a request is due when its initiator began to wait, whatever stands before it', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.lose('B');
  target.lose('C');
  target.nowMs += 1_000;
  const whole = target.write(0, 1);
  const rest = target.ask<void>((nowMs, answer) =>
    target.coordinator.write(0, blocksFor([2]), false, nowMs, answer, nowMs - 19_000),
  );
  target.tick(1_000);
  expect([whole.result, rest.result]).toEqual([undefined, { ok: false, problem: 'busy' }]);
  target.tick(19_000);
  expect(whole.result).toEqual({ ok: false, problem: 'busy' });
});

test('R16: whoever does not want to wait hears busy at once, but only while nothing can be answered', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const going = [target.write(0, 1), target.read(1)];
  target.coordinator.hurry(target.nowMs);
  expect(going.map(({ result }) => result)).toEqual([undefined, undefined]);
  target.lose('B');
  target.lose('C');
  target.coordinator.hurry(target.nowMs);
  const busy = { ok: false, problem: 'busy' };
  expect(going.map(({ result }) => result)).toEqual([busy, busy]);
  // Reads go on with those that are left: nobody is thought to be busy with what was given up.
  const later = target.read(1);
  target.lease('A', 'B');
  target.tell('A', { type: 'data', readId: target.must('A', 'read').readId, last: 0, data: blocksFor([0]) });
  expect(later.result).toMatchObject({ ok: true });
});

test('R15, R16: below CF a request hears busy after its time, and its entry stays', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const numbered = target.write(0, 1);
  const { last } = target.coordinator.status();
  target.lose('B');
  target.lose('C');
  const waiting = target.write(0, 2);
  target.tick(20_000);
  expect([numbered.result, waiting.result]).toEqual([
    { ok: false, problem: 'busy' },
    { ok: false, problem: 'busy' },
  ]);
  // The first is in the history and is resent; the second never happened.
  expect(target.coordinator.status().last).toBe(last);
});
