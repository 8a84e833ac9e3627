import { expect, test } from '@jest/globals';
import { untilBeatMs } from './beats.ts';

test('periods that began at different moments meet at multiples of their length', () => {
  expect(untilBeatMs(0, 1_000)).toBe(1_000);
  expect(untilBeatMs(250, 1_000)).toBe(750);
  expect(untilBeatMs(500, 250)).toBe(250);
  expect(untilBeatMs(1_400.5, 1_000)).toBe(600);
});

test('a timer that came a little early does not come twice', () => {
  expect(untilBeatMs(999.2, 1_000)).toBe(1_001);
  expect(untilBeatMs(1_000.3, 1_000)).toBe(1_000);
  expect(untilBeatMs(760, 1_000)).toBe(1_240);
});
