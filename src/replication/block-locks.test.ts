import { expect, test } from '@jest/globals';
import { BlockLocks } from './block-locks.ts';

/** Claims in order, `block+count` or `block+count!` alone; answers who is granted and how to release. */
function claim(locks: BlockLocks, granted: string[], text: string): () => void {
  const [block = 0, count = 0] = text.replace('!', '').split('+').map(Number);
  return locks.claim(block, count, text.endsWith('!'), () => granted.push(text));
}

// prettier-ignore
test.each([
  // claimed in this order                granted at once          granted when the first is released
  [['0+4', '2+4'],                        ['0+4', '2+4'],          []],
  [['0+4!', '2+4'],                       ['0+4!'],                ['2+4']],
  [['0+4', '2+4!'],                       ['0+4'],                 ['2+4!']],
  [['0+4!', '4+4!'],                      ['0+4!', '4+4!'],        []],
  [['0+4', '2+4!', '3+1'],                ['0+4'],                 ['2+4!']], //  nobody overtakes who waits
  [['0+4!', '0+1', '1+1', '0+2!'],        ['0+4!'],                ['0+1', '1+1']],
])('%j', (claims, atOnce, afterwards) => {
  const locks = new BlockLocks();
  const granted: string[] = [];
  const [first] = claims.map((text) => claim(locks, granted, text));
  expect(granted).toEqual(atOnce);
  first?.();
  expect(granted.slice(atOnce.length)).toEqual(afterwards);
});
