import { expect, test } from '@jest/globals';
import { blockBytes } from '../../../shared/block-size.ts';
import { prng } from '../../../shared/prng.ts';
import { checksumUnit } from '../checksum.ts';
import { saltHigh, saltLow } from '../map/owner.ts';
import { checksumWord, pointerWords, setName } from '../map/pointer.ts';
import { VolumeRig } from '../../../testing/volume-rig.ts';
import { BlockCache } from './block-cache.ts';

const random = prng(7);

const data = random.bytes(blockBytes);

/** A pointer to a block with that content. */
function stored(block: number): Uint32Array {
  const words = new Uint32Array(pointerWords);
  const batch = block + 1;
  setName(words, 0, batch, (batch * 8) % 2_040, 8, 0);
  checksumUnit(data, 0, saltLow(block), saltHigh(block), words, checksumWord);
  return words;
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const into = new Uint8Array(blockBytes);
const has = (cache: BlockCache, words: Uint32Array, block: number) => cache.take(words, 0, block, into, 0);

test('keeps what is asked for a second time, and gives back just that', () => {
  const cache = new BlockCache(16 * blockBytes);
  const words = stored(5);
  cache.offer(words, 0, data, 0);
  expect(has(cache, words, 5)).toBe(false);
  cache.offer(words, 0, data, 0);
  expect(has(cache, words, 5)).toBe(true);
  expect(same(into, data)).toBe(true);
});

test('blocks that are read in turns are kept, however many fit', () => {
  const cache = new BlockCache(1_024 * blockBytes);
  const all = Array.from({ length: 512 }, (_, block) => stored(block));
  for (let pass = 0; pass < 2; pass++) for (const words of all) cache.offer(words, 0, data, 0);
  const found = all.filter((words, block) => has(cache, words, block)).length;
  expect(found).toBeGreaterThanOrEqual(510);
});

test('what is read once does not push out what is read again and again', () => {
  const cache = new BlockCache(8 * blockBytes);
  const hot = Array.from({ length: 4 }, (_, block) => stored(block));
  const readHot = () => {
    let found = 0;
    for (const [block, words] of hot.entries())
      if (has(cache, words, block)) found++;
      else cache.offer(words, 0, data, 0);
    return found;
  };
  readHot();
  readHot();
  for (let block = 100; block < 2_000; block++) {
    const words = stored(block);
    if (!has(cache, words, block)) cache.offer(words, 0, data, 0);
  }
  expect(readHot()).toBe(4);
});

test('never more than its bytes: old ones go', () => {
  const cache = new BlockCache(100 * blockBytes);
  const all = Array.from({ length: 1_000 }, (_, block) => stored(block));
  for (let pass = 0; pass < 2; pass++) for (const words of all) cache.offer(words, 0, data, 0);
  const found = all.filter((words, block) => has(cache, words, block));
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(100);
});

test('what is no longer what its pointer promises is not given: not for another block, nor another checksum', () => {
  const cache = new BlockCache(4 * blockBytes);
  const words = stored(9);
  for (let i = 0; i < 2; i++) cache.offer(words, 0, data, 0);
  expect(has(cache, words, 10)).toBe(false);
  const other = words.slice();
  other[checksumWord] = (other[checksumWord] ?? 0) ^ 1;
  expect(has(cache, other, 9)).toBe(false);
  expect(has(cache, words, 9)).toBe(true);
});

test('a block that was kept wrong is read from the devices, and is right from then on', () => {
  const cache = new BlockCache(4 * blockBytes);
  const words = stored(3);
  for (let i = 0; i < 2; i++) cache.offer(words, 0, new Uint8Array(blockBytes), 0);
  expect(has(cache, words, 3)).toBe(false);
  cache.offer(words, 0, data, 0);
  expect(has(cache, words, 3)).toBe(true);
});

test('a volume reads from memory what it has read twice, also through snapshots and after it was written anew', async () => {
  const rig = new VolumeRig();
  rig.core = { ...rig.core, blocks: new BlockCache(64 * blockBytes) };
  rig.space.pendingMax = 0;
  const volume = rig.create(2 ** 20);
  const [before, after] = [random.bytes(8 * blockBytes), random.bytes(8 * blockBytes)];
  volume.write(1, 16, before);
  volume.snapshot('s');
  await rig.checkpoint();
  for (let i = 0; i < 2; i++) await volume.read(16, 8);
  const { unitsRead } = rig.space;
  expect(same(await volume.read(16, 8), before)).toBe(true);
  const third = before.slice(2 * blockBytes, 3 * blockBytes);
  expect(same(await volume.read(18, 1, 's'), third)).toBe(true);
  expect(rig.space.unitsRead).toBe(unitsRead);
  volume.write(2, 16, after);
  expect(same(await volume.read(16, 8), after)).toBe(true);
  expect(same(await volume.read(16, 8, 's'), before)).toBe(true);
});
