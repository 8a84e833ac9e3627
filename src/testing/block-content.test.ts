import { expect, test } from '@jest/globals';
import {
  anyTagOf,
  contentOf,
  contentOfAll,
  forgetMixed,
  sectorOf,
  sectorTagsOf,
  tagOfSector,
} from './block-content.ts';

test('a sector tells whose it is, of noise and of plain content', () => {
  for (const tag of [0, 1, 2, 7, 4_096, 65_537, 1_000_000_007])
    for (let sector = 0; sector < 8; sector++) expect(tagOfSector(sectorOf(tag, sector), sector)).toBe(tag);
  expect(tagOfSector(sectorOf(7, 2), 3)).toBeUndefined();
  expect(tagOfSector(new Uint8Array(512).fill(0xdb), 0)).toBeUndefined();
});

test('a block of several contents has a tag of its own, and tells whose its sectors are', () => {
  const mixed = contentOf(5);
  mixed.set(sectorOf(8, 3), 3 * 512);
  const tag = anyTagOf(mixed, 0);
  expect(sectorTagsOf(tag)).toEqual([5, 5, 5, 8, 5, 5, 5, 5]);
  expect(contentOfAll([tag])).toEqual(mixed);
  expect(anyTagOf(Buffer.concat([contentOf(3), mixed]), 1)).toBe(tag);
  mixed[4_095] = (mixed[4_095] ?? 0) ^ 1;
  expect(sectorTagsOf(anyTagOf(mixed, 0)).at(-1)).toBeUndefined();
  forgetMixed();
});
