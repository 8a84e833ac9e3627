/** Rules of docs/replication.md that the target keeps: rebuilds, and numbers that dead targets have left. */
import { expect, test } from '@jest/globals';
import { benchTiming, TargetBench } from '../testing/replication/bench.ts';

const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];
const jump = benchTiming.numberJump;

test('R19: DropBase waits until CF others are durable up to j-1, serving is not enough', () => {
  const target = new TargetBench().serve('A', 'B');
  target.write(0, 1);
  target.acknowledge('received', 'A', 'B');
  target.connect('C');
  target.report('C', e1, 100);
  target.tick(100);
  expect(target.last('C', 'dropBase')).toBeUndefined();
  target.acknowledge('durable', 'A');
  target.tick(100);
  expect(target.last('C', 'dropBase')).toBeUndefined();
  target.acknowledge('durable', 'B');
  target.tick(100);
  expect(target.last('C', 'dropBase')).toBeDefined();
});

test('R22e: when the source dies, another one in sync is named', () => {
  const target = new TargetBench({ replicas: 4 }).serve('A', 'B', 'C');
  target.connect('D');
  target.report('D', e1, 100);
  const { source } = target.must('D', 'rebuild');
  target.lose(source.replicaId);
  target.tick(100);
  expect(target.must('D', 'source').source.replicaId).not.toBe(source.replicaId);
});

test('R25: copied is not in sync: a snapshot entry for copier and source, and complete, come first', () => {
  const target = new TargetBench().serve('A', 'B');
  target.connect('C');
  target.report('C', e1, 100);
  const { attachId, source } = target.must('C', 'rebuild');
  target.tell('C', { type: 'copied', attachId });
  const { entry } = target.must('C', 'entry');
  expect(entry).toMatchObject({ kind: 'proof', replicas: ['C', source.replicaId] });
  expect(target.coordinator.status().replicas[2]?.state).toBe('Proving');
  target.tell('C', { type: 'mismatch', attachId, groups: 2, message: 'content differs' });
  expect(target.coordinator.status().replicas[2]).toMatchObject({ state: 'Rebuilding', mismatches: 2 });
  expect(target.coordinator.status().phase).toBe('Degraded');
  target.tell('C', { type: 'complete', attachId, number: entry.number });
  expect(target.coordinator.status().phase).toBe('Healthy');
});

test('R9: numbers left by targets that died while they adopted are passed in lots, each flushed before the next', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const highest = target.coordinator.status().last + 3_000;
  target.lose('C');
  target.connect('C');
  target.report('C', [{ epoch: 1, first: highest, previousLast: 0 }], highest);
  expect(target.coordinator.status().last).toBeLessThan(highest);
  for (let lot = 0; lot < 4; lot++) target.acknowledge('durable', 'A', 'B');
  // One more is for the size: growing takes a number (R21).
  expect(target.must('C', 'rebuild').firstLive).toBeGreaterThan(highest + 1);
});

test('R9, R18: a rebuild that a quorum waits for is begun again as often as it breaks, with no flush in between', () => {
  const target = new TargetBench().serve('A', 'B');
  const dead = [{ epoch: 1, first: 90, previousLast: 0 }];
  target.lose('B');
  target.connect('C');
  target.report('C', dead, 99);
  for (let again = 0; again < 3; again++) {
    const { firstLive } = target.must('C', 'rebuild');
    target.lose('C');
    target.connect('C');
    target.report('C', dead, target.coordinator.status().last);
    expect(target.must('C', 'rebuild').firstLive).toBeGreaterThan(firstLive);
  }
});

test('R9: users leave numbers for a rebuild that a quorum waits for', () => {
  const target = new TargetBench({ timing: { numberJump: 64 } }).serve('A', 'B');
  for (let i = 0; i < 100; i++) target.write(0, i + 1);
  target.acknowledge('received', 'A', 'B');
  target.lose('B');
  target.connect('C');
  const { last, flushed } = target.coordinator.status();
  target.report('C', [{ epoch: 1, first: 90, previousLast: 0 }], last);
  expect(target.must('C', 'rebuild').firstLive).toBeGreaterThan(last + 1);
  expect(target.coordinator.status().last - flushed).toBeLessThan(64);
});

test('R9: before anything is answered it begins again above such a number', () => {
  const target = new TargetBench();
  target.connect('A', 'B');
  target.report('A', e1, 110);
  target.report('B', e1, 110);
  const { epoch } = target;
  const highest = 110 + 3 * jump;
  target.connect('C');
  target.report('C', [{ epoch: 1, first: highest, previousLast: 0 }], highest);
  target.tick(5_000);
  expect(target.epoch).toBe(epoch + 1);
});

test('R16: a rebuild is told its rate, and none while fewer than CF are in sync', () => {
  const target = new TargetBench({ replicas: 3 }).serve('A', 'B');
  target.connect('C');
  target.report('C', e1, 100);
  target.tick(1_000);
  expect(target.must('C', 'rebuild').attachId).toBe(1);
  expect(target.must('C', 'pace').bytesPerSecond).toBeGreaterThan(0);
  target.lose('B');
  target.tick(1_000);
  expect(target.must('C', 'pace').bytesPerSecond).toBe(0);
});
