import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { prng } from '../../../shared/prng.ts';
import { decodeHeartbeat, encodeHeartbeat } from './heartbeat.ts';
import {
  decodeLabel,
  encodeLabel,
  headerBytes,
  type Label,
  unknownFeature,
  unknownToWriters,
} from './label.ts';
import { chooseRoot, decodeRoot, encodeRoot, type Root, rootPayloadBytesMax } from './root.ts';

const pool = '00112233445566aa';
const root = (txg: number, change: Partial<Root> = {}): Root => ({
  pool,
  txg,
  clean: false,
  payload: new Uint8Array(100).fill(txg),
  devices: [{ guid: 'aabbccddeeff0011', state: 'current', goodTxg: txg, joinTxg: 0, cursor: 0 }],
  ...change,
});

const o = (txg: number) => root(txg);
const f = (txg: number) => root(txg, { payload: new Uint8Array(1) });
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
  [[o(7), o(6), o(5), f(7)],  'forkedTxg'],
] as const)('slots %# open %s', (slots, opens) => {
  const choice = chooseRoot(slots, pool);
  expect(choice.ok ? choice.root.txg : choice.reason).toBe(opens);
});

test('rewinding: the newest root that is not too new', () => {
  const choice = chooseRoot([o(7), f(7), o(5), o(6)], pool, 6);
  expect(choice.ok ? choice.root.txg : choice.reason).toBe(6);
  expect(chooseRoot([o(7)], pool, 6)).toEqual({ ok: false, reason: 'noValidSlot' });
});

test('a root comes back as it was, and not when one bit of it is another', () => {
  const slot = encodeRoot(
    root(12, {
      clean: true,
      payload: prng(1).bytes(rootPayloadBytesMax),
      devices: Array.from({ length: 64 }, (_, i) => ({
        guid: `00000000000000${10 + i}`,
        state: i === 1 ? 'syncing' : 'current',
        goodTxg: 2 ** 40 + i,
        joinTxg: 2 ** 41 + i,
        cursor: 2 ** 31 + i,
      })),
    }),
  );
  expect(encodeRoot(decodeRoot(slot) ?? root(0))).toEqual(slot);
  expect(decodeRoot(slot)?.devices[1]).toEqual({
    guid: '0000000000000011',
    state: 'syncing',
    goodTxg: 2 ** 40 + 1,
    joinTxg: 2 ** 41 + 1,
    cursor: 2 ** 31 + 1,
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
  version: 2,
  features: { required: [], readOnly: [] },
  generation: 1,
  pool,
  device: 'aabbccddeeff0011',
  layout: 'mirror',
  groups: [
    {
      segmentBytes: 262_144,
      segments: 52,
      logBytes: 2 ** 20,
      devices: [{ guid: 'aabbccddeeff0011', name: 'sda', sizeBytes: 16 * 2 ** 20 }],
    },
  ],
  logs: [],
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
    encodeLabel({
      ...label,
      groups: devices.map((device) => ({
        segmentBytes: 2 ** 22,
        segments: 2 ** 24,
        logBytes: 2 ** 30,
        devices: [device],
      })),
    }),
  ).not.toThrow();
});

test.each([
  [{}, undefined, undefined],
  [{ version: 1 }, 'format version 1', undefined],
  [{ version: 3 }, 'format version 3', undefined],
  [{ features: { required: ['encryption'], readOnly: ['sums'] } }, 'feature encryption', 'sums'],
] as const)('what is not known of %j: %s, to writers %s', (change, unknown, toWriters) => {
  expect(unknownFeature({ ...label, ...change })).toBe(unknown);
  expect(unknownToWriters({ ...label, ...change })).toBe(toWriters);
});

test('a heartbeat comes back as it was; torn or absent it is none', () => {
  const beat = { pool, owner: 'daemon', machine: 'node-1 boot', sequence: 2 ** 40 + 3 };
  const slot = encodeHeartbeat(beat);
  expect(decodeHeartbeat(slot)).toEqual(beat);
  for (const at of [0, 9, 20, 70]) {
    const torn = slot.slice();
    torn[at] = (torn[at] ?? 0) ^ 4;
    expect(decodeHeartbeat(torn)).toBeUndefined();
  }
  expect(decodeHeartbeat(new Uint8Array(4096))).toBeUndefined();
});
