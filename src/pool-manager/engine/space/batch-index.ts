/**
 * Batch number → record, by open addressing. Many small tables instead of one large one: each grows by itself, so no
 * insertion stops for more than a fraction of a millisecond. Loaded between 0.53 and 0.8: about 6 bytes per record.
 */
const shardsLog2 = 8;
const shards = 2 ** shardsLog2;
const sizeFirst = 16;
const loadMax = 0.8;
const growth = 1.5;

/** Spreads a 40-bit number over 32 bits. */
export function hashOf(low: number, high: number): number {
  let h = Math.imul(low ^ Math.imul(high + 1, 0x9e37_79b1), 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export class BatchIndex {
  /** Entries are record + 1; 0 is empty. */
  readonly #tables: Uint32Array[] = Array.from({ length: shards }, () => new Uint32Array(sizeFirst));
  readonly #counts = new Uint32Array(shards);
  readonly #hashAt: (record: number) => number;

  /** `hashAt`: the hash of a record's number. */
  constructor(hashAt: (record: number) => number) {
    this.#hashAt = hashAt;
  }

  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + table.byteLength, 0);
  }

  /** The table that a record with this hash is in; a search begins at `home` and ends at the first 0. */
  tableOf(hash: number): Uint32Array {
    return this.#tables[hash & (shards - 1)] ?? new Uint32Array(1);
  }

  add(record: number): void {
    const hash = this.#hashAt(record);
    const shard = hash & (shards - 1);
    const count = (this.#counts[shard] ?? 0) + 1;
    this.#counts[shard] = count;
    if (count > this.tableOf(hash).length * loadMax) this.#grow(shard);
    put(this.tableOf(hash), hash, record + 1);
  }

  /** Takes the record out; those behind it move up. */
  remove(record: number): void {
    const hash = this.#hashAt(record);
    const table = this.tableOf(hash);
    const size = table.length;
    let hole = home(hash, size);
    while (table[hole] !== record + 1) hole = hole + 1 === size ? 0 : hole + 1;
    for (let i = hole; ;) {
      i = i + 1 === size ? 0 : i + 1;
      const entry = table[i] ?? 0;
      if (entry === 0) break;
      const wanted = home(this.#hashAt(entry - 1), size);
      const stays = hole <= i ? wanted > hole && wanted <= i : wanted > hole || wanted <= i;
      if (stays) continue;
      table[hole] = entry;
      hole = i;
    }
    table[hole] = 0;
    this.#counts[hash & (shards - 1)] = (this.#counts[hash & (shards - 1)] ?? 0) - 1;
  }

  #grow(shard: number): void {
    const old = this.#tables[shard] ?? new Uint32Array(0);
    const table = new Uint32Array(Math.ceil(old.length * growth));
    for (const entry of old) if (entry !== 0) put(table, this.#hashAt(entry - 1), entry);
    this.#tables[shard] = table;
  }
}

/** Where in a table of this size the hash belongs. */
export const home = (hash: number, size: number): number =>
  Math.floor(((hash >>> shardsLog2) * size) / 2 ** (32 - shardsLog2));

function put(table: Uint32Array, hash: number, entry: number): void {
  let i = home(hash, table.length);
  while (table[i] !== 0) i = i + 1 === table.length ? 0 : i + 1;
  table[i] = entry;
}
