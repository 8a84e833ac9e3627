/** Rules of docs/replication.md that the target keeps: replicas that are slow, or have no room. */
import { expect, test } from '@jest/globals';
import { benchTiming, TargetBench } from '../testing/replication/bench.ts';

test('R17: a replica that falls out of the window is detached, the others serve on', () => {
  const target = new TargetBench({ timing: { windowBytesMax: 40_000, linkBytesMax: 1_000_000 } }).serve(
    'A',
    'B',
    'C',
  );
  for (let i = 0; i < 60; i++) {
    target.write(0, i + 1);
    target.acknowledge('received', 'A', 'B');
    target.acknowledge('durable', 'A', 'B');
  }
  const { replicas, phase } = target.coordinator.status();
  expect(replicas.map(({ state }) => state)).toEqual(['InSync', 'InSync', 'InSync']);
  expect(phase).toBe('Healthy');
  // It had been sent everything; once its link breaks, what it lacks is no longer there to resend.
  target.lose('C');
  target.connect('C');
  target.report('C', target.must('A', 'attach').epochs, target.coordinator.status().last - 58);
  expect(target.must('C', 'rebuild').firstLive).toBe(target.coordinator.status().last + 1);
});

test('R17: a replica that takes nothing in is not sent more than the link may hold, however far the window moves', () => {
  const bounds = { windowBytesMax: 40_000, linkBytesMax: 20_000 };
  const target = new TargetBench({ timing: bounds }).serve('A', 'B', 'C');
  const sentBefore = target.sent.length;
  for (let i = 0; i < 60; i++) {
    target.write(0, i + 1);
    target.acknowledge('received', 'A', 'B');
    target.acknowledge('durable', 'A', 'B');
  }
  const entries = target.sent.slice(sentBefore).filter(({ message }) => message.type === 'entry');
  const toC = entries.filter(({ to }) => to === 'C').length;
  expect([entries.filter(({ to }) => to === 'A').length >= 60, toC <= 5]).toEqual([true, true]);
  expect(target.closed).toEqual(['C']); // and what it has not been sent has left the window
});

test('R17: one that is slow beyond the latency bound is detached', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.write(0, 1);
  target.acknowledge('received', 'A', 'B');
  for (let i = 0; i < 32; i++) target.lease('A', 'B', 'C');
  expect(target.closed).toEqual(['C']);
});

test('when fewer than CF in sync have room, writes are refused before they have a number; unmaps are not', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.tell('A', { type: 'space', low: true });
  expect(target.write(0, 1).result).toBeUndefined();
  target.tell('B', { type: 'space', low: true });
  const { last } = target.coordinator.status();
  expect(target.write(0, 1).result).toEqual({ ok: false, problem: 'noSpace' });
  expect(target.coordinator.status().last).toBe(last);
  target.ask<void>((nowMs, answer) => target.coordinator.unmap(0, 1, nowMs, answer));
  expect(target.coordinator.status().last).toBe(last + 1);
  target.tell('B', { type: 'space', low: false });
  expect(target.write(0, 1).result).toBeUndefined();
});

test('what was sent since a pool told of its room counts as gone: writes wait until it tells again', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const lowBytes = 6 * 4096;
  const say = (id: string, low = false) =>
    target.tell(id, { type: 'space', low, room: { freeBytes: 2 * lowBytes, lowBytes } });
  const { last: first } = target.coordinator.status();
  const issued = () => target.coordinator.status().last - first;
  for (const id of ['A', 'B', 'C']) say(id);
  const writes = Array.from({ length: 12 }, () => target.write(0, 1));
  expect(issued()).toBeGreaterThanOrEqual(7); // 9 blocks may go; what frames them counts, too
  expect(issued()).toBeLessThanOrEqual(9);
  const before = issued();
  target.acknowledge('received', 'A', 'B');
  say('A');
  expect(issued()).toBe(before); // not yet as many as have to take it
  say('B');
  expect(issued()).toBe(12);
  target.acknowledge('received', 'A', 'B');
  expect(writes.every(({ result }) => result?.ok)).toBe(true);
});

