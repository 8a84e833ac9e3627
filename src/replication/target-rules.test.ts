/** The rules of docs/replication.md that the target keeps, each named by the trace that would break without it: recovery and order. */
import { expect, test } from '@jest/globals';
import { blockOf } from '../testing/replication/sim-store.ts';
import { benchTiming, TargetBench } from '../testing/replication/bench.ts';

const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];
const e2 = [...e1, { epoch: 2, first: 200, previousLast: 101 }];
const jump = benchTiming.numberJump;

test('R4: P-1 reports are not enough', () => {
  const target = new TargetBench();
  target.connect('A', 'B', 'C');
  target.report('C', e1, 100);
  target.tick(60_000);
  expect(target.last('C', 'attach')).toBeUndefined();
  target.report('A', e1, 101);
  expect(target.must('A', 'attach').from).toBe(101);
});

test('R2: the report of a link that broke does not count', () => {
  const target = new TargetBench();
  target.connect('A', 'B', 'C');
  target.report('A', e1, 101);
  target.lose('A');
  target.report('C', e1, 100);
  target.tick(60_000);
  expect(target.last('C', 'attach')).toBeUndefined();
});

test('R5: two reports of which one is unclean wait for the third, up to cleanWait', () => {
  const target = new TargetBench();
  target.connect('A', 'C');
  target.report('A', e1, 100, { clean: false });
  target.report('C', e1, 100);
  target.tick(29_000);
  expect(target.last('C', 'attach')).toBeUndefined();
  // B was cut off but alive: it has w1, which A acknowledged and forgot.
  target.connect('B');
  target.report('B', e1, 101);
  expect(target.must('B', 'attach').from).toBe(101);
  expect(target.coordinator.lossyEpoch).toBe(0);
});

test('R5: after cleanWait it goes on and says that unflushed writes may be lost', () => {
  const target = new TargetBench();
  target.connect('A', 'C');
  target.report('A', e1, 100, { clean: false });
  target.report('C', e1, 100);
  target.tick(30_000);
  expect(target.must('C', 'attach').from).toBe(100);
  expect(target.coordinator.status().unflushedWritesLostEpoch).toBe(target.epoch);
});

test('R6: the newer epoch wins over the higher number', () => {
  const target = new TargetBench();
  target.connect('A', 'B');
  target.report('A', e1, 500);
  target.report('B', e2, 200);
  expect(target.must('B', 'attach').from).toBe(200);
  expect(target.last('A', 'attach')).toBeUndefined();
  target.tick(0);
  expect(target.must('A', 'rebuild').source.replicaId).toBe('B');
});

test('R7: nothing is answered before the adopt entry is durable on CF', () => {
  const target = new TargetBench();
  target.connect('A', 'B', 'C');
  for (const id of ['A', 'B', 'C']) target.report(id, e1, 100);
  const read = target.read(0);
  target.lease('A', 'B', 'C');
  target.acknowledge('received', 'A', 'B', 'C');
  target.acknowledge('durable', 'A');
  const asked = target.sent.findLast(({ message }) => message.type === 'read');
  target.tell(asked?.to ?? '', {
    type: 'data',
    readId: 1,
    last: target.coordinator.status().last,
    data: blockOf(7),
  });
  expect([target.coordinator.serving, read.result]).toEqual([false, undefined]);
  target.acknowledge('durable', 'B');
  expect([target.coordinator.serving, read.result]).toEqual([true, { ok: true, value: blockOf(7) }]);
});

test('R8: when the only holder of the choice goes away, another choice takes a higher epoch', () => {
  const target = new TargetBench();
  target.connect('A', 'B');
  target.report('A', e2, 201);
  target.report('B', e1, 101);
  const { epoch } = target;
  target.lose('A');
  target.connect('C');
  target.tick(10_000);
  expect(target.epoch).toBeGreaterThan(epoch);
  target.report('B', e1, 101, { isBase: true });
  target.report('C', e1, 100);
  expect(target.must('B', 'attach')).toMatchObject({ from: 101, revert: true });
});

test('R9: the adopt entry is 2^20 above everything reported', () => {
  const target = new TargetBench();
  target.connect('A', 'B');
  target.report('A', e1, 5_000);
  target.report('B', e2, 200);
  expect(target.must('B', 'entry').entry).toMatchObject({
    kind: 'adopt',
    number: 5_000 + jump,
    previousLast: 200,
  });
});

test('R9: a target stays within 2^20 of its last flush: it flushes by itself, then waits', () => {
  const target = new TargetBench({ timing: { numberJump: 64 } }).serve('A', 'B', 'C');
  const answers = Array.from({ length: 100 }, (_, i) => target.write(0, i + 1));
  const { last, flushed } = target.coordinator.status();
  expect(last - flushed).toBeLessThan(64);
  expect(target.sent.some(({ message }) => message.type === 'entry' && message.entry.kind === 'flush')).toBe(
    true,
  );
  for (let i = 0; i < 4; i++) target.acknowledge('durable', 'A', 'B');
  expect(answers.every(({ result }) => result?.ok)).toBe(true);
});

test('R10: a target that meets a higher epoch ends and answers nothing more', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const write = target.write(0, 1);
  target.tell('A', { type: 'refuse', promised: { epoch: 9, nonce: 1 } });
  target.acknowledge('received', 'B', 'C');
  expect(target.ended).toContain('epoch 9');
  expect([target.coordinator.mayAnswer(target.nowMs), write.result]).toEqual([
    false,
    { ok: false, problem: 'busy' },
  ]);
  expect(target.last('B', 'release')).toBeDefined();
});

test('R11: after a break the replica says where it is, and is fed from there', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const first = target.coordinator.status().last;
  target.write(0, 1);
  target.write(1, 2);
  target.acknowledge('received', 'A', 'B', 'C');
  target.lose('A');
  target.connect('A');
  target.report('A', target.must('A', 'attach').epochs, first); // it crashed and lost both
  const again = target.sent.filter(({ to, message }) => to === 'A' && message.type === 'entry').slice(-2);
  expect(again.map(({ message }) => message.type === 'entry' && message.entry.number)).toEqual([
    first + 1,
    first + 2,
  ]);
});
