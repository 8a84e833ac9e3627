/** Content of blocks that can be told apart by a tag: a word that stands for all 4096 bytes. */
import { blockBytes } from '../shared/block-size.ts';

const words = blockBytes / 4;
/** Contents that were made before; 16 MiB at most. */
const made = new Map<number, Uint8Array>();
const madeMax = 4_096;

/** The content of a tag (whole, below 2^32; 0 is zeros): it begins with the tag, no two sectors are equal, and every other one is incompressible. */
export function contentOf(tag: number): Uint8Array {
  return contentFor(tag).slice();
}

export function contentOfAll(tags: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(tags.length * blockBytes);
  tags.forEach((tag, i) => bytes.set(contentFor(tag), i * blockBytes));
  return bytes;
}

/** The tag whose content block `index` of `bytes` holds, or undefined: it is no content that was ever made. */
export function tagOf(bytes: Uint8Array, index: number): number | undefined {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset + index * blockBytes, blockBytes);
  const tag = block.readUInt32LE(0);
  return block.equals(contentFor(tag)) ? tag : undefined;
}

function contentFor(tag: number): Uint8Array {
  const known = made.get(tag);
  if (known !== undefined) return known;
  if (made.size >= madeMax) made.clear();
  const content = new Uint32Array(words);
  if (tag !== 0) fill(content, tag);
  const bytes = new Uint8Array(content.buffer);
  made.set(tag, bytes);
  return bytes;
}

function fill(content: Uint32Array, tag: number): void {
  content[0] = tag;
  let noise = tag;
  for (let i = 1; i < words; i++) {
    noise ^= noise << 13;
    noise ^= noise >>> 17;
    noise ^= noise << 5;
    content[i] = tag % 2 === 1 ? noise : i % 128 === 0 ? i : tag;
  }
}
