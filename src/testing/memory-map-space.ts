/**
 * Names and what is stored under them, in the most naive way: for tests of maps and volumes. Every step is checked: what is
 * adopted was appended, what is freed was live, and nothing twice.
 */
import { assert, must } from '../shared/assert.ts';
import { blockBytes, sectorBytes } from '../shared/block-size.ts';
import type { MapSpace, Stream } from '../pool-manager/engine/map/map-space.ts';
import { isMapped, nameOf, offsetOf, sectorsOf, setName } from '../pool-manager/engine/map/pointer.ts';

const sectorsPerUnit = blockBytes / sectorBytes;
const batchSectors = 255 * sectorsPerUnit;

interface Stored {
  readonly batch: number;
  readonly offset: number;
  readonly sectors: number;
  readonly stream: Stream;
  readonly slot: number;
  readonly owner: number;
  readonly sum: readonly [number, number];
  state: 'busy' | 'live';
}

interface Batch {
  batch: number;
  sectors: number;
}

export class MemoryMapSpace implements MapSpace {
  /** By name, busy and live ones. */
  readonly names = new Map<number, Stored>();
  /** By batch: all that was ever appended. */
  readonly #bytes = new Map<number, Uint8Array>();
  readonly #open = new Map<Stream, Batch>();
  #nextBatch: number;
  /** Reads answer rubbish for units of these names. */
  readonly rotten = new Set<number>();
  /** How many names, the newest, can be peeked at. */
  pendingMax = 64;
  readonly #pending: number[] = [];
  reads = 0;
  unitsRead = 0;

  constructor(nextBatch = 1) {
    this.#nextBatch = nextBatch;
  }

  get nextBatch(): number {
    return this.#nextBatch;
  }

