import { expect, test } from '@jest/globals';
import { adminToken, copyKey, equalSecrets, linkKey, poolKey, proof } from './keys.ts';

const master = new Uint8Array(32).fill(7);

test('every party, volume, seat and epoch has a key of its own', () => {
  const pools = ['pool-1', 'pool-2'].map((name) => poolKey(master, name));
  const links = pools.flatMap((key) => [
    linkKey(key, 'v1', 'a'),
    linkKey(key, 'v1', 'b'),
    linkKey(key, 'v2', 'a'),
  ]);
  const [link = master] = links;
  const copies = [
    copyKey(link, 1, 'n', 'g'),
    copyKey(link, 2, 'n', 'g'),
    copyKey(link, 1, 'm', 'g'),
    copyKey(link, 1, 'n', 'h'),
  ];
  const tokens = [
    adminToken(master, 'pool', 'x'),
    adminToken(master, 'target', 'x'),
    adminToken(master, 'pool', 'y'),
  ];
  const all = [
    ...[...pools, ...links, ...copies, proof(link, 'a'), proof(link, 'b')].map((key) =>
      Buffer.from(key).toString('hex'),
    ),
    ...tokens,
  ];
  expect(new Set(all).size).toBe(all.length);
});

test('a derived key does not change between releases', () => {
  expect(Buffer.from(linkKey(poolKey(master, 'pool-1'), 'v1', 'a')).toString('hex')).toBe(
    '29c89afc5293ba692baee0fddfcb2de882f82d633654dce03a631a3539cea383',
  );
});

test('secrets of different length are not equal', () => {
  expect([equalSecrets(master, master), equalSecrets(master, master.subarray(1))]).toEqual([true, false]);
});
