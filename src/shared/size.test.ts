import { expect, test } from '@jest/globals';
import { formatSize, parseSize } from './size.ts';

// prettier-ignore
test.each([
  ['4096',   4096],
  ['64M',    64 * 2 ** 20],
  ['64Mi',   64 * 2 ** 20],
  ['64MiB',  64 * 2 ** 20],
  ['1G',     2 ** 30],
  ['1g',     2 ** 30],
  ['1.5T',   1.5 * 2 ** 40],
  [' 2K ',   2048],
])('%j is %d bytes', (text, bytes) => {
  expect(parseSize('--size', text)).toBe(bytes);
});

test.each(['', 'M', '0', '-1M', '1E', '1 G', '0x10', '1.0001', '9999999T', 'big'])(
  '%j is refused',
  (text) => {
    expect(() => parseSize('--size', text)).toThrow(`--size ${text} is no size`);
  },
);

test.each([
  [2 ** 30, '1Gi'],
  [3 * 2 ** 20, '3Mi'],
  [4097, '4097'],
])('%d is written %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
  expect(parseSize('--size', text)).toBe(bytes);
});
