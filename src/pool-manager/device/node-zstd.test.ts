import { expect, test } from '@jest/globals';
import { prng } from '../../shared/prng.ts';
import { nodeZstd } from './node-zstd.ts';

const text = new TextEncoder()
  .encode('a block of text that says the same thing again and again; '.repeat(80))
  .slice(0, 4096);

test.each([1, 3, 19])('level %i gives back what it took', (level) => {
  const stored = nodeZstd.compress(text, level, 4096);
  expect(stored?.byteLength).toBeLessThan(200);
  expect(nodeZstd.decompress(stored ?? text, 4096)).toEqual(Buffer.from(text));
});

test('what does not get shorter is not stored so', () => {
  expect(nodeZstd.compress(prng(1).bytes(4096), 3, 4096)).toBeUndefined();
});

test('damage and wrong lengths are no content', () => {
  const stored = nodeZstd.compress(text, 3, 4096) ?? text;
  expect(nodeZstd.decompress(stored, 4095)).toBeUndefined();
  expect(nodeZstd.decompress(stored, 8192)).toBeUndefined();
  expect(nodeZstd.decompress(prng(2).bytes(300), 4096)).toBeUndefined();
  expect(nodeZstd.decompress(stored.subarray(0, stored.byteLength - 3), 4096)).toBeUndefined();
});
