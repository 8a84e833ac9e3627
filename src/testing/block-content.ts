/** Content of blocks that can be told apart by a tag: a word that stands for all 4096 bytes. */
import { must } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';

const words = blockBytes / 4;
const sectorBytes = 512;
const sectorsPerBlock = blockBytes / sectorBytes;
/** Tags from here on stand for blocks that are of several contents, or of none: they are kept as they are. */
const mixedFrom = 2 ** 31;
/** Tags from here on, below `mixedFrom`, stand for blocks that were altered on their way. */
const alteredFrom = 1_000_000_000;
const mixed = new Map<number, Uint8Array>();
/** Contents that were made before; 16 MiB at most. */
const made = new Map<number, Uint8Array>();
const madeMax = 4_096;

/** The content of a tag (whole, below 2^32; 0 is zeros): it begins with the tag, no two sectors are equal, and every other one is incompressible. */
export function contentOf(tag: number): Uint8Array {
  return contentFor(tag).slice();
}

/** Of a block that was altered on its way. */
export const altered = (tag: number): number => alteredFrom + (tag % alteredFrom);
export const isAltered = (tag: number): boolean => tag >= alteredFrom && tag < mixedFrom;

export function contentOfAll(tags: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(tags.length * blockBytes);
  tags.forEach((tag, i) => bytes.set(contentFor(tag), i * blockBytes));
  return bytes;
}

/** The tag whose content block `index` of `bytes` holds, or undefined: it is no content that was ever made. */
export function tagOf(bytes: Uint8Array, index: number): number | undefined {
  const block = bytes.subarray(index * blockBytes, (index + 1) * blockBytes);
  const tag = wordAt(block, 0);
  if (tag < mixedFrom && Buffer.compare(block, contentFor(tag)) === 0) return tag;
  return mixed.size === 0 ? undefined : mixedTag(block, false);
}

/** The tag of block `index`, whatever is in it: what is no content gets a tag of its own, good until `forgetMixed`. */
export const anyTagOf = (bytes: Uint8Array, index: number): number =>
  tagOf(bytes, index) ??
  must(mixedTag(bytes.subarray(index * blockBytes, (index + 1) * blockBytes), true), 'a tag');

/** Undefined: nobody has given it one, and `isNew` is false. */
function mixedTag(block: Uint8Array, isNew: boolean): number | undefined {
  const content = new Uint8Array(block);
  for (let tag = mixedFrom + (hashOf(content) % (mixedFrom - 2)); ; tag++) {
    const known = mixed.get(tag);
    if (known !== undefined && Buffer.compare(known, content) === 0) return tag;
    if (known !== undefined) continue;
    if (!isNew) return undefined;
    mixed.set(tag, content);
    return tag;
  }
}

/** Tags of mixed blocks are used anew from now on. */
export function forgetMixed(): void {
  mixed.clear();
}

/** What sector `sector` (0 to 7) of the content of a tag holds. */
export const sectorOf = (tag: number, sector: number): Uint8Array =>
  contentFor(tag).subarray(sector * sectorBytes, (sector + 1) * sectorBytes);

/** By sector, of whose content it is; undefined: of nobody's. */
export function sectorTagsOf(tag: number): readonly (number | undefined)[] {
  const isMixed = tag >= mixedFrom;
  return Array.from({ length: sectorsPerBlock }, (_, i) =>
    isMixed ? tagOfSector(sectorOf(tag, i), i) : tag,
  );
}

/** The tag whose content has these 512 bytes as sector `sector`; undefined: no content that was ever made has. */
export function tagOfSector(bytes: Uint8Array, sector: number): number | undefined {
  const [first, second] = [wordAt(bytes, 0), wordAt(bytes, 1)];
  const candidates = sector === 0 ? [first] : [0, second, noiseBefore(first, sector * (sectorBytes / 4))];
  return candidates.find((tag) => tag < mixedFrom && Buffer.compare(sectorOf(tag, sector), bytes) === 0);
}

function contentFor(tag: number): Uint8Array {
  const known = tag < mixedFrom ? made.get(tag) : mixed.get(tag);
  if (known !== undefined) return known;
  if (made.size >= madeMax) made.clear();
  const content = new Uint32Array(words);
  if (tag !== 0) fill(content, tag);
  const bytes = new Uint8Array(content.buffer);
  made.set(tag, bytes);
  return bytes;
}

/** Words of a content behind the first: of odd tags noise, of even ones the tag, but for the first of a sector. */
function fill(content: Uint32Array, tag: number): void {
  content[0] = tag;
  let noise = tag;
  for (let i = 1; i < words; i++) {
    noise = noiseAfter(noise);
    content[i] = tag % 2 === 1 ? noise : i % 128 === 0 ? i : tag;
  }
}

function noiseAfter(word: number): number {
  let noise = word;
  noise ^= noise << 13;
  noise ^= noise >>> 17;
  return noise ^ (noise << 5);
}

/** The word that stood so many steps before. */
function noiseBefore(word: number, steps: number): number {
  let noise = word;
  for (let step = 0; step < steps; step++) {
    let undone = noise;
    for (let i = 0; i < 6; i++) undone = noise ^ (undone << 5);
    noise = undone ^ (undone >>> 17);
    undone = noise;
    for (let i = 0; i < 2; i++) undone = noise ^ (undone << 13);
    noise = undone;
  }
  return noise >>> 0;
}

const wordAt = (bytes: Uint8Array, word: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4 * word, true);

/** FNV-1a by words. */
function hashOf(content: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const word of new Uint32Array(content.buffer)) hash = Math.imul(hash ^ word, 0x0100_0193);
  return hash >>> 0;
}
