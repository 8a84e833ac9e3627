import { expect, test } from '@jest/globals';
import { Turns } from './turns.ts';

test('a few at a time; of those that wait the one with the fewest good copies is next', () => {
  const turns = new Turns(2);
  const began: string[] = [];
  const releases = new Map<string, () => void>();
  const take = (name: string, goodCopies: number) =>
    turns.take(goodCopies, (release) => {
      began.push(name);
      releases.set(name, release);
    });
  take('a', 2);
  take('b', 2);
  take('c', 2);
  take('d', 1);
  take('e', 1);
  expect(began).toEqual(['a', 'b']);
  releases.get('a')?.();
  releases.get('a')?.(); // once is enough
  expect(began).toEqual(['a', 'b', 'd']);
  releases.get('b')?.();
  releases.get('d')?.();
  expect(began).toEqual(['a', 'b', 'd', 'e', 'c']);
});