test('writes that wait for what a pool tells of its room are refused when it is full', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const say = (id: string, low: boolean) =>
    target.tell(id, { type: 'space', low, room: { freeBytes: 4096, lowBytes: 4 * 4096 } });
  for (const id of ['A', 'B', 'C']) say(id, false);
  const { last } = target.coordinator.status();
  const write = target.write(0, 1);
  expect(write.result).toBeUndefined();
  for (const id of ['A', 'B']) say(id, true);
  expect(write.result).toEqual({ ok: false, problem: 'noSpace' });
  expect(target.coordinator.status().last).toBe(last);
});

test('nothing is counted of replicas that do not tell again', () => {
  const target = new TargetBench({ features: [] }).serve('A', 'B', 'C');
  for (const id of ['A', 'B', 'C'])
    target.tell(id, { type: 'space', low: false, room: { freeBytes: 4096, lowBytes: 4 * 4096 } });
  const { last } = target.coordinator.status();
  target.write(0, 1);
  expect(target.coordinator.status().last).toBe(last + 1);
});

test('what may still be written to the fullest pool in sync is known, and low before writes are refused; told again it changes nothing else', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  expect(target.coordinator.space).toBeUndefined();
  const lowBytes = 2 ** 27;
  const say = (id: string, freeBytes: number, low = false) =>
    target.tell(id, { type: 'space', low, room: { freeBytes, lowBytes } });
  say('A', 5 * lowBytes);
  say('B', 3 * lowBytes);
  expect(target.coordinator.space).toEqual({ freeBytes: 2 * lowBytes, lowBytes });
  target.tell('C', { type: 'full', message: 'the pool is full' });
  say('C', 7 * lowBytes);
  const { replicas } = target.coordinator.status();
  expect(replicas.find(({ replicaId }) => replicaId === 'C')?.message).toBe('the pool is full');
  target.lose('B');
  expect(target.coordinator.space).toEqual({ freeBytes: 4 * lowBytes, lowBytes });
  expect(target.coordinator.spaceIsLow).toBe(false);
  for (const id of ['A', 'C']) say(id, 2 * lowBytes - 1);
  expect(target.coordinator.space).toEqual({ freeBytes: lowBytes - 1, lowBytes });
  expect([target.coordinator.spaceIsLow, target.write(0, 1).result]).toEqual([true, undefined]);
});

test('R17: a replica without room is left out until it has some, as long as a quorum of others is in sync', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const stateOf = (id: string) =>
    target.coordinator.status().replicas.find(({ replicaId }) => replicaId === id)?.state;
  const back = (low: boolean) => {
    target.lose('C');
    target.connect('C');
    target.tell('C', { type: 'space', low });
    target.report('C', target.must('A', 'attach').epochs, target.coordinator.status().last);
  };
  target.tell('C', { type: 'full', message: 'the pool is full' });
  back(true);
  expect(stateOf('C')).toBe('PoolFull');
  target.tell('C', { type: 'space', low: false });
  expect(stateOf('C')).toBe('InSync');
  target.tell('C', { type: 'full', message: 'the pool is full' });
  target.lose('B');
  back(true);
  expect(stateOf('C')).toBe('InSync'); // nothing goes on without it
});

test('R17: who is too slow is left out, each time longer; on its new link it is not slow from before', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const stateOf = (id: string) =>
    target.coordinator.status().replicas.find(({ replicaId }) => replicaId === id)?.state;
  const late = () => {
    target.write(0, 1);
    target.acknowledge('received', 'A', 'B');
    target.tick(benchTiming.latencyMsMax + 100);
  };
  const back = () => {
    target.connect('C');
    target.report('C', target.must('A', 'attach').epochs, target.coordinator.status().last - 1);
  };
  late();
  expect(stateOf('C')).toBe('Offline');
  back();
  expect(stateOf('C')).toBe('Attaching');
  target.tick(2 * benchTiming.holdBackMs + 100);
  expect(stateOf('C')).toBe('InSync');
  target.tick(100);
  expect(stateOf('C')).toBe('InSync');
});

test('R17: a replica whose entries become durable one after the other is not too slow, though nothing else is told', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  for (let passed = 0; passed <= benchTiming.latencyMsMax; passed += benchTiming.latencyMsMax / 4) {
    target.write(0, 1);
    target.acknowledge('durable', 'C');
    target.write(0, 2);
    target.acknowledge('received', 'A', 'B');
    target.tick(benchTiming.latencyMsMax / 4);
  }
  const states = target.coordinator.status().replicas.map(({ state }) => state);
  expect(states).toEqual(['InSync', 'InSync', 'InSync']);
});
