/** R32 to R36 as the target keeps them, each named by the trace that would break without it. */
import { expect, test } from '@jest/globals';
import type { MembershipRecord } from '../api/target-config.ts';
import { benchTiming, recordOf, TargetBench } from '../testing/replication/bench.ts';
import { forcedEpochs } from './forced-change.ts';
import type { MembershipState } from './membership.ts';

const ok = { ok: true, value: undefined };
const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];
const [abc, abd] = [recordOf(1, 'ABC'), recordOf(2, 'ABD')];
const placeOf = (id: string) => ({ id, guid: `guid-${id}`, pool: id, copyAddress: id });

/** Serving with A, B, C; D is rebuilt and the change to A, B, D issued. */
function changing(): TargetBench {
  const target = new TargetBench({ membership: abc, next: abd }).serve('A', 'B', 'C');
  for (const id of ['A', 'B', 'C']) target.tell(id, { type: 'committed', version: 1 });
  target.connect('D');
  target.report('D', [], 0);
  target.acknowledge('received', 'A', 'B', 'C', 'D');
  target.acknowledge('durable', 'D');
  target.lease('A', 'B', 'C', 'D');
  expect(target.coordinator.status().membership).toEqual({ version: 1, nextVersion: 2, settled: false });
  return target;
}

test('R32: from the issue of a change on a write needs a quorum of both', () => {
  const target = changing();
  const write = target.write(0, 1);
  target.acknowledge('received', 'A', 'D');
  expect(write.result).toBeUndefined(); // of A, B, C only A has it
  target.acknowledge('received', 'C');
  expect(write.result).toEqual(ok);
});

/** The change to A, B, D is made, and a quorum has noted that. */
function changed(): TargetBench {
  const target = changing();
  target.acknowledge('received', 'A', 'B', 'C', 'D');
  expect(target.coordinator.status().membership.version).toBe(1);
  target.acknowledge('durable', 'A', 'D');
  expect(target.coordinator.status().membership.version).toBe(1);
  target.acknowledge('durable', 'B');
  target.tick(100);
  expect(target.coordinator.status().membership).toEqual({ version: 2, nextVersion: 0, settled: false });
  expect(target.last('C', 'retire')).toBeUndefined();
  for (const id of ['A', 'B'])
    target.tell(id, { type: 'committed', version: target.must(id, 'committed').version });
  expect(target.coordinator.status().membership.settled).toBe(true);
  return target;
}

test('R34: the change is committed when it is durable on both; who left retires when the configuration follows', () => {
  const target = changed();
  expect(target.last('C', 'retire')).toBeUndefined();
  target.coordinator.setMembers(abd, undefined, ['A', 'B', 'D'].map(placeOf), target.nowMs);
  expect(target.must('C', 'retire').version).toBe(2);
  expect(target.dropped).toEqual(['C']);
});

test('R35: a change that is taken back while it is made has retired nobody: the members before it are those after it', () => {
  const target = changed();
  const back = recordOf(3, 'ABC');
  target.coordinator.setMembers(abc, back, ['A', 'B', 'C', 'D'].map(placeOf), target.nowMs);
  expect(target.must('A', 'entry').entry).toMatchObject({ kind: 'membership', record: back });
  for (const how of ['received', 'durable'] as const) target.acknowledge(how, 'A', 'B', 'C', 'D');
  target.tick(100);
  for (const id of ['A', 'B', 'C']) target.tell(id, { type: 'committed', version: 3 });
  expect(target.coordinator.status().membership).toEqual({ version: 3, nextVersion: 0, settled: true });
  expect(target.last('C', 'retire')).toBeUndefined();
  expect(target.must('D', 'retire').version).toBe(3);
});

/** The change to A, B, D has not begun, and it is E that is wanted now. */
test('R32: a place that no record names but the one taken back is dropped within the call', () => {
  const target = new TargetBench({ membership: abc, next: abd }).serve('A', 'B', 'C');
  for (const id of ['A', 'B', 'C']) target.tell(id, { type: 'committed', version: 1 });
  const show = () =>
    target.coordinator.setMembers(
      abc,
      recordOf(3, 'ABE'),
      ['A', 'B', 'C', 'D', 'E'].map(placeOf),
      target.nowMs,
    );
  const ids = () => target.coordinator.status().replicas.map(({ replicaId }) => replicaId);
  target.connect('D');
  expect(target.dropped).toEqual([]);
  show();
  expect(target.dropped).toEqual(['D']); // its link has to be there before, and gone after
  show();
  expect(target.dropped).toEqual(['D', 'D']); // as well when it had none
  expect(ids()).toEqual(['A', 'B', 'C', 'E']);
});

