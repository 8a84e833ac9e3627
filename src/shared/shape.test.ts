import { expect, test } from '@jest/globals';
import { UsageError } from './exit-codes.ts';
import { integer, list, object, oneOf, optional, record, text } from './shape.ts';

const shape = object({
  name: text('give the name of the pool'),
  layout: oneOf('stripe', 'mirror'),
  groups: list(object({ devices: list(text(), 1) }), 1),
  sizes: record(integer(1, 100)),
  http: optional(text('give HOST:PORT', /:\d+$/)),
});
const good = { name: 'p', layout: 'mirror', groups: [{ devices: ['a', 'b'] }], sizes: { x: 3 } };

test('what fits is given back, and only that', () => {
  expect(shape(good, '')).toEqual(good);
  expect(shape({ ...good, http: ':9500' }, '')).toEqual({ ...good, http: ':9500' });
});

// prettier-ignore
test.each([
  [{ ...good, name: undefined },                    'name is missing: give the name of the pool'],
  [{ ...good, name: '' },                           'name is "": give the name of the pool'],
  [{ ...good, layout: 'raidz' },                    'layout is "raidz": give one of stripe, mirror'],
  [{ ...good, groups: [] },                         'groups is []: give a list of at least 1'],
  [{ ...good, groups: [{ devices: ['a', 7] }] },    'groups[0].devices[1] is 7: give a text'],
  [{ ...good, sizes: { x: 1.5 } },                  'sizes.x is 1.5: give a whole number from 1 to 100'],
  [{ ...good, http: 'x' },                          'http is "x": give HOST:PORT'],
  [{ ...good, htpp: ':9500' },                      'htpp is ":9500": remove it, or use one of name, layout, groups, sizes, http'],
  [{ ...good, groups: { devices: [] } },            'groups is {"devices":[]}: give a list of at least 1'],
  ['x'.repeat(100),                                 `the whole is "${'x'.repeat(56)}…: give an object`],
  [null,                                            'the whole is null: give an object'],
])('%j', (value, message) => {
  expect(() => shape(value, '')).toThrow(new UsageError(message));
});

test('names of Object.prototype are no fields', () => {
  expect(() =>
    shape(JSON.parse(JSON.stringify(good).replace('{', '{"__proto__":{"name":"q"},')), ''),
  ).toThrow('__proto__');
});
