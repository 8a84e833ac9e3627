import { expect, test } from '@jest/globals';
import { memoryLogArea } from '../../../testing/memory-log-area.ts';
import { joinAreas } from './log-area.ts';

const areaBytes = 64 * 1024;

/** A log device, and a mirror of two beside it. */
function joined() {
  const single = memoryLogArea(areaBytes);
  const mirror = memoryLogArea(areaBytes);
  mirror.copies = 2;
  mirror.copiesMin = 2;
  return { single, mirror, area: joinAreas([single, mirror]) };
}

test('each copy of joined areas can be read across their border, whatever their number of devices', async () => {
  const { area } = joined();
  const bytes = Uint8Array.from({ length: 8192 }, (_, i) => (i >> 4) & 0xff);
  await area.writeThrough(areaBytes - 4096, bytes);
  expect(area.copies).toBe(2);
  for (const copy of [0, 1]) {
    expect(area.isInUse(copy)).toBe(true);
    expect(await area.read(copy, areaBytes - 4096, 8192)).toEqual(bytes);
  }
});

test('a device without a copy beside it makes every copy across the border unreadable', async () => {
  const { area, single, mirror } = joined();
  single.unreadable.add(0);
  for (const copy of [0, 1]) expect(await area.read(copy, areaBytes - 4096, 8192)).toBeUndefined();
  single.unreadable.delete(0);
  mirror.unreadable.add(0);
  expect(await area.read(0, areaBytes - 4096, 8192)).toBeUndefined();
  expect(await area.read(1, areaBytes - 4096, 8192)).toBeDefined();
});