test('R33: a report that knows of a change makes promises in both necessary', () => {
  const target = new TargetBench({ membership: abc, next: abd });
  target.connect('B', 'C');
  target.report('B', e1, 120, { membership: { current: abc, next: abd } });
  target.report('C', e1, 110, { membership: { current: abc } });
  target.tick(60_000);
  expect(target.last('B', 'attach')).toBeUndefined(); // A and D may have gone on without us
  target.connect('D');
  target.report('D', e1, 120, { membership: { current: abc, next: abd } });
  expect(target.must('B', 'attach').from).toBe(120);
});

test('R33: a change that only the file knows of has not begun', () => {
  const target = new TargetBench({ membership: abc, next: abd });
  target.connect('A', 'B');
  target.report('A', e1, 110, { membership: { current: abc } });
  target.report('B', e1, 110, { membership: { current: abc } });
  target.tick(1_000);
  expect(target.must('A', 'attach').from).toBe(110);
});

test('R36: a record alone that no replica knows is believed only when it is forced, and that is a loss', () => {
  const alone = (forced: boolean) => {
    const target = new TargetBench({ membership: { ...recordOf(2, 'A'), forced } });
    target.connect('A');
    target.report('A', e1, 110, { membership: { current: abc } });
    target.tick(60_000);
    return target;
  };
  expect(alone(false).last('A', 'attach')).toBeUndefined();
  const target = alone(true);
  expect(target.must('A', 'attach').from).toBe(110);
  expect(target.coordinator.lossyEpoch).toBe(target.epoch);
});

const forcedOn = (membership: MembershipRecord, known: MembershipState | undefined) => {
  const target = new TargetBench({ membership: { ...membership, forced: true } });
  target.connect('A');
  target.report('A', e1, 110, known ? { membership: known } : {});
  target.tick(0);
  return target;
};

test.each([
  ['two members, each of which had everything', { current: recordOf(1, 'AB') }, 0],
  ['three', { current: abc }, 1],
  [
    'two that were to become three, and perhaps did',
    { current: recordOf(1, 'AB'), next: recordOf(2, 'ABC') },
    1,
  ],
  ['members of which the one that is left has never heard', undefined, 1],
] as const)('R36: of %s one goes on', (_, known, isLossy) => {
  const target = forcedOn(recordOf(3, 'A'), known);
  expect(target.must('A', 'attach').from).toBe(110);
  expect(target.coordinator.lossyEpoch).toBe(isLossy * target.epoch);
});

test('R36: who goes on by force takes an epoch above any that those that are given up can have promised', () => {
  const lead = ({ epoch }: TargetBench) => epoch - 2; // replicas on the bench have promised epoch 2
  expect(lead(forcedOn(recordOf(2, 'A'), { current: abc }))).toBe(forcedEpochs);
  const target = new TargetBench({ membership: recordOf(1, 'A') });
  target.connect('A');
  expect(lead(target)).toBe(1);
});

test('R36: nothing is answered while those that are given up may have granted another target', () => {
  const { leaseMs, renewMs } = benchTiming;
  const target = forcedOn(recordOf(2, 'A'), { current: abc });
  target.acknowledge('durable', 'A');
  const serves = () => {
    target.lease('A');
    return target.coordinator.serving;
  };
  while (target.nowMs + renewMs < leaseMs) expect(serves()).toBe(false);
  expect(target.coordinator.status().message).toContain('given up');
  expect(serves()).toBe(true);
});

test('R32: who leaves is copied from last, however far it has come: perhaps it leaves for what it holds', () => {
  const target = new TargetBench({ membership: abc, next: recordOf(2, 'BCD') }).serve('A', 'B', 'C');
  for (const id of ['A', 'B', 'C']) target.tell(id, { type: 'committed', version: 1 });
  target.write(0, 1);
  target.acknowledge('received', 'A'); // the one ahead is the one that leaves
  target.connect('D');
  target.report('D', [{ epoch: 1, first: 90, previousLast: 0 }], 99); // of a target that is dead
  const { source } = target.must('D', 'rebuild');
  expect(source.replicaId).toBe('B');
  target.lose('B');
  target.tick(100);
  expect(target.must('D', 'source').source.replicaId).toBe('C');
  target.connect('B'); // not in sync yet
  target.lose('C');
  target.tick(100);
  expect(target.must('D', 'source').source.replicaId).toBe('A');
});
