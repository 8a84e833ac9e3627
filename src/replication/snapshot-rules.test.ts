/** R24: snapshots are entries in the one order, on both sides; each test is named by what would break without it. */
import { expect, test } from '@jest/globals';
import { adopt, ReplicaBench, TargetBench, write } from '../testing/replication/bench.ts';
import { blockOf, tagsIn } from '../testing/replication/sim-store.ts';
import type { SnapshotProblem } from './coordinator/snapshot-commands.ts';
import type { CopyReply } from './copy.ts';
import { historyAt, isHistory, returned, commonPoint } from './history.ts';
import type { TargetSays } from './messages.ts';
import { decodeRecord, type SnapshotInfo } from './record.ts';

const t1 = { epoch: 1, nonce: 11 };
const t2 = { epoch: 2, nonce: 22 };
const e1 = [{ epoch: 1, first: 10, previousLast: 0 }];
const e2 = [...e1, { epoch: 2, first: 100, previousLast: 12 }];
const sizeBytes = 8 * 4096;
const source = { replicaId: 'r2', address: 'r2', ticket: '' };
const info = (name: string, number: number): SnapshotInfo => ({ name, number, createdAtMs: 1, sizeBytes });
const named = (name: string) => ({ kind: 'snapshot', name, createdAtMs: 1 }) as const;

/** In sync with T1, which adopted at 10, wrote tag 1 to block 0 (11) and tag 2 to block 1 (12). */
function inSync(): ReplicaBench {
  const bench = new ReplicaBench();
  bench.attach(1, t1, e1, 0);
  bench.entry(1, t1, 10, adopt(1, 0));
  bench.commit();
  bench.tell(1, t1, { type: 'inSync', cutBefore: 0 });
  bench.entry(1, t1, 11, write(0, 1));
  bench.entry(1, t1, 12, write(1, 2));
  return bench;
}

const recordOf = (bench: ReplicaBench) => decodeRecord(bench.store.record, 0);
const namesIn = (bench: ReplicaBench) => bench.store.snapshots().map(({ name }) => name);

function rebuild(bench: ReplicaBench, firstLive: number, more: Partial<TargetSays> = {}): void {
  const says = {
    type: 'rebuild',
    attachId: 1,
    epochs: e2,
    firstLive,
    sizeBytes,
    values: {},
    source,
  } as const;
  bench.tell(2, t2, { ...says, ...more } as TargetSays);
  bench.commit();
}

/** The source has these blocks; all digests are what they should be. */
function answer(bench: ReplicaBench, extents: Extract<CopyReply, { type: 'blocks' }>['extents']): void {
  for (let asked = bench.asked.shift(); asked; asked = bench.asked.shift()) {
    const { request, done } = asked;
    if (request.type === 'copy')
      done({
        ok: true,
        value: { type: 'blocks', extents, next: request.block + request.count, highestBirth: 0 },
      });
    else if (request.type === 'digest') {
      const digests = request.groups.map(({ block, count }) =>
        bench.store.digest(block, count, `~proof-${request.number}`),
      );
      done({ ok: true, value: { type: 'digests', digests } });
    }
    bench.commit();
  }
}

test('a snapshot is the state at its number: what follows does not change it, a crash does not part it from its name', () => {
  const bench = inSync();
  bench.entry(1, t1, 13, named('a'));
  bench.commit();
  bench.entry(1, t1, 14, write(0, 9));
  bench.crash();
  expect(recordOf(bench).snapshots).toEqual([info('a', 13)]);
  expect(bench.store.contentOf('a@13')).toMatchObject({ last: 13, tags: [1, 2, 0, 0, 0, 0, 0, 0] });
  expect(bench.last('durable')?.number).toBe(13); // the target waits for it
});

test('a name that was deleted can be given again; which one is meant, the number tells', () => {
  const bench = inSync();
  bench.entry(1, t1, 13, named('a'));
  bench.entry(1, t1, 14, { kind: 'deleteSnapshot', name: 'a', of: 13 });
  bench.entry(1, t1, 15, named('a'));
  expect([namesIn(bench), recordOf(bench).snapshots]).toEqual([['a@15'], [info('a', 15)]]);
});

