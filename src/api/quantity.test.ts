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
  ['5G', 5e9], ['9630098k', 9630098000], ['28800M', 28.8e9], ['1E', 1e18 > Number.MAX_SAFE_INTEGER ? 'refused' : 1e18],
  ['5e9', 5e9], ['5E9', 5e9], ['1e-1', 1], ['100m', 1], ['1500m', 2], ['1n', 1], ['+3Ki', 3072], ['7Pi', 7 * 2 ** 50],
  ['2.', 2], ['-0', 0],
  ['', 'refused'], ['5gi', 'refused'], ['5GiB', 'refused'], ['5 Gi', 'refused'], ['-1', 'refused'], ['9Pi', 'refused'],
  ['five', 'refused'], ['1e9999', 'refused'], ['.', 'refused'], ['0x10', 'refused'],
] as const)('%j is %j bytes', (text, bytes) => {
  if (bytes === 'refused') expect(() => parseQuantity(text)).toThrow(QuantityError);
  else expect(parseQuantity(text)).toBe(bytes);
});

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
