/** R32 to R36 as the target keeps them, each named by the trace that would break without it. */
import { expect, test } from '@jest/globals';
import { recordOf, TargetBench } from '../testing/replication/bench.ts';

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

test('R34: the change is committed when it is durable on both; who left retires when a quorum has noted that', () => {
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
  expect(target.must('C', 'retire').version).toBe(2);
  expect(target.dropped).toEqual(['C']);
});

/** A target that another has replaced: D became a member without its knowing, and is to stay one beside E. */
test('R32: a place that neither the set in force nor the change wanted names is dropped within the call', () => {
  const target = new TargetBench({ membership: abc, next: abd }).serve('A', 'B', 'C');
  for (const id of ['A', 'B', 'C']) target.tell(id, { type: 'committed', version: 1 });
  const show = () =>
    target.coordinator.setMembers(abd, recordOf(3, 'ABE'), ['A', 'B', 'D', 'E'].map(placeOf), target.nowMs);
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
