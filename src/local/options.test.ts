import { expect, test } from '@jest/globals';
import { newGeometry, requireSame } from './options.ts';

const flags = (given: Record<string, string>) => ({
  dir: '/d',
  listen: '127.0.0.1:0',
  replicas: undefined,
  size: undefined,
  layout: undefined,
  'devices-per-pool': undefined,
  'chap-file': undefined,
  'quorum-wait': undefined,
  tls: false,
  ...given,
});
const good = { replicas: '3', size: '64M' };

// prettier-ignore
test.each([
  [{},                                                        { layout: 'stripe', devicesPerPool: 1 }],
  [{ layout: 'mirror' },                                      { layout: 'mirror', devicesPerPool: 2 }],
  [{ layout: 'mirror', 'devices-per-pool': '3' },             { layout: 'mirror', devicesPerPool: 3 }],
  [{ 'devices-per-pool': '4' },                               { layout: 'stripe', devicesPerPool: 4 }],
])('a new volume with %j', (more, geometry) => {
  expect(newGeometry(flags({ ...good, ...more }))).toEqual({ replicas: 3, sizeBytes: 64 * 2 ** 20, ...geometry });
});

// prettier-ignore
test.each([
  [{ replicas: undefined },                           'option --replicas is missing'],
  [{ size: undefined },                               'option --size is missing'],
  [{ replicas: '0' },                                 '--replicas 0 is out of range: give a whole number from 1 to 5'],
  [{ replicas: '6' },                                 '--replicas 6 is out of range'],
  [{ size: 'big' },                                   '--size big is no size'],
  [{ size: '4K' },                                    '--size 4K is out of range: give 1Mi to 16Ti'],
  [{ size: '17T' },                                   '--size 17T is out of range'],
  [{ size: '5000001' },                               '--size 5000001 is no multiple of 4096'],
  [{ layout: 'raidz' },                               '--layout raidz is unknown: give stripe or mirror'],
  [{ 'devices-per-pool': '5', size: '32M' },          '--devices-per-pool 5 makes devices of 13Mi for --size 32M'],
  [{ 'devices-per-pool': '9' },                       '--devices-per-pool 9 is out of range'],
  [{ layout: 'mirror', 'devices-per-pool': '1' },     '--devices-per-pool 1 is too few for a mirror: give 2 or more'],
])('%j is refused', (more, message) => {
  expect(() => newGeometry(flags({ ...good, ...(more as Record<string, string>) }))).toThrow(message);
});

const has = { replicas: 3, sizeBytes: 2 ** 30, layout: 'stripe', devicesPerPool: 1 } as const;

test('what is left out or the same is no other volume', () => {
  expect(() => requireSame(flags({}), '/d', has)).not.toThrow();
  expect(() =>
    requireSame(
      flags({ replicas: '3', size: '1024Mi', layout: 'stripe', 'devices-per-pool': '1' }),
      '/d',
      has,
    ),
  ).not.toThrow();
});

// prettier-ignore
test.each([
  [{ replicas: '2' },           '--replicas 2: /d holds a volume with 3: give --replicas 3,'],
  [{ replicas: 'x' },           '--replicas x is out of range'],
  [{ size: '2G' },              '--size 2G: /d holds a volume with 1Gi: give --size 1Gi,'],
  [{ layout: 'mirror' },        '--layout mirror: /d holds a volume with stripe: give --layout stripe,'],
  [{ 'devices-per-pool': '2' }, '--devices-per-pool 2: /d holds a volume with 1: give --devices-per-pool 1,'],
])('%j is another volume', (given, message) => {
  expect(() => requireSame(flags(given), '/d', has)).toThrow(message);
});
