import { expect, test } from '@jest/globals';
import {
  chunkUnits,
  columnOf,
  columnOffsetOf,
  deviceBytesMin,
  labelBytes,
  logBytesFor,
  rowOf,
  segmentBytesFor,
  segmentsOf,
} from './geometry.ts';

const [kib, mib, gib, tib] = [1024, 1024 ** 2, 1024 ** 3, 1024 ** 4];

// prettier-ignore
test.each([
  // device      segment      log       segments
  [  16 * mib,   256 * kib,   1 * mib,         52],
  [ 300 * mib,   256 * kib,   4.5 * mib,     1174],
  [1023 * mib,     1 * mib, 15.75 * mib,     1005],
  [   1 * gib,     1 * mib,  64 * mib,        958],
  [   3 * gib,     3 * mib,  64 * mib,       1002],
  [   4 * gib,     4 * mib,  64 * mib,       1007],
  [ 100 * gib,     4 * mib,   1 * gib,      25343],
  [ 128 * tib,     4 * mib,   1 * gib,   2 ** 24],
])('a device of %i bytes', (device, segment, log, segments) => {
  expect([segmentBytesFor(device), logBytesFor(device), segmentsOf(device, logBytesFor(device), segmentBytesFor(device))])
    .toEqual([segment, log, segments]);
});

test('everything begins at multiples of 256 KiB: pages of 4, 16 and 64 KiB and strips are whole', () => {
  for (let size = deviceBytesMin; size < 8 * gib; size += 37 * mib + 4096) {
    const segment = segmentBytesFor(size);
    expect([(labelBytes + logBytesFor(size)) % (256 * kib), segment % (256 * kib)]).toEqual([0, 0]);
    expect(
      2 * labelBytes + logBytesFor(size) + segmentsOf(size, logBytesFor(size), segment) * segment,
    ).toBeLessThanOrEqual(size);
  }
});

test('every unit has a place of its own', () => {
  for (const columns of [1, 2, 3, 4, 7]) {
    const places = new Set<string>();
    const units = 64 * columns;
    for (let unit = 0; unit < units; unit++) {
      places.add(`${columnOf(unit, columns)}/${columnOffsetOf(unit, columns)}`);
      expect(rowOf(unit, columns)).toBe(Math.floor(unit / (columns * chunkUnits)));
    }
    expect(places.size).toBe(units);
  }
});
