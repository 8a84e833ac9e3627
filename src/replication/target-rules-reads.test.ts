/** Rules of docs/replication.md that the target keeps: reads, and the leases that they need. */
import { expect, test } from '@jest/globals';
import { blockOf } from '../testing/replication/sim-store.ts';
import { benchTiming, TargetBench } from '../testing/replication/bench.ts';

const ok = { ok: true, value: undefined };
const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];

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

test('R26: what is read to be written again is read behind every entry there is, acknowledged or not', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const { last: settled } = target.coordinator.status();
  target.write(0, 1);
  const { last } = target.coordinator.status();
  expect(last).toBe(settled + 1);
  const afterOf = (ask: 'read' | 'readNewest'): number | undefined => {
    target.sent.length = 0;
    target.ask<Uint8Array>((nowMs, answer) => target.coordinator[ask](0, 1, nowMs, answer));
    return target.sent.flatMap(({ message }) => (message.type === 'read' ? [message.after] : []))[0];
  };
  expect([afterOf('read'), afterOf('readNewest')]).toEqual([settled, last]);
  target.sent.length = 0;
  target.ask<Uint8Array>((nowMs, answer) => target.coordinator.readFrom('B', 0, 1, nowMs, answer));
  expect(target.must('B', 'read').after).toBe(last);
});

test('what is asked for between hold and release goes out together, in its order', () => {
  const target = new TargetBench().serve('A', 'B');
  target.sent.length = 0;
  const entries = () =>
    target.sent.flatMap(({ to, message }) =>
      to === 'A' && message.type === 'entry' ? [message.entry.kind] : [],
    );
  target.coordinator.hold();
  const first = target.write(0, 1);
  target.coordinator.flush(target.nowMs, () => undefined);
  target.write(1, 2);
  expect(entries()).toEqual([]);
  target.coordinator.release(target.nowMs);
  expect(entries()).toEqual(['write', 'flush', 'write']);
  target.acknowledge('received', 'A', 'B');
  expect(first.result).toEqual(ok);
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

test('wide reads of one place go to one replica, unless it is much busier than another', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  for (let i = 0; i < 4; i++) target.coordinator.read(64 + i * 8, 8, target.nowMs, () => undefined);
  const [home, ...others] = target.sent.flatMap(({ to, message }) => (message.type === 'read' ? [to] : []));
  expect(others.map((to) => to === home)).toEqual([true, true, false]);
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
