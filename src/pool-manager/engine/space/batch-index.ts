/**
 * Batch number → segments that have a piece of it: an entry is a segment and some bits of the number's hash, the *tag*,
 * so whoever looks a number up asks those segments. Each number has two buckets of 16 entries, and goes where there is
 * more room. Many small tables instead of one large one: each grows by itself, so no insertion stops for long. About 5
 * bytes per piece.
 */
import { assert } from '../../../shared/assert.ts';

const shardsLog2 = 10;
const shards = 2 ** shardsLog2;
const bucketEntries = 16;
const growth = 1.2;
/** Part of a table that is filled when its size is chosen by its content. */
const filledFirst = 0.8;
/** Segments that a table has bits for when it is made: so many times those that there are. */
const spareSegments = 4;

interface Shard {
  readonly entries: Uint32Array;
  readonly tagBits: number;
}

const nothing: Shard = { entries: new Uint32Array(0), tagBits: 0 };

/** Spreads a 40-bit number over 32 bits. */
export function hashOf(low: number, high: number): number {
  let h = Math.imul(low ^ Math.imul(high + 1, 0x9e37_79b1), 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A second hash, for the other bucket and the tag. */
export function secondHash(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

/** Where in a table of so many entries the bucket of a hash begins. */
const bucketAt = (hash: number, entries: number): number =>
  Math.floor(((hash >>> shardsLog2) * (entries / bucketEntries)) / 2 ** (32 - shardsLog2)) * bucketEntries;

const entryOf = (segment: number, second: number, tagBits: number): number =>
  ((segment + 1) * 2 ** tagBits + (second & (2 ** tagBits - 1))) >>> 0;

/** Calls `visit` with the hash of each indexed piece of the segment. */
export type HashesOf = (segment: number, visit: (hash: number) => void) => void;

export class BatchIndex {
  readonly #shards: Shard[] = Array.from({ length: shards }, () => nothing);
  readonly #hashesOf: HashesOf;
  /** Segments that there are. */
  segments = 1;

  constructor(hashesOf: HashesOf) {
    this.#hashesOf = hashesOf;
  }

  get bytes(): number {
    return this.#shards.reduce((sum, { entries }) => sum + entries.byteLength, 0);
  }

  /**
   * Asks segments that may have a piece of the number, until one answers 0 or more: that is the answer; else -1. The
   * same segment may be asked twice.
   */
  search(hash: number, ask: (segment: number) => number): number {
    const { entries, tagBits } = this.#shards[hash & (shards - 1)] ?? nothing;
    if (entries.length === 0) return -1;
    const second = secondHash(hash);
    const mask = (1 << tagBits) - 1; // fewer than 32
    let from = bucketAt(hash, entries.length);
    for (let turn = 0; turn < 2; turn++) {
      for (let i = from; i < from + bucketEntries; i++) {
        const entry = entries[i] ?? 0;
        if (((entry ^ second) & mask) !== 0 || entry === 0) continue;
        const answer = ask((entry >>> tagBits) - 1);
        if (answer >= 0) return answer;
      }
      from = bucketAt(second, entries.length);
    }
    return -1;
  }

  /** Room for so many pieces in all, for an import: nothing is in it yet. */
  reserve(pieces: number): void {
    const buckets = Math.ceil(pieces / shards / bucketEntries / filledFirst);
    for (let shard = 0; shard < shards; shard++) this.#shards[shard] = this.#empty(buckets);
  }

  /** The segment's piece is not among `hashesOf` yet. */
  add(hash: number, segment: number): void {
    const shard = hash & (shards - 1);
    const { tagBits } = this.#shards[shard] ?? nothing;
    if (segment + 2 > 2 ** (32 - tagBits)) this.#rebuild(shard, 1);
    const second = secondHash(hash);
    while (!put(this.#shards[shard] ?? nothing, hash, second, segment)) this.#rebuild(shard, growth);
  }

  /** The piece is not among `hashesOf` any more. */
  remove(hash: number, segment: number): void {
    const shard = hash & (shards - 1);
    const { entries, tagBits } = this.#shards[shard] ?? nothing;
    const second = secondHash(hash);
    const entry = entryOf(segment, second, tagBits);
    const inFirst = find(entries, bucketAt(hash, entries.length), entry);
    const inOther = find(entries, bucketAt(second, entries.length), entry);
    assert(inFirst >= 0 || inOther >= 0, 'a piece has its entry');
    if (inFirst < 0 || inOther < 0 || inFirst === inOther) entries[Math.max(inFirst, inOther)] = 0;
    else this.#rebuild(shard, 1); // one of the two is of another number
  }

  #empty(buckets: number): Shard {
    const tagBits = Math.max(1, Math.clz32(this.segments * spareSegments));
    return { entries: new Uint32Array(buckets * bucketEntries), tagBits };
  }

  /** With so many times the buckets, or more. Entries do not have their numbers: the segments are asked. */
  #rebuild(shard: number, times: number): void {
    const old = this.#shards[shard] ?? nothing;
    const sorted = old.entries.toSorted();
    for (let buckets = Math.ceil((old.entries.length / bucketEntries) * times) || 1; ; buckets++) {
      const table = this.#empty(buckets);
      if (!this.#fill(table, shard, sorted, old.tagBits)) continue;
      this.#shards[shard] = table;
      return;
    }
  }

  /** Equal entries are put in together, when the first of them is met. False: it does not fit. */
  #fill(table: Shard, shard: number, sorted: Uint32Array, oldTagBits: number): boolean {
    const mask = 2 ** oldTagBits - 1;
    let before = 0;
    let fits = true;
    for (const entry of sorted) {
      if (entry === before) continue;
      before = entry;
      const segment = (entry >>> oldTagBits) - 1;
      this.#hashesOf(segment, (hash) => {
        if ((hash & (shards - 1)) !== shard) return;
        const second = secondHash(hash);
        if (((second ^ entry) & mask) === 0) fits = put(table, hash, second, segment) && fits;
      });
      if (!fits) return false;
    }
    return true;
  }
}

/** Into the bucket with more room; false when both are full. */
function put({ entries, tagBits }: Shard, hash: number, second: number, segment: number): boolean {
  if (entries.length === 0) return false;
  const first = bucketAt(hash, entries.length);
  const other = bucketAt(second, entries.length);
  const inFirst = filled(entries, first);
  const inOther = filled(entries, other);
  if (Math.min(inFirst, inOther) === bucketEntries) return false;
  for (let i = inFirst <= inOther ? first : other; ; i++)
    if (entries[i] === 0) {
      entries[i] = entryOf(segment, second, tagBits);
      return true;
    }
}

function filled(entries: Uint32Array, from: number): number {
  let count = 0;
  for (let i = from; i < from + bucketEntries; i++) if (entries[i] !== 0) count++;
  return count;
}

/** Where in the bucket the entry is; -1 when it is not. */
function find(entries: Uint32Array, from: number, entry: number): number {
  for (let i = from; i < from + bucketEntries; i++) if (entries[i] === entry) return i;
  return -1;
}
