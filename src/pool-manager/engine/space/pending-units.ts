/** Blocks that no checkpoint has taken in, per unit of the segments that have some. There are few such segments at a time. */
import { assert } from '../../../shared/assert.ts';
import { segmentFlag, type Segments, stateCode } from './segments.ts';

interface Pending {
  blocks: number;
  readonly units: Uint8Array;
  /** Units that became live since the last `takeLive`. */
  readonly live: Uint32Array;
  becameLive: boolean;
}

export class PendingUnits {
  readonly #segments: Segments;
  readonly #pending = new Map<number, Pending>();
  /** The one that was looked up last. */
  #lastId = -1;
  #last: Pending | undefined;

  constructor(segments: Segments) {
    this.#segments = segments;
  }

  count(id: number, unit: number): number {
    return this.#of(id)?.units[unit] ?? 0;
  }

  /** Of the segment. */
  blocks(id: number): number {
    return this.#segments.has(id, segmentFlag.pending) ? (this.#pending.get(id)?.blocks ?? 0) : 0;
  }

  /** Bits of the 32 units from `word * 32` on that have any. */
  word(id: number, word: number): number {
    const pending = this.#of(id);
    if (pending === undefined || pending.blocks === 0) return 0;
    let bits = 0;
    for (let i = 0, unit = word * 32; i < 32; i++, unit++) if ((pending.units[unit] ?? 0) > 0) bits |= 1 << i;
    return bits;
  }

  /** Segments with pending blocks. */
  *withBlocks(): Iterable<number> {
    for (const [id, { blocks }] of this.#pending) if (blocks > 0) yield id;
  }

  /** One more each. */
  add(id: number, unit: number, units = 1): void {
    const pending = this.#of(id) ?? this.#begin(id);
    pending.blocks += units;
    for (let i = unit; i < unit + units; i++) pending.units[i] = (pending.units[i] ?? 0) + 1;
  }

  /** One fewer: it is live now. Answers whether it is the first of the unit since the last `takeLive`. */
  adopt(id: number, unit: number): boolean {
    const pending = this.#take(id, unit);
    const word = pending.live[unit >>> 5] ?? 0;
    if ((word & (1 << (unit & 31))) !== 0) return false;
    pending.live[unit >>> 5] = word | (1 << (unit & 31));
    pending.becameLive = true;
    return true;
  }

  /** One fewer. */
  drop(id: number, unit: number): void {
    const pending = this.#take(id, unit);
    if (pending.blocks === 0 && this.#segments.state[id] !== stateCode.open) this.settle(id);
  }

  /** Calls `take` with the units that became live since the last time, segment by segment. */
  takeLive(take: (id: number, bits: Uint32Array) => void): void {
    for (const [id, pending] of this.#pending) {
      if (!pending.becameLive) continue;
      take(id, pending.live);
      pending.live.fill(0);
      pending.becameLive = false;
      if (this.#segments.state[id] !== stateCode.open) this.settle(id);
    }
  }

  /** The segment has been closed: what is not needed any more is given back. */
  settle(id: number): void {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.blocks > 0 || pending.becameLive) return;
    this.#pending.delete(id);
    this.#lastId = -1;
    this.#segments.setFlag(id, segmentFlag.pending, false);
  }

  #take(id: number, unit: number): Pending {
    const pending = this.#of(id);
    assert(pending !== undefined && (pending.units[unit] ?? 0) > 0, `unit ${unit} of ${id} is pending`);
    pending.units[unit] = (pending.units[unit] ?? 0) - 1;
    pending.blocks--;
    return pending;
  }

  #of(id: number): Pending | undefined {
    if (!this.#segments.has(id, segmentFlag.pending)) return undefined;
    if (id !== this.#lastId) {
      this.#last = this.#pending.get(id);
      this.#lastId = id;
    }
    return this.#last;
  }

  #begin(id: number): Pending {
    const { dataUnits } = this.#segments.spaceOf(id);
    const live = new Uint32Array(Math.ceil(dataUnits / 32));
    const pending = { blocks: 0, units: new Uint8Array(dataUnits), live, becameLive: false };
    this.#pending.set(id, pending);
    this.#segments.setFlag(id, segmentFlag.pending, true);
    this.#lastId = -1;
    return pending;
  }
}
