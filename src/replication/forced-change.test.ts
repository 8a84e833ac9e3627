import { describe, expect, test } from '@jest/globals';
import { expectedLoss, refusalOf, type ForcedView, type ForcedWish } from './forced-change.ts';

// prettier-ignore
test.each([
  // members  survivors  may be missing
  [1, 1, undefined],
  [2, 2, undefined], [2, 1, 'unflushed'],
  [3, 2, undefined], [3, 1, 'flushed'],
  [4, 3, undefined], [4, 2, 'unflushed'], [4, 1, 'flushed'],
  [5, 3, undefined], [5, 2, 'flushed'],   [5, 1, 'flushed'],
] as const)('R36: of %i members %i go on: %s', (members, survivors, loss) => {
  expect(expectedLoss(members, survivors)).toBe(loss);
});

describe('R36: what is refused', () => {
  const wish: ForcedWish = { volume: 'v', survivors: ['a'], loss: 'flushed' };
  const view: ForcedView = { volume: 'v', records: [['a', 'b', 'c']], serving: false, connected: ['a'] };
  test('nothing, when everything is named', () => {
    expect(refusalOf(wish, view)).toBeUndefined();
  });
  // prettier-ignore
  test.each([
    // what                        wish                                        view                                   says
    ['another volume',             { volume: 'w' },                            {},                                    'name v'],
    ['no survivors',               { survivors: [] },                          {},                                    'name members'],
    ['a stranger',                 { survivors: ['z'] },                       {},                                    'of a, b, c'],
    ['one twice',                  { survivors: ['a', 'a'] },                  {},                                    'each once'],
    ['one that may have left',     { survivors: ['a'] },                       { records: [['a', 'b'], ['b', 'd']] }, 'and of b, d'],
    ['nobody knows who is there',  {},                                         { serving: undefined },                'does not answer'],
    ['a volume that serves',       {},                                         { serving: true },                     'the volume serves'],
    ['giving up who is there',     {},                                         { connected: ['a', 'c'] },             'c is not lost'],
    ['a quorum is left',           { survivors: ['a', 'b'] },                  {},                                    'are a quorum'],
    ['less loss than it may be',   { loss: 'unflushed' },                      {},                                    'naming the loss flushed'],
    ['no loss named',              { loss: '' },                               {},                                    'without b, c even writes that were flushed'],
    ['more loss than it can be',   {},                                         { records: [['a', 'b']] },             'naming the loss unflushed'],
    ['the worst of two records',   { loss: 'unflushed' },                      { records: [['a', 'b'], ['a', 'b', 'c']] }, 'naming the loss flushed'],
  ] as const)('%s', (_what, said, seen, says) => {
    expect(refusalOf({ ...wish, ...said }, { ...view, ...seen })).toContain(says);
  });
});
