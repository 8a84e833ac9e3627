import { expect, test } from '@jest/globals';
import { propertiesOf } from './properties.ts';

// prettier-ignore
test.each([
  // poolConfig                                          becomes
  [{},                                                   { readOnlyThresholdPercent: 85, compression: 'lz4' }],
  [{ roThresholdLimit: 0, compression: '' },             { readOnlyThresholdPercent: 85, compression: 'lz4' }],
  [{ roThresholdLimit: null, compression: null },        { readOnlyThresholdPercent: 85, compression: 'lz4' }],
  [{ roThresholdLimit: 100, compression: 'off' },        { readOnlyThresholdPercent: 100, compression: 'off' }],
  [{ roThresholdLimit: 70, compression: 'gzip-9' },      { readOnlyThresholdPercent: 70, compression: 'zstd' }],
  [{ compression: 'zstd' },                              { readOnlyThresholdPercent: 85, compression: 'zstd' }],
  [{ compression: 'lzjb' },                              { readOnlyThresholdPercent: 85, compression: 'lz4' }],
])('%j becomes %j', (config, properties) => {
  expect(propertiesOf(config)).toEqual(properties);
});
