import { expect, test } from '@jest/globals';
import { covers } from './objects.ts';
import { sameJson, steadyMessage } from './status.ts';

// prettier-ignore
test.each([
  // is                                     wanted                        covered
  [{ a: 1, b: 2 },                          { a: 1 },                     true],
  [{ a: 1 },                                { a: 1, b: 2 },               false],
  [{ a: [1, 2] },                           { a: [1, 2] },                true],
  [{ a: [1, 2] },                           { a: [1] },                   false],
  [{ a: [{ x: 1, y: 2 }] },                 { a: [{ x: 1 }] },            true],
  [{ memory: '1Gi' },                       { memory: '1024Mi' },         true],
  [{ memory: '1Gi' },                       { memory: '2Gi' },            false],
  [{ image: 'a:1' },                        { image: 'a:2' },             false],
  [undefined,                               { a: 1 },                     false],
])('%j covers %j: %s', (is, wanted, covered) => {
  expect(covers(is, wanted)).toBe(covered);
});

test('the order of fields is no difference', () => {
  expect(sameJson({ a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 })).toBe(true);
  expect(sameJson({ a: 1 }, { a: 2 })).toBe(false);
});

// prettier-ignore
test.each([
  // shown                            message                             becomes
  [undefined,                         'a',                                'a'],
  ['bound for 1673 ms more',          'bound for 12 ms more',             'bound for 1673 ms more'],
  ['2 of 3 replicas are in sync',     '1 of 3 replicas are in sync',      '1 of 3 replicas are in sync'],
])('%j, then %j', (shown, message, becomes) => {
  expect(steadyMessage(shown, message)).toBe(becomes);
});
