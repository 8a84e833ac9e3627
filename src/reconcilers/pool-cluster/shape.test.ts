import { expect, test } from '@jest/globals';
import { logChange, shapeChange, type Groups } from './shape.ts';

// prettier-ignore
test.each([
  // what                                type      is                        wish                              outcome
  ['the same',                           'mirror', [['a', 'b']],             [['a', 'b']],                     { }],
  ['the same in another order',          'mirror', [['a', 'b'], ['c', 'd']], [['d', 'c'], ['b', 'a']],         { }],
  ['a device joins a stripe',            'stripe', [['a']],                  [['a', 'b', 'c']],                { additions: [['b'], ['c']] }],
  ['a device leaves a stripe',           'stripe', [['a', 'b']],             [['a']],                          { reasons: ['DeviceRemoved'] }],
  ['a device of a stripe is replaced',   'stripe', [['a', 'b']],             [['a', 'x']],                     { reasons: ['DeviceRemoved'] }],
  ['a group joins',                      'raidz',  [['a', 'b', 'c']],        [['a', 'b', 'c'], ['d', 'e', 'f']], { additions: [['d', 'e', 'f']] }],
  ['a group leaves',                     'mirror', [['a', 'b'], ['c', 'd']], [['a', 'b']],                     { reasons: ['GroupRemoved'] }],
  ['a device of a mirror is replaced',   'mirror', [['a', 'b'], ['c', 'd']], [['a', 'b'], ['c', 'x']],         { replacements: [{ old: 'd', next: 'x' }] }],
  ['one in each group, and a new group', 'mirror', [['a', 'b'], ['c', 'd']], [['y', 'b'], ['c', 'x'], ['e', 'f']], { replacements: [{ old: 'a', next: 'y' }, { old: 'd', next: 'x' }], additions: [['e', 'f']] }],
  ['two of one group are replaced',      'raidz2', [['a', 'b', 'c', 'd']],   [['a', 'b', 'x', 'y']],           { reasons: ['SeveralDevicesReplaced'] }],
  ['a mirror gets wider',                'mirror', [['a', 'b']],             [['a', 'b', 'c', 'd']],           { reasons: ['GroupResized'] }],
  ['groups swap devices',                'mirror', [['a', 'b'], ['c', 'd']], [['a', 'c'], ['b', 'd']],         { reasons: ['DeviceOfAnotherGroup', 'DeviceOfAnotherGroup'] }],
] as const)('%s', (_what, type, is: Groups, wish: Groups, outcome) => {
  const { additions, replacements, violations } = shapeChange(type, is, wish, 'f');
  expect({ additions, replacements, reasons: violations.map(({ reason }) => reason) }).toEqual({
    additions: [], replacements: [], reasons: [], ...outcome,
  });
});

// prettier-ignore
test.each([
  // what                              type      is                        wish                      outcome
  ['the same',                         'stripe', [['a'], ['b']],           [['b', 'a']],             { }],
  ['a log device joins',               'stripe', [['a']],                  [['a', 'b']],             { additions: [['b']] }],
  ['one of several leaves',            'stripe', [['a', 'b', 'c']],        [['a', 'c']],             { removals: [['b']] }],
  ['all leave',                        'stripe', [['a'], ['b']],           [],                       { removals: [['a'], ['b']] }],
  ['one leaves, another joins',        'stripe', [['a']],                  [['b']],                  { removals: [['a']], additions: [['b']] }],
  ['a mirror leaves',                  'mirror', [['a', 'b'], ['c', 'd']], [['c', 'd']],             { removals: [['a', 'b']] }],
  ['half a mirror does not',           'mirror', [['a', 'b']],             [['a']],                  { reasons: ['GroupResized'] }],
  ['all mirrors leave',                'mirror', [['a', 'b']],             [],                       { removals: [['a', 'b']] }],
  ['a copy is replaced',               'mirror', [['a', 'b']],             [['a', 'x']],             { replacements: [{ old: 'b', next: 'x' }] }],
] as const)('log devices: %s', (_what, type, is: Groups, wish: Groups, outcome) => {
  const { additions, removals, replacements, violations } = logChange(type, is, wish, 'f');
  expect({ additions, removals, replacements, reasons: violations.map(({ reason }) => reason) }).toEqual({
    additions: [], removals: [], replacements: [], reasons: [], ...outcome,
  });
});
