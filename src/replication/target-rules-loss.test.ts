/** R5: a declared loss is noted with the adoption, so that a target after this one can tell it too. */
import { expect, test } from '@jest/globals';
import { benchTiming, TargetBench } from '../testing/replication/bench.ts';
import type { Entry } from './messages.ts';
import { declaredLoss } from './loss.ts';

const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];
const values = { initiators: '["iqn.a","iqn.b"]' };

/** Recovers without the third, of one report that is unclean. */
function lossy(of: Record<string, string>): TargetBench {
  const target = new TargetBench();
  target.connect('A', 'C');
  target.report('A', e1, 100, { clean: false, values: of });
  target.report('C', e1, 100, { values: of });
  target.tick(benchTiming.cleanWaitMs);
  return target;
}

const entriesTo = (target: TargetBench, id: string): readonly Entry[] =>
  target.sent.flatMap(({ to, message }) => (to === id && message.type === 'entry' ? [message.entry] : []));

/** Durable up to this number of its own, with a lease; answers whether it serves. */
function serves(target: TargetBench, number: number): boolean {
  for (const id of ['A', 'C']) target.tell(id, { type: 'received', number }, { type: 'durable', number });
  target.lease('A', 'C');
  return target.coordinator.serving;
}

test('R5: the loss is durable before anybody is served, and only who has it counts as in sync', () => {
  const target = lossy(values);
  const [adopt, noted] = entriesTo(target, 'C');
  expect([adopt?.kind, noted?.kind, noted?.number]).toEqual(['adopt', 'state', (adopt?.number ?? 0) + 1]);
  expect(serves(target, adopt?.number ?? 0)).toBe(false);
  expect(target.last('C', 'inSync')).toBeUndefined();
  expect(serves(target, noted?.number ?? 0)).toBe(true);
  expect(target.last('C', 'inSync')).toBeDefined();
  expect(declaredLoss(target.coordinator.values)).toEqual({
    epoch: target.epoch,
    untold: ['iqn.a', 'iqn.b'],
  });
});

test('R5: where nobody is named who could be told nothing is noted', () => {
  const target = lossy({});
  const entries = entriesTo(target, 'C');
  expect(entries.map(({ kind }) => kind)).toEqual(['adopt']);
  expect(serves(target, entries[0]?.number ?? 0)).toBe(true);
});

test('R5: a recovery without a loss keeps what an earlier one noted', () => {
  const loss = '{"epoch":1,"untold":["iqn.b"]}';
  const target = new TargetBench();
  target.connect('A', 'B', 'C');
  for (const id of ['A', 'B', 'C']) target.report(id, e1, 100, { values: { ...values, loss } });
  expect(entriesTo(target, 'C').map(({ kind }) => kind)).toEqual(['adopt']);
  expect(serves(target, entriesTo(target, 'C')[0]?.number ?? 0)).toBe(true);
  expect(declaredLoss(target.coordinator.values)).toEqual({ epoch: 1, untold: ['iqn.b'] });
});
