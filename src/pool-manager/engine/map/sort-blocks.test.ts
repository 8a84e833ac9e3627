import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { prng } from '../../../shared/prng.ts';
import { sortPoints } from './sort-blocks.ts';

const host = {
  randomBytes: (length: number) => new Uint8Array(length),
  pause: () => Promise.resolve(),
  clock: new ManualClock(),
};

// prettier-ignore
test.each([
  // points   highest block
  [0,         1],
  [1,         2 ** 41],
  [200,       2 ** 41],
  [5_000,     1_000],
  [5_000,     2 ** 24],
  [5_000,     2 ** 41],
])('%d points below %d come in order, each with its entry', async (count, span) => {
  const random = prng(count + span);
  const blocks = Float64Array.from({ length: count }, () => random.below(span));
  const sorted = await sortPoints(host, blocks.slice(), Uint32Array.from(blocks.keys()));
  expect([...sorted.blocks]).toEqual([...blocks].toSorted((a, b) => a - b));
  expect([...sorted.entries].map((entry) => blocks[entry])).toEqual([...sorted.blocks]);
});