  append(
    stream: Stream,
    stored: Uint8Array,
    from: number,
    sectors: number,
    slot: number,
    owner: number,
    sumLow: number,
    sumHigh: number,
    words: Uint32Array,
    at: number,
  ): void {
    assert(sectors >= 1 && sectors <= sectorsPerUnit, 'no more than a unit');
    const open = this.#room(stream, sectors);
    const within = open.sectors % sectorsPerUnit;
    if (within + sectors > sectorsPerUnit) open.sectors += sectorsPerUnit - within;
    const { batch, sectors: offset } = open;
    open.sectors += sectors;
    const bytes = stored.subarray(from, from + sectors * sectorBytes);
    must(this.#bytes.get(batch), 'the batch').set(bytes, offset * sectorBytes);
    setName(words, at, batch, offset, sectors, 0);
    const sum = [sumLow, sumHigh] as const;
    this.names.set(nameOf(words, at), { batch, offset, sectors, stream, slot, owner, sum, state: 'busy' });
    this.#pending.push(nameOf(words, at));
    if (this.#pending.length > this.pendingMax)
      this.#pending.splice(0, this.#pending.length - this.pendingMax);
  }

  readonly stagedAt = 0;
  stage(): number {
    return 0;
  }
  appendStaged(): void {
    assert(false, 'nothing was staged');
  }

  adopt(words: Uint32Array, at: number): void {
    const stored = this.#must(words, at);
    assert(stored.state === 'busy', 'a name is adopted once');
    stored.state = 'live';
  }

  free(words: Uint32Array, at: number): void {
    assert(this.#must(words, at).state === 'live', 'what is freed was adopted');
    this.names.delete(nameOf(words, at));
  }

  drop(words: Uint32Array, at: number): void {
    assert(this.#must(words, at).state === 'busy', 'what is dropped was not adopted');
    this.names.delete(nameOf(words, at));
  }

  peek(words: Uint32Array, at: number): Uint8Array | undefined {
    const stored = this.names.get(nameOf(words, at));
    if (stored === undefined || !this.#pending.includes(nameOf(words, at))) return undefined;
    const from = stored.offset * sectorBytes;
    return must(this.#bytes.get(stored.batch), 'the batch').slice(from, from + stored.sectors * sectorBytes);
  }

  place(words: Uint32Array, at: number) {
    const name = nameOf(words, at);
    if (!this.names.has(name)) return undefined;
    const offset = offsetOf(words, at);
    const unit = Math.floor(offset / sectorsPerUnit);
    const segment = (name - offset) / 2_048;
    return { group: 0, segment, unit, sectorInUnit: offset % sectorsPerUnit };
  }

  seek(words: Uint32Array, at: number) {
    const place = this.place(words, at);
    return place && { ...place, pending: this.peek(words, at), unitsBehind: 0 };
  }

  async read(
    group: number,
    segment: number,
    unit: number,
    count: number,
    isGood: (index: number, bytes: Uint8Array, from: number) => boolean,
  ): Promise<{ readonly bytes: Uint8Array; readonly bad: readonly number[] }> {
    this.reads++;
    this.unitsRead += count;
    await Promise.resolve();
    assert(group === 0 && count > 0, 'units of the one group');
    const bytes = must(this.#bytes.get(segment), 'a batch').slice(
      unit * blockBytes,
      (unit + count) * blockBytes,
    );
    for (const name of this.rotten) {
      const offset = name % 2_048;
      const index = Math.floor(offset / sectorsPerUnit) - unit;
      if ((name - offset) / 2_048 === segment && index >= 0 && index < count)
        bytes.fill(
          0xee,
          index * blockBytes + (offset % sectorsPerUnit) * sectorBytes,
          (index + 1) * blockBytes,
        );
    }
    const bad = Array.from({ length: count }, (_, i) => i).filter((i) => !isGood(i, bytes, i * blockBytes));
    return { bytes, bad };
  }

  take(
    group: number,
    segment: number,
    unit: number,
    count: number,
    take: (index: number, bytes: Uint8Array, from: number) => boolean,
    done: (bad: readonly number[]) => void,
  ): void {
    void (async () => done((await this.read(group, segment, unit, count, take)).bad))();
  }

  rewrite(words: Uint32Array, at: number, stored: Uint8Array): Promise<boolean> {
    const known = this.names.get(nameOf(words, at));
    if (known === undefined) return Promise.resolve(false);
    assert(stored.byteLength === known.sectors * sectorBytes, 'all of what was stored');
    must(this.#bytes.get(known.batch), 'the batch').set(stored, known.offset * sectorBytes);
    this.rotten.delete(nameOf(words, at));
    return Promise.resolve(true);
  }

  mark(stream: Stream): number {
    this.#open.delete(stream);
    return this.#nextBatch;
  }

  /** Sectors of live names. */
  get liveSectors(): number {
    let sum = 0;
    for (const { state, sectors } of this.names.values()) if (state === 'live') sum += sectors;
    return sum;
  }

  /** What a crash leaves when nothing but the last root counts: names that were adopted by then. */
  reopened(liveNames: ReadonlySet<number>): MemoryMapSpace {
    const again = new MemoryMapSpace(this.#nextBatch + 1_000);
    for (const [name, stored] of this.names)
      if (liveNames.has(name)) again.names.set(name, { ...stored, state: 'live' });
    for (const [batch, bytes] of this.#bytes) again.#bytes.set(batch, bytes);
    return again;
  }

  #room(stream: Stream, sectors: number): Batch {
    const open = this.#open.get(stream);
    if (open !== undefined && open.sectors + sectors + sectorsPerUnit <= batchSectors) return open;
    const next = { batch: this.#nextBatch++, sectors: 0 };
    this.#bytes.set(next.batch, new Uint8Array(batchSectors * sectorBytes));
    this.#open.set(stream, next);
    return next;
  }

  #must(words: Uint32Array, at: number): Stored {
    assert(isMapped(words, at), 'a pointer to something');
    const stored = must(this.names.get(nameOf(words, at)), `what is stored as ${nameOf(words, at)}`);
    assert(stored.sectors === sectorsOf(words, at), 'a pointer knows its length');
    return stored;
  }
}
