/** Nodes that are wanted soon: read in the order of their places, with gaps up to 32 KiB read along. */
import { blockBytes } from '../../../shared/block-size.ts';
import { verifyUnit } from '../checksum.ts';
import type { MapSpace, Place } from './map-space.ts';
import { saltHigh, saltLow } from './owner.ts';
import { checksumWord, copyPointer, pointerWords } from './pointer.ts';

const gapUnitsMax = 8;
const readUnitsMax = 64;
const readsAtOnce = 32;

/** Gets each node that verified: its pointer, and where its bytes are until the next await. */
export type TakeNode = (words: Uint32Array, at: number, bytes: Uint8Array, from: number) => void;

interface Wanted {
  readonly index: number;
  readonly place: Place;
}

export class NodeBatch {
  /** The pointers, one behind the other. */
  readonly words: Uint32Array;
  readonly #ids: Float64Array;
  readonly #lengthMax: number;
  #length = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
    this.words = new Uint32Array(lengthMax * pointerWords);
    this.#ids = new Float64Array(lengthMax);
  }

  get length(): number {
    return this.#length;
  }
  get isFull(): boolean {
    return this.#length === this.#lengthMax;
  }

  /** Copies the pointer. */
  add(words: Uint32Array, at: number, id: number): void {
    if (this.isFull) return;
    copyPointer(words, at, this.words, this.#length * pointerWords);
    this.#ids[this.#length++] = id;
  }

  clear(): void {
    this.#length = 0;
  }

  /** The last one takes its place. */
  remove(index: number): void {
    const last = --this.#length;
    copyPointer(this.words, last * pointerWords, this.words, index * pointerWords);
    this.#ids[index] = this.#ids[last] ?? 0;
  }

  async read(space: MapSpace, take: TakeNode): Promise<void> {
    const wanted: Wanted[] = [];
    for (let index = 0; index < this.#length; index++) {
      const place = space.place(this.words, index * pointerWords);
      if (place !== undefined) wanted.push({ index, place });
    }
    wanted.sort((a, b) => byPlace(a.place, b.place));
    const runs: Wanted[][] = [];
    for (const each of wanted) {
      const run = runs.at(-1);
      if (run !== undefined && fits(run, each.place)) run.push(each);
      else runs.push([each]);
    }
    for (let i = 0; i < runs.length; i += readsAtOnce)
      await Promise.all(runs.slice(i, i + readsAtOnce).map((run) => this.#readRun(space, run, take)));
  }

  async #readRun(space: MapSpace, run: readonly Wanted[], take: TakeNode): Promise<void> {
    const [first, last] = [run[0]?.place, run.at(-1)?.place];
    if (first === undefined || last === undefined) return;
    const byUnit = new Map(run.map(({ index, place }) => [place.unit - first.unit, index]));
    const count = last.unit - first.unit + 1;
    const { bytes, bad } = await space.read(
      first.group,
      first.segment,
      first.unit,
      count,
      (unit, found, from) => {
        const index = byUnit.get(unit);
        return index === undefined || this.#isGood(index, found, from);
      },
    );
    for (const [unit, index] of byUnit)
      if (!bad.includes(unit)) take(this.words, index * pointerWords, bytes, unit * blockBytes);
  }

  #isGood(index: number, bytes: Uint8Array, from: number): boolean {
    const id = this.#ids[index] ?? 0;
    return verifyUnit(
      bytes,
      from,
      saltLow(id),
      saltHigh(id),
      this.words,
      index * pointerWords + checksumWord,
    );
  }
}

const byPlace = (a: Place, b: Place): number => a.group - b.group || a.segment - b.segment || a.unit - b.unit;

function fits(run: readonly Wanted[], next: Place): boolean {
  const [first, last] = [run[0]?.place, run.at(-1)?.place];
  return (
    first !== undefined &&
    last !== undefined &&
    last.group === next.group &&
    last.segment === next.segment &&
    next.unit - last.unit <= gapUnitsMax + 1 &&
    next.unit - first.unit < readUnitsMax
  );
}
