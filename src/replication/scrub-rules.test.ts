/** Comparing replicas while the volume serves: who is asked what, who is believed, what is written anew. */
import { describe, expect, test } from '@jest/globals';
import { recordOf, TargetBench } from '../testing/replication/bench.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { BlockRange } from './copy.ts';
import type { Timing } from './timing.ts';
import { verdict } from './coordinator/scrub-verdict.ts';

// prettier-ignore
test.each([
  // digests of A, B, C …            right
  [['x', 'x', 'x'],                  'equal'],
  [['x', 'y', 'x'],                  'A'],
  [['y', 'x', 'x'],                  'B'],
  [['x', undefined],                 'A'],
  [['x', undefined, undefined],      'A'],
  [['x', 'y'],                       undefined],
  [['x', 'y', 'z'],                  undefined],
  [['x', 'x', 'y', 'y'],             undefined],
  [['x', 'x', 'y', undefined],       undefined],
  [['x', 'x', 'x', 'y', 'y'],        'A'],
  [[undefined, undefined],           undefined],
] as const)('of %j right is %s', (digests, right) => {
  const found = verdict(digests.map((digest, i) => ({ id: 'ABCDE'[i] ?? '', digest })));
  expect(found.equal ? 'equal' : found.good).toBe(right);
});

function digestOf(wrong: Record<number, string | null>, { block, count }: BlockRange): string | null {
  const inside = Object.entries(wrong).filter(([at]) => Number(at) >= block && Number(at) < block + count);
  if (inside.some(([, what]) => what === null)) return null;
  return Buffer.from(`${block} ${count} ${JSON.stringify(inside)}`)
    .toString('hex')
    .slice(-128);
}

/** A serving target of a volume of 4 groups of 128 blocks, whose replicas hold what the test says. */
class ScrubBench {
  readonly target: TargetBench;
  readonly mends: {
    readonly range: BlockRange;
    readonly from: string;
    readonly done: (ok: boolean) => void;
  }[] = [];
  /** By replica and block: what is not as it should be; null: it can not be read. */
  readonly wrong: Record<string, Record<number, string | null>>;
  /** The same, of every snapshot. */
  inSnapshots: Record<string, Record<number, string | null>> = {};
  /** Called once, when a snapshot is asked of and nobody has answered yet. */
  onSnapshot: () => void = () => undefined;
  #answered = 0;

  constructor(
    letters: string,
    wrong: Record<string, Record<number, string | null>> = {},
    timing: Partial<Timing> = {},
  ) {
    this.wrong = wrong;
    const ids = letters.split('');
    this.target = new TargetBench({ replicas: ids.length, timing: { groupBlocks: 128, ...timing } });
    this.target.serve(...ids);
    const { coordinator } = this.target;
    this.target.ask<void>((nowMs, answer) => coordinator.resize(512 * blockBytes, nowMs, answer));
    this.target.acknowledge('received', ...ids);
    this.target.acknowledge('durable', ...ids);
    this.target.lease(...ids);
  }

  proofs(id: string) {
    return this.target.sent.flatMap(({ to, message }) =>
      to === id && message.type === 'entry' && message.entry.kind === 'proof' ? [message.entry] : [],
    );
  }

  /** It lacks nothing but what came while it was away. */
  comeBack(id: string, features?: readonly string[]): void {
    const { epoch, coordinator, nowMs } = this.target;
    coordinator.connected(id, 2, nowMs, features);
    this.target.tick(0);
    this.target.report(id, [{ epoch, first: 2 ** 20, previousLast: 0 }], coordinator.status().last);
  }

  get status() {
    return this.target.coordinator.status().scrub;
  }

  start(): void {
    this.target.coordinator.scrub((range, from, done) => void this.mends.push({ range, from, done }));
    this.run();
  }

