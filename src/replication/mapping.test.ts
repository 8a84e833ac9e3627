import { expect, test } from '@jest/globals';
import { decodeStretch, encodeStretch, firstStretch } from './mapping.ts';

const range = { block: 100, count: 50 };
const extent = (block: number, count: number, mapped = true) => ({ block, count, mapped, birth: 7 });

// what is known of the range, up to where → its first stretch
test.each([
  ['nothing was written', [], 150, { mapped: false, count: 50 }],
  ['nothing so far', [], 130, { mapped: false, count: 30 }],
  ['later', [extent(120, 5)], 150, { mapped: false, count: 20 }],
  ['freed, then mapped', [extent(100, 10, false), extent(110, 5)], 150, { mapped: false, count: 10 }],
  ['from the start', [extent(100, 5)], 150, { mapped: true, count: 5 }],
  ['in several births', [extent(100, 5), extent(105, 10), extent(116, 1)], 150, { mapped: true, count: 15 }],
  [
    'up to what was freed',
    [extent(100, 5), extent(105, 10, false), extent(115, 1)],
    150,
    { mapped: true, count: 5 },
  ],
])('%s', (_what, extents, next, stretch) => {
  expect(firstStretch(range, extents, next)).toEqual(stretch);
  expect(decodeStretch(encodeStretch(stretch))).toEqual(stretch);
});

test('what is no stretch is not believed', () => {
  expect([8, 9, 10].map((bytes) => decodeStretch(new Uint8Array(bytes)))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
