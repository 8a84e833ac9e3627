import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { PointTable } from './point-table.ts';

test.each([1, 2, 3])('holds what a Map holds, through growth, splitting and removal (seed %d)', (seed) => {
  const random = prng(seed);
  const table = new PointTable();
  const model = new Map<number, number>();
  const span = random.pick([50, 20_000, 2 ** 41]);
  let isOwn = true;
  for (let step = 0; step < 30_000; step++) {
    const block = random.below(span);
    const entry = table.find(block);
    if (random.chance(0.8)) {
      const before = table.size;
      const used = table.put(block);
      isOwn &&= entry < 0 ? table.size === before + 1 : used === entry;
      table.wordsOf(used)[table.atOf(used)] = step;
      model.set(block, step);
    } else if (entry >= 0) {
      table.remove(entry);
      model.delete(block);
    }
  }
  const seen = new Map<number, number>();
  for (let entry = 0; entry < table.entries; entry++)
    if (table.blockOf(entry) >= 0)
      seen.set(table.blockOf(entry), table.wordsOf(entry)[table.atOf(entry)] ?? -1);
  expect([isOwn, table.size, seen.size]).toEqual([true, model.size, model.size]);
  const wrong = [...model].filter(
    ([block, step]) => seen.get(block) !== step || table.blockOf(table.find(block)) !== block,
  );
  expect(wrong).toEqual([]);
});