  /** Every question is answered; `except`: by nobody of these. */
  run(except = ''): void {
    for (let idle = 0; idle < 3; idle++) {
      this.target.tick(10);
      for (; this.#answered < this.target.sent.length; this.#answered++) {
        const { to, message } = this.target.sent[this.#answered] ?? {};
        if (message?.type !== 'digest' || to === undefined || except.includes(to)) continue;
        idle = 0;
        const { onSnapshot } = this;
        if (message.snapshot !== undefined) this.onSnapshot = () => undefined;
        if (message.snapshot !== undefined) onSnapshot();
        const wrong = message.snapshot === undefined ? this.wrong : this.inSnapshots;
        const digests = message.ranges.map((range) => digestOf(wrong[to] ?? {}, range));
        this.target.tell(to, { type: 'digests', number: message.number, digests });
      }
    }
  }

  /** What was asked before and nobody has answered. */
  answerLate(): void {
    this.#answered = 0;
    this.run();
  }

  /** The oldest one that waits. */
  mend(ok = true): void {
    const next = this.mends.shift();
    if (!next) throw new Error('nothing is to be written anew');
    for (const content of ok ? Object.values(this.wrong) : [])
      for (let at = next.range.block; at < next.range.block + next.range.count; at++) delete content[at];
    next.done(ok);
    this.run();
  }

  asked(id: string): number {
    return this.target.sent.filter(({ to, message }) => to === id && message.type === 'digest').length;
  }
}

describe('scrub of a volume', () => {
  test('equal replicas are compared once, and what they froze for it goes', () => {
    const bench = new ScrubBench('ABC');
    bench.start();
    expect(bench.status).toMatchObject({ state: 'done', percent: 100, different: 0, mended: 0, left: 0 });
    const [proof] = bench.proofs('A');
    expect(proof).toMatchObject({ replicas: ['A', 'B', 'C'] });
    for (const id of ['A', 'B', 'C']) {
      expect(bench.asked(id)).toBe(1);
      expect(bench.target.must(id, 'dropProof').number).toBe(proof?.number);
    }
  });

  test('what one of three has otherwise is written anew as the others have it, and compared again', () => {
    const bench = new ScrubBench('ABC', { B: { 130: 'rot', 200: 'rot' } });
    bench.start();
    expect(bench.status).toMatchObject({ state: 'running', different: 1 });
    expect(bench.mends).toMatchObject([{ range: { block: 128, count: 64 }, from: 'A' }]);
    bench.mend();
    expect(bench.mends).toMatchObject([{ range: { block: 192, count: 64 }, from: 'A' }]);
    bench.mend();
    expect(bench.status).toMatchObject({ state: 'done', different: 1, mended: 128, left: 0 });
    expect(bench.proofs('A')).toHaveLength(2);
  });

  test('of two, the one that can read it is right; when both can, nobody knows', () => {
    const bench = new ScrubBench('AB', { A: { 5: null, 300: 'rot' } });
    bench.start();
    expect(bench.mends).toMatchObject([{ range: { block: 0, count: 64 }, from: 'B' }]);
    bench.mend();
    expect(bench.status).toMatchObject({ state: 'done', different: 2, mended: 64, left: 64 });
    expect(bench.status.message).toContain('blocks 256 to 319');
  });

  test('what differs again after it was written anew, or could not be, is left and told', () => {
    const bench = new ScrubBench('ABC', { C: { 0: 'rot', 64: 'rot' } });
    bench.start();
    const { range, done } = bench.mends.shift() ?? { range: undefined, done: () => undefined };
    done(true); // the pool lies: it is as it was
    bench.run();
    expect(range).toEqual({ block: 0, count: 64 });
    bench.mend(false);
    expect(bench.status).toMatchObject({ state: 'done', mended: 64, left: 128 });
  });

  test('a replica that goes is done without; with one left it waits, and goes on when there are two', () => {
    const bench = new ScrubBench('ABC');
    bench.target.coordinator.scrub(() => undefined);
    bench.run('ABC');
    bench.target.lose('C');
    bench.target.lose('B');
    bench.run('ABC');
    expect(bench.status).toMatchObject({ state: 'running', message: 'waits for two replicas in sync' });
    bench.comeBack('B');
    bench.run();
    expect(bench.status).toMatchObject({ state: 'done', left: 0, message: '' });
    expect(bench.asked('B')).toBe(2);
  });

  test('one replica alone has nobody to be compared with', () => {
    const bench = new ScrubBench('A');
    bench.start();
    expect(bench.status).toMatchObject({ state: 'done', different: 0 });
    expect(bench.asked('A')).toBe(0);
  });

  test('nobody is asked before all have been sent the entry at which they freeze what they hold', () => {
    const bench = new ScrubBench('ABC', {}, { linkBytesMax: 2 * blockBytes });
    for (const tag of [1, 2, 3, 4]) bench.target.write(tag, tag); // the links are full, entries wait
    bench.start();
    expect(['A', 'B', 'C'].map((id) => bench.asked(id))).toEqual([0, 0, 0]);
    expect(bench.proofs('C')).toEqual([]);

    for (let i = 0; i < 4; i++)
      for (const id of ['A', 'B', 'C'])
        bench.target.tell(id, { type: 'received', number: bench.target.must(id, 'entry').entry.number });
    bench.run();
    expect(bench.status).toMatchObject({ state: 'done', different: 0, left: 0 });
  });

  test('what the volume grows by meanwhile is not asked for: nobody has frozen it', () => {
    const bench = new ScrubBench('AB');
    const { target } = bench;
    target.coordinator.scrub(() => undefined);
    bench.run('AB');
    target.ask<void>((nowMs, answer) => target.coordinator.resize(1_024 * blockBytes, nowMs, answer));
    for (const how of ['received', 'durable'] as const) target.acknowledge(how, 'A', 'B');
    expect(target.coordinator.sizeBytes).toBe(1_024 * blockBytes);
    bench.answerLate();
    const asked = target.sent.flatMap(({ message }) => (message.type === 'digest' ? message.ranges : []));
    expect(Math.max(...asked.map(({ block, count }) => block + count))).toBe(512);
    expect(bench.status.state).toBe('done');
  });

  test('a member that loses its seat is not waited for', () => {
    const bench = new ScrubBench('ABC');
    const { target } = bench;
    target.coordinator.scrub(() => undefined);
    bench.run('C');
    const ab = recordOf(2, 'AB');
    target.coordinator.setMembers(recordOf(1, 'ABC'), ab, [], target.nowMs);
    for (const id of ['A', 'B', 'C']) target.tell(id, { type: 'committed', version: 1 });
    for (const how of ['received', 'durable'] as const) target.acknowledge(how, 'A', 'B', 'C');
    target.tick(100);
    for (const id of ['A', 'B']) target.tell(id, { type: 'committed', version: 2 });
    target.coordinator.setMembers(ab, undefined, [], target.nowMs);
    expect(target.dropped).toEqual(['C']);
    bench.run();
    expect(bench.status).toMatchObject({ state: 'done', left: 0 });
  });

  test('an answer about what was frozen before is no answer', () => {
    const bench = new ScrubBench('AB');
    bench.target.coordinator.scrub(() => undefined);
    bench.run('AB');
    bench.target.tell('A', { type: 'digests', number: 1, digests: ['00'] });
    bench.run('AB');
    expect(bench.status.state).toBe('running');
  });
});

describe('scrub of snapshots', () => {
  /** A serving volume with snapshots of the whole of it. */
  function withSnapshots(letters: string, ...names: string[]): ScrubBench {
    const bench = new ScrubBench(letters);
    const { coordinator } = bench.target;
    const ids = letters.split('');
    for (const name of names) {
      coordinator.takeSnapshot(name, 1, bench.target.nowMs, () => undefined);
      bench.target.acknowledge('received', ...ids);
      bench.target.acknowledge('durable', ...ids);
    }
    expect(coordinator.snapshots.map(({ name }) => name)).toEqual(names);
    return bench;
  }
  const askedOf = (bench: ScrubBench, id: string) =>
    bench.target.sent.flatMap(({ to, message }) =>
      to === id && message.type === 'digest' && message.snapshot !== undefined ? [message.snapshot] : [],
    );

  test('each is compared after the volume, oldest first', () => {
    const bench = withSnapshots('ABC', 'a', 'b');
    const numbers = bench.target.coordinator.snapshots.map(({ number }) => number);
    bench.start();
    expect(bench.status).toMatchObject({ state: 'done', different: 0, left: 0, message: '' });
    for (const id of ['A', 'B', 'C'])
      expect(askedOf(bench, id)).toEqual([`a@${numbers[0]}`, `b@${numbers[1]}`]);
  });

  test('what differs is named part by part, with the pool that is wrong, and nothing is written', () => {
    const bench = withSnapshots('ABC', 'a');
    bench.inSnapshots = { B: { 130: 'x', 200: null } };
    bench.start();
    expect(bench.mends).toEqual([]);
    expect(bench.status).toMatchObject({
      state: 'done',
      different: 1,
      mended: 0,
      left: 128,
      message:
        'snapshot a blocks 128 to 191: differs, and a snapshot is not written anew: move the replica on B',
    });
  });

  test('of two that differ nobody can tell', () => {
    const bench = withSnapshots('AB', 'a');
    bench.inSnapshots = { B: { 0: 'x' } };
    bench.start();
    expect(bench.status.message).toContain('no replica can be told to be right');
  });

  test('one that is deleted meanwhile is left, whatever was answered of it', () => {
    const bench = withSnapshots('AB', 'a');
    bench.inSnapshots = { B: { 0: 'x' } };
    const { coordinator } = bench.target;
    bench.onSnapshot = () => coordinator.deleteSnapshot('a', bench.target.nowMs, () => undefined);
    bench.start();
    expect(askedOf(bench, 'B').length).toBe(1);
    expect(bench.status).toMatchObject({ state: 'done', left: 0, different: 0 });
  });

  test('a replica of a release that compares no snapshots is not asked; with one alone it waits', () => {
    const bench = withSnapshots('ABC', 'a');
    bench.comeBack('C', ['digest']);
    bench.start();
    expect(bench.status).toMatchObject({ state: 'done', left: 0 });
    expect([askedOf(bench, 'A').length, askedOf(bench, 'C').length]).toEqual([1, 0]);

    const waits = withSnapshots('AB', 'a');
    waits.comeBack('B', ['digest']);
    waits.start();
    expect(waits.status).toMatchObject({
      state: 'running',
      message: 'waits for two replicas in sync that can compare snapshots',
    });
  });
});
