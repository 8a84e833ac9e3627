/** The rules of docs/replication.md that the target keeps, each named by the trace that would break without it. */
import { expect, test } from '@jest/globals';
import { blockOf, blocksFor } from '../testing/replication/sim-store.ts';
import { benchTiming, TargetBench } from '../testing/replication/bench.ts';

const ok = { ok: true, value: undefined };
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

test('R26: a read that shows an unacknowledged write is held until that is acknowledged', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const write = target.write(0, 1);
  const { last } = target.coordinator.status();
  target.acknowledge('received', 'A');
  const read = target.read(0);
  const other = target.read(1);
  for (const { to, message } of target.sent) {
    if (message.type === 'read')
      target.tell(to, { type: 'data', readId: message.readId, last, data: blockOf(1) });
  }
  expect([write.result, read.result, other.result?.ok]).toEqual([undefined, undefined, true]);
  target.acknowledge('received', 'B');
  expect([write.result, read.result?.ok]).toEqual([ok, true]);
});

test('R26: a read goes behind what was acknowledged, to a replica in sync', () => {
  const target = new TargetBench().serve('A', 'B');
  target.connect('C');
  target.report('C', e1, 100);
  target.write(0, 1);
  target.acknowledge('received', 'A', 'B');
  for (let i = 0; i < 6; i++) target.read(0);
  const reads = target.sent.flatMap(({ to, message }) =>
    message.type === 'read' ? [{ to, after: message.after }] : [],
  );
  expect(new Set(reads.map(({ to }) => to))).toEqual(new Set(['A', 'B']));
  expect(reads.every(({ after }) => after === target.coordinator.status().last)).toBe(true);
});

test('a read of a bad block goes to another replica; when none has it, it is unreadable', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const read = target.read(0);
  for (let tries = 0; tries < 3; tries++) {
    const asked = target.sent.findLast(({ message }) => message.type === 'read');
    expect(read.result).toBeUndefined();
    target.tell(asked?.to ?? '', { type: 'readFailed', readId: 1, message: 'block 0 is unreadable' });
  }
  expect(read.result).toEqual({ ok: false, problem: 'unreadable' });
});

test('R27: RF-P+1 leases are needed, one fewer answers nothing', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.tick(3_100);
  target.lease('C');
  expect(target.coordinator.mayAnswer(target.nowMs)).toBe(false);
  target.lease('B');
  expect(target.coordinator.mayAnswer(target.nowMs)).toBe(true);
});

test('R27: a lease counts from when it was asked for, less the drift', () => {
  const target = new TargetBench({ replicas: 1 }).serve('A');
  target.tick(benchTiming.renewMs);
  const sentAtMs = target.must('A', 'renew').sentAtMs;
  target.nowMs += 1_000; // the echo takes its time
  target.tell('A', { type: 'renewed', sentAtMs });
  expect(target.coordinator.mayAnswer(sentAtMs + 2_969)).toBe(true);
  expect(target.coordinator.mayAnswer(sentAtMs + 2_970)).toBe(false);
});

test('R28: a target that slept past its leases may not answer when it wakes', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const write = target.write(0, 1);
  target.acknowledge('received', 'A', 'B');
  expect([write.result, target.coordinator.mayAnswer(target.nowMs)]).toEqual([ok, true]);
  expect(target.coordinator.mayAnswer(target.nowMs + 3_000)).toBe(false);
});

test('a replica that leaves in order takes its lease with it at once', () => {
  const target = new TargetBench({ replicas: 1 }).serve('A');
  target.tell('A', { type: 'leave' });
  expect(target.coordinator.mayAnswer(target.nowMs)).toBe(false);
  expect(target.last('A', 'release')).toBeDefined();
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

test('the room of the fullest pool in sync is known; told again it changes nothing else', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  expect(target.coordinator.space).toBeUndefined();
  const lowBytes = 2 ** 27;
  const say = (id: string, freeBytes: number, low = false) =>
    target.tell(id, { type: 'space', low, room: { freeBytes, lowBytes } });
  say('A', 5 * lowBytes);
  say('B', 3 * lowBytes);
  expect(target.coordinator.space).toEqual({ freeBytes: 3 * lowBytes, lowBytes });
  target.tell('C', { type: 'full', message: 'the pool is full' });
  say('C', 7 * lowBytes);
  const { replicas } = target.coordinator.status();
  expect(replicas.find(({ replicaId }) => replicaId === 'C')?.message).toBe('the pool is full');
  target.lose('B');
  expect(target.coordinator.space).toEqual({ freeBytes: 5 * lowBytes, lowBytes });
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

test('a block that one replica can not read is read from another, and given back to the first', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const read = target.read(3);
  const asked = ['A', 'B', 'C'].find((id) => target.last(id, 'read'));
  const first = asked ?? '';
  target.tell(first, { type: 'readFailed', readId: 1, message: 'block 3 is unreadable' });
  const second = ['A', 'B', 'C'].find((id) => id !== first && target.last(id, 'read')) ?? '';
  const { last } = target.coordinator.status();
  target.tell(second, { type: 'data', readId: 1, last, data: blockOf(7) });
  expect(read.result).toEqual({ ok: true, value: blockOf(7) });
  expect(target.must(first, 'repair')).toMatchObject({ block: 3, data: blockOf(7) });
  expect(target.last(second, 'repair')).toBeUndefined();
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
