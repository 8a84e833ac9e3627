import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatBinaryQuantity,
  formatQuantity,
  formatShort,
  formatSpace,
  parseQuantity,
  QuantityError,
} from './quantity.ts';

// prettier-ignore
test.each([
  ['0', 0], ['5', 5], [5368709120, 5368709120], ['5Gi', 5 * 2 ** 30], ['1.5Gi', 1.5 * 2 ** 30], ['.5Ki', 512],
  ['5G', 5e9], ['9630098k', 9630098000], ['28800M', 28.8e9], ['0.001E', 1e15], ['5e9', 5e9], ['5E9', 5e9], ['1e-1', 1],
  ['100m', 1], ['1500m', 2], ['1n', 1], ['+3Ki', 3072], ['7Pi', 7 * 2 ** 50], ['2.', 2], ['-0', 0],
])('%j is %d bytes', (text, bytes) => {
  expect(parseQuantity(text)).toBe(bytes);
});

test.each(['', '5gi', '5GiB', '5 Gi', '-1', '9Pi', '1E', 'five', '1e9999', '.', '0x10', 'NaN', '1e', '1Ki5'])(
  '%j is refused',
  (text) => {
    expect(() => parseQuantity(text)).toThrow(QuantityError);
  },
);

// prettier-ignore
test.each([
  // bytes        decimal         binary          space          short
  [0,             '0',            '0',            '0',           '0'],
  [999,           '999',          '999',          '999',         '999'],
  [6144,          '6144',         '6Ki',          '6144',        '6K'],
  [9630098000,    '9630098k',     '9630098000',   '9630098k',    '8.97G'],
  [28.8e9,        '28800M',       '28125000Ki',   '28800M',      '26.8G'],
  [5 * 2 ** 30,   '5368709120',   '5Gi',          '5368709k',    '5G'],
  [1_234_567,     '1234567',      '1234567',      '1234k',       '1.18M'],
  [107_000_000,   '107M',         '107000000',    '107M',        '102M'],
])('%d bytes print', (bytes, asDecimal, asBinary, asSpace, short) => {
  expect([formatQuantity(bytes), formatBinaryQuantity(bytes), formatSpace(bytes), formatShort(bytes)]).toEqual(
    [asDecimal, asBinary, asSpace, short],
  );
});

test('what is printed exactly is read back exactly', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseQuantity(formatQuantity(bytes))).toBe(bytes);
      expect(parseQuantity(formatBinaryQuantity(bytes))).toBe(bytes);
    }),
  );
});

test.each([-1, 0.5, 2 ** 53])('%d is no number of bytes', (bytes) => {
  expect(() => formatQuantity(bytes)).toThrow(QuantityError);
});