test('a return gives content and births back; size, values and the promise stay; later snapshots go', () => {
  const bench = inSync();
  bench.entry(1, t1, 13, named('a'));
  bench.entry(1, t1, 14, write(0, 9));
  bench.entry(1, t1, 15, named('b'));
  bench.entry(1, t1, 16, { kind: 'state', key: 'k', value: 'v' });
  bench.entry(1, t1, 17, { kind: 'resize', sizeBytes: 2 * sizeBytes });
  bench.entry(1, t1, 18, { kind: 'revert', name: 'a', to: 13 });
  const { content } = bench.store;
  expect([content.last, content.sizeBytes, content.tags.slice(0, 2)]).toEqual([18, 2 * sizeBytes, [1, 2]]);
  expect(content.births.slice(0, 9)).toEqual([11, 12, 0, 0, 0, 0, 0, 0, 18]);
  expect(namesIn(bench)).toEqual(['a@13']);
  expect(recordOf(bench)).toMatchObject({
    promised: t1,
    values: { k: 'v' },
    sizeBytes: 2 * sizeBytes,
    epochs: [...e1, { epoch: 1, first: 18, previousLast: 13 }],
  });
});

test('a replica that has what was undone goes back to where the histories part', () => {
  const epochs = returned({ epochs: e1, last: 17 }, 13, 18).epochs;
  expect(isHistory({ epochs, last: 18 })).toBe(true);
  expect(commonPoint({ epochs: e1, last: 16 }, { epochs, last: 30 })).toBe(13);
  expect(historyAt({ epochs }, 13)).toEqual({ epochs: e1, last: 13 });
});

test('content with holes has no name, and returns to none', () => {
  for (const entry of [named('b'), { kind: 'revert', name: 'a', to: 13 } as const]) {
    const bench = inSync();
    bench.promise(2, t2);
    rebuild(bench, 200);
    bench.entry(2, t2, 200, entry);
    expect([bench.closed, namesIn(bench)]).toEqual([[1, 2], ['~base']]);
  }
});

test('a snapshot that it lacks is copied, compared and named before the head, which begins from there', () => {
  const bench = inSync();
  bench.promise(2, t2);
  const upTo = info('a', 150);
  rebuild(bench, 151, { snapshots: [upTo], upTo });
  expect(bench.asked[0]?.request).toMatchObject({ type: 'copy', after: 12, snapshot: 'a@150' });
  answer(bench, [{ block: 0, count: 1, birth: 120, data: blockOf(7) }]);
  expect(bench.last('complete')).toMatchObject({ attachId: 1, number: 150 });
  expect(bench.store.contentOf('a@150').tags.slice(0, 3)).toEqual([7, 2, 0]);
  expect(recordOf(bench)).toMatchObject({
    snapshots: [upTo],
    state: { kind: 'rebuilding', base: true, ranges: [{ block: 0, count: 8, common: 150 }] },
  });
  rebuild(bench, 200, { attachId: 2, snapshots: [upTo] });
  expect(bench.asked[0]?.request).toMatchObject({ type: 'copy', attachId: 2, after: 150, firstLive: 200 });
});

test('what differs from the source is not named', () => {
  const bench = inSync();
  bench.promise(2, t2);
  const upTo = info('a', 150);
  rebuild(bench, 151, { snapshots: [upTo], upTo });
  const copy = bench.asked.shift();
  const extents = [{ block: 0, count: 1, birth: 120, data: blockOf(7) }];
  copy?.done({ ok: true, value: { type: 'blocks', extents, next: 8, highestBirth: 0 } });
  bench.commit();
  const compared = bench.asked.shift();
  expect(compared?.request).toMatchObject({ type: 'digest', snapshot: 'a@150' });
  compared?.done({ ok: true, value: { type: 'digests', digests: [Buffer.from('other')] } });
  bench.commit();
  expect([bench.count('mismatch'), bench.count('complete')]).toEqual([1, 0]);
  expect(namesIn(bench)).toEqual(['~base']);
});

