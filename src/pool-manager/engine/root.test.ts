import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pointerWords } from './block-pointer.ts';
import { decodeLabel, encodeLabel, headerBytes, type Label, unknownFeature } from './label.ts';
import { chooseRoot, decodeRoot, encodeRoot, type Root } from './root.ts';

const pool = '00112233445566aa';
const root = (txg: number, change: Partial<Root> = {}): Root => ({
  pool,
  txg,
  era: 3,
  clean: false,
  directory: new Uint32Array(pointerWords).fill(txg),
  directoryBytes: 100 + txg,
  spaceMap: new Uint32Array(pointerWords).fill(7),
  devices: [{ guid: 'aabbccddeeff0011', state: 'current', goodTxg: txg }],
  ...change,
});

const o = (txg: number) => root(txg);
const f = (txg: number) => root(txg, { directoryBytes: 1 });
const m = (txg: number) => root(txg, { pool: 'ffffffffffffffff' });
const x = undefined;

// o: valid · f: forked · m: another pool's · x: torn
// prettier-ignore
test.each([
  // slots on disk           opens
  [[o(3), o(3), o(3), o(3)],  3],
  [[o(4), o(3), o(3), o(3)],  4], //             crash after the first copy of txg 4
  [[  x , o(3), o(3), o(3)],  3], //             torn write of txg 4: fall back
  [[m(9), o(3), o(3), o(3)],  3],
  [[f(3), o(3), o(3), o(3)],  'forkedTxg'],
  [[f(2), o(2), o(3), o(3)],  3], //             a fork that is past
  [[  x ,   x ,   x ,   x ],  'noValidSlot'],
  [[m(9), m(8),   x ,   x ],  'noValidSlot'],
] as const)('slots %# open %s', (slots, opens) => {
  const choice = chooseRoot(slots, pool);
  expect(choice.ok ? choice.root.txg : choice.reason).toBe(opens);
});

test('a root comes back as it was, and not when one bit of it is another', () => {
  const slot = encodeRoot(
    root(12, {
      clean: true,
      devices: [0, 1, 2].map((i) => ({
        guid: `000000000000000${i}`,
        state: i === 1 ? 'stale' : 'current',
        goodTxg: 2 ** 40 + i,
      })),
    }),
  );
  expect(encodeRoot(decodeRoot(slot) ?? root(0))).toEqual(slot);
  expect(decodeRoot(slot)?.devices[1]).toEqual({
    guid: '0000000000000001',
    state: 'stale',
    goodTxg: 2 ** 40 + 1,
  });
  fc.assert(
    fc.property(fc.nat(slot.byteLength * 8 - 1), (bit) => {
      const flipped = slot.slice();
      flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeRoot(flipped)).toBeUndefined();
    }),
  );
});

const label: Label = {
  version: 1,
  features: [],
  pool,
  device: 'aabbccddeeff0011',
  layout: 'mirror',
  groups: [{ units: 3_968, devices: [{ guid: 'aabbccddeeff0011', name: 'sda', sizeBytes: 16 * 2 ** 20 }] }],
};

test('a label comes back as it was; damaged or absent it says so', () => {
  const header = encodeLabel(label);
  expect(header.byteLength).toBe(headerBytes);
  expect(decodeLabel(header)).toEqual({ kind: 'label', label });
  for (const at of [20, 30, 70, headerBytes - 1]) {
    const damaged = header.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    expect([at, decodeLabel(damaged).kind]).toEqual([at, 'damaged']);
  }
  expect(decodeLabel(new Uint8Array(headerBytes)).kind).toBe('none');
});

test('a label of 64 devices with long names fits', () => {
  const devices = Array.from({ length: 64 }, (_, i) => ({
    guid: `00000000000000${10 + i}`,
    name: `blockdevice-${'f'.repeat(64)}${i}`,
    sizeBytes: 2 ** 44,
  }));
  expect(() =>
    encodeLabel({ ...label, groups: devices.map((device) => ({ units: 2 ** 32, devices: [device] })) }),
  ).not.toThrow();
});

test.each([
  [{}, undefined],
  [{ version: 2 }, 'format version 2'],
  [{ features: ['raidz', 'log'] }, 'raidz'],
] as const)('what is not known of %j: %s', (change, unknown) => {
  expect(unknownFeature({ ...label, ...change })).toBe(unknown);
});
