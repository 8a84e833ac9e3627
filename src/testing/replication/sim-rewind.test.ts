import { expect, test } from '@jest/globals';
import { blockOf, SimStore } from './sim-store.ts';

test('a store remembers what it was, but for what a crash took', () => {
  const store = new SimStore({ volume: 'v', replicaId: 'r', guid: 'g' }, 4, true);
  store.write(1, 0, blockOf(1));
  store.beginCommit()();
  store.write(2, 0, blockOf(2));
  store.endRun();
  store.crash(() => 0);
  store.write(3, 0, blockOf(3));
  store.endRun();

  expect(store.past('ends').map(({ last }) => last)).toEqual([0, 1, 3]);
  expect(store.past('durable').map(({ last }) => last)).toEqual([1, 1]);
  const other = new SimStore({ volume: 'v', replicaId: 'r', guid: 'h' }, 4);
  const [, root] = store.past('ends');
  if (root) other.become(root);
  expect([other.last, other.durable, other.content.tags]).toEqual([1, 1, [1, 0, 0, 0]]);
});