test('until the base may go it keeps the snapshots it had: deleted ones, and those of a dead history', () => {
  const bench = inSync();
  bench.entry(1, t1, 13, named('dead')); // T2 has adopted 12
  bench.commit();
  bench.promise(2, t2);
  expect(bench.last('report')?.snapshots).toEqual([info('dead', 13)]);
  rebuild(bench, 200, { snapshots: [] });
  expect(namesIn(bench)).toEqual(['dead@13', '~base']);
  bench.tell(2, t2, { type: 'dropBase' });
  expect(namesIn(bench)).toEqual([]);
});

test('a source answers for a snapshot from the snapshot, whatever was written since', () => {
  const bench = inSync();
  bench.entry(1, t1, 13, named('a'));
  bench.entry(1, t1, 14, write(0, 9));
  const answers: unknown[] = [];
  const ask = (snapshot: string) =>
    bench.core.copyRequest(
      { ...t1, type: 'copy', attachId: 1, firstLive: 14, after: 0, block: 0, count: 8, also: [], snapshot },
      (reply) => answers.push(reply.ok && reply.value),
    );
  ask('a@13');
  ask('a@12');
  bench.commit();
  const extents = [
    { block: 0, count: 1, birth: 11 },
    { block: 1, count: 1, birth: 12 },
  ];
  expect(answers[0]).toEqual({ type: 'refused', message: 'no such snapshot' });
  expect(answers[1]).toMatchObject({ type: 'blocks', next: 8, highestBirth: 0, extents });
  const blocks = answers[1] as Extract<CopyReply, { type: 'blocks' }>;
  expect(blocks.extents.flatMap(({ data }) => (data ? tagsIn(data) : []))).toEqual([1, 2]);
});

/** In sync, with `a` taken at 13, block 0 written again at 14, and perhaps returned to `a` by 15. */
function forked(isReturned = true): ReplicaBench {
  const bench = inSync();
  bench.entry(1, t1, 13, named('a'));
  bench.entry(1, t1, 14, write(0, 9));
  if (isReturned) bench.entry(1, t1, 15, { kind: 'revert', name: 'a', to: 13 });
  bench.commit();
  return bench;
}

const wholly = { block: 0, count: 8 };

test.each([
  { type: 'copy', after: 13, also: [], ...wholly },
  { type: 'list', after: 13, ...wholly },
  { type: 'gather', ranges: [wholly] },
] as const)('a source that has returned to a snapshot waits until the copier has ($type)', (request) => {
  const ask = (bench: ReplicaBench, firstLive: number): unknown => {
    const answers: unknown[] = [];
    const asked = { ...t1, attachId: 1, firstLive, ...request };
    bench.core.copyRequest(asked, (answer) => answers.push(answer.ok && answer.value));
    bench.commit();
    return answers[0];
  };
  expect(ask(forked(), 15)).toEqual({ type: 'notYet' });
  expect(ask(forked(), 16)).toMatchObject({ highestBirth: 0 });
  expect(ask(forked(false), 15)).toMatchObject({ highestBirth: 0 });

  const startedAnew = forked();
  startedAnew.restart();
  const { epochs } = recordOf(startedAnew);
  startedAnew.attach(2, t1, epochs, 15);
  expect(ask(startedAnew, 15)).toMatchObject({ highestBirth: 15 });
});

test('what is read while a return comes is of neither side, and asked again', () => {
  const bench = forked(false);
  const answers: unknown[] = [];
  bench.core.copyRequest(
    { ...t1, attachId: 1, firstLive: 15, type: 'copy', after: 13, also: [], ...wholly },
    (reply) => answers.push(reply.ok && reply.value),
  );
  bench.entry(1, t1, 15, { kind: 'revert', name: 'a', to: 13 });
  bench.commit();
  expect(answers).toEqual([{ type: 'notYet' }]);
});

