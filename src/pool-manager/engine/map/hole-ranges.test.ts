import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { HoleRanges } from './hole-ranges.ts';

test.each([1, 2, 3, 4])('the newest range wins, and they stay in order without overlap (seed %d)', (seed) => {
  const random = prng(seed);
  const ranges = new HoleRanges();
  const model = Array.from({ length: 200 }, () => 0);
  const wrong: number[] = [];
  for (let birth = 1; birth <= 300; birth++) {
    const from = random.below(200);
    const to = from + 1 + random.below(200 - from);
    const used = random.chance(0.2) ? 7 : birth;
    ranges.put({ from, to, birth: used });
    model.fill(used, from, to);
    const seen = model.map((_, block) => ranges.at(block)?.birth ?? 0);
    const ends = ranges.all.flatMap(({ from: begin, to: end }) => [begin, end]);
    const inOrder = ends.every((end, i) => i === 0 || end >= (ends[i - 1] ?? 0));
    if (seen.join() !== model.join() || !inOrder) wrong.push(birth);
  }
  expect(wrong).toEqual([]);
});

test('an unmap in pieces stays one range', () => {
  const ranges = new HoleRanges();
  for (const [from, to] of [
    [10, 20],
    [30, 40],
    [20, 30],
  ] as const)
    ranges.put({ from, to, birth: 5 });
  expect(ranges.all).toEqual([{ from: 10, to: 40, birth: 5 }]);
});
