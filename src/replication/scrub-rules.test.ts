/** Comparing replicas while the volume serves: who is asked what, who is believed, what is written anew. */
import { describe, expect, test } from '@jest/globals';
import { TargetBench } from '../testing/replication/bench.ts';
import { blockBytes } from '../shared/block-size.ts';
import type { BlockRange } from './copy.ts';
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
  #answered = 0;

  constructor(letters: string, wrong: Record<string, Record<number, string | null>> = {}) {
    this.wrong = wrong;
    const ids = letters.split('');
    this.target = new TargetBench({ replicas: ids.length, timing: { groupBlocks: 128 } });
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
  comeBack(id: string): void {
    const { epoch, coordinator } = this.target;
    this.target.connect(id);
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
        const digests = message.ranges.map((range) => this.#digest(to, range));
        this.target.tell(to, { type: 'digests', number: message.number, digests });
      }
    }
  }

  #digest(id: string, { block, count }: BlockRange): string | null {
    const inside = Object.entries(this.wrong[id] ?? {}).filter(
      ([at]) => Number(at) >= block && Number(at) < block + count,
    );
    if (inside.some(([, what]) => what === null)) return null;
    return Buffer.from(`${block} ${count} ${JSON.stringify(inside)}`)
      .toString('hex')
      .slice(-128);
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

  test('an answer about what was frozen before is no answer', () => {
    const bench = new ScrubBench('AB');
    bench.target.coordinator.scrub(() => undefined);
    bench.run('AB');
    bench.target.tell('A', { type: 'digests', number: 1, digests: ['00'] });
    bench.run('AB');
    expect(bench.status.state).toBe('running');
  });
});