const ask = (run: (done: (result: { ok: boolean; problem?: SnapshotProblem }) => void) => void) => {
  const box: { result: unknown } = { result: undefined };
  run((result) => (box.result = result));
  return box;
};
const take = (target: TargetBench, name: string) =>
  ask((done) => target.coordinator.takeSnapshot(name, 1, target.nowMs, done));

test('a snapshot is confirmed once it is durable on CF, and again without a second one', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  const first = take(target, 'a');
  target.acknowledge('received', 'A', 'B', 'C');
  target.acknowledge('durable', 'A');
  expect([first.result, target.coordinator.snapshots]).toEqual([undefined, []]);
  target.acknowledge('durable', 'B');
  expect(first.result).toEqual({ ok: true, value: undefined });
  const again = take(target, 'a');
  target.acknowledge('durable', 'A', 'B');
  expect([again.result, target.coordinator.snapshots.length]).toEqual([{ ok: true, value: undefined }, 1]);
});

test('a return that would lose later snapshots is refused unless that is wanted', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  for (const name of ['a', 'b']) {
    take(target, name);
    target.acknowledge('durable', 'A', 'B');
  }
  const revert = (removeNewer: boolean) =>
    ask((done) => target.coordinator.revert('a', removeNewer, target.nowMs, done));
  expect(revert(false).result).toEqual({ ok: false, problem: 'newer' });
  const done = revert(true);
  target.acknowledge('durable', 'A', 'B');
  expect(done.result).toEqual({ ok: true, value: undefined });
  expect(target.coordinator.snapshots.map(({ name }) => name)).toEqual(['a']);
});

test('a rebuilding replica is fed up to a snapshot, gets that, and then the rest', () => {
  const target = new TargetBench().serve('A', 'B');
  target.connect('C');
  target.report('C', [{ epoch: 1, first: 100, previousLast: 0 }], 100);
  expect(target.must('C', 'rebuild').upTo).toBeUndefined();
  take(target, 'a');
  target.write(0, 1);
  target.acknowledge('durable', 'A', 'B');
  const toC = () => target.sent.filter(({ to, message }) => to === 'C' && message.type === 'entry').length;
  const before = toC();
  const snapshot = target.coordinator.snapshots[0];
  const second = target.must('C', 'rebuild');
  expect(second).toMatchObject({ upTo: snapshot, firstLive: (snapshot?.number ?? 0) + 1 });
  target.write(0, 2);
  expect(toC()).toBe(before); // nothing while the snapshot is copied
  target.tell('C', { type: 'complete', attachId: second.attachId, number: snapshot?.number ?? 0 });
  expect(target.must('C', 'rebuild')).toMatchObject({ snapshots: [snapshot] });
  expect(target.must('C', 'rebuild').upTo).toBeUndefined();
  expect(target.coordinator.status().phase).toBe('Degraded');
});

test('what is on its way to a rebuilding replica arrives before it is begun again: more could be sent without bound', () => {
  const target = new TargetBench().serve('A', 'B');
  target.connect('C');
  target.report('C', [{ epoch: 1, first: 100, previousLast: 0 }], 100);
  const { attachId } = target.must('C', 'rebuild');
  target.write(0, 1);
  const { last } = target.coordinator.status();
  take(target, 'a');
  target.acknowledge('durable', 'A', 'B');
  target.tick(0);
  expect(target.must('C', 'rebuild').attachId).toBe(attachId);
  target.tell('C', { type: 'received', number: last });
  target.tick(0);
  expect(target.must('C', 'rebuild')).toMatchObject({ upTo: target.coordinator.snapshots[0] });
});

test('a replica whose release knows no snapshots is not asked to hold any', () => {
  const target = new TargetBench().serve('A', 'B', 'C');
  target.lose('C');
  target.connect('C');
  target.report('C', [], 0, { isOld: true });
  expect(take(target, 'a').result).toEqual({ ok: false, problem: 'unsupported' });
});
