/** Reads what layers say, from one block on, in order: the newest layer that says something about a block wins. */
import type { EngineHost } from '../host.ts';
import type { DeltaLayer, LayerPoints } from './delta-layer.ts';
import type { HoleRange } from './hole-ranges.ts';
import { birthOf, isMapped } from './pointer.ts';
import { lowerBound } from './sort-blocks.ts';

/** What is known of a stretch [asked, until). */
export abstract class Stretch {
  /** False: nothing was changed in it. */
  isChanged = false;
  until = 0;
  birth = 0;
  /** The pointer, if it is one block of data. */
  words: Uint32Array | undefined;
  at = 0;
}

class LayerCursor extends Stretch {
  readonly #points: LayerPoints;
  readonly #ranges: readonly HoleRange[];
  #point: number;
  #range = 0;

  constructor(points: LayerPoints, ranges: readonly HoleRange[], from: number) {
    super();
    this.#points = points;
    this.#ranges = ranges;
    this.#point = lowerBound(points.blocks, from);
  }

  /** `block` does not fall from one call to the next. */
  seek(block: number): void {
    const { blocks } = this.#points;
    while (this.#point < blocks.length && (blocks[this.#point] ?? 0) < block) this.#point++;
    while (this.#range < this.#ranges.length && (this.#ranges[this.#range]?.to ?? 0) <= block) this.#range++;
    const point = blocks[this.#point] ?? Infinity;
    const range = this.#ranges[this.#range];
    this.words = undefined;
    this.isChanged = true;
    if (point === block) this.#onPoint(block);
    else if (range !== undefined && range.from <= block) {
      this.until = Math.min(range.to, point);
      this.birth = range.birth;
    } else {
      this.isChanged = false;
      this.until = Math.min(point, range?.from ?? Infinity);
    }
  }

  /** The block of the point so many points behind `block`; Infinity when there are fewer. */
  blockAfter(block: number, points: number): number {
    while ((this.#points.blocks[this.#point] ?? Infinity) < block) this.#point++;
    return this.#points.blocks[this.#point + points] ?? Infinity;
  }

  #onPoint(block: number): void {
    const words = this.#points.words(this.#point);
    this.at = this.#points.at(this.#point);
    this.until = block + 1;
    this.birth = birthOf(words, this.at);
    this.words = isMapped(words, this.at) ? words : undefined;
  }
}

export class Changes extends Stretch {
  readonly #cursors: readonly LayerCursor[];

  private constructor(cursors: readonly LayerCursor[]) {
    super();
    this.#cursors = cursors;
  }

  /** `layers`: newest first. What an open layer says is that of the call. */
  static async of(
    host: EngineHost,
    layers: readonly DeltaLayer[],
    from: number,
    to: number,
  ): Promise<Changes> {
    const ranges = layers.map((layer) => (layer.isSealed ? layer.ranges : layer.ranges.slice()));
    const points = await Promise.all(layers.map((layer) => layer.pointsIn(host, from, to)));
    return new Changes(points.map((each, index) => new LayerCursor(each, ranges[index] ?? [], from)));
  }

  /** From `block` up to there no layer has more than so many points; nothing before `block` is asked for any more. */
  blockAfter(block: number, points: number): number {
    return this.#cursors.reduce(
      (nearest, cursor) => Math.min(nearest, cursor.blockAfter(block, points)),
      Infinity,
    );
  }

  /** `block` does not fall from one call to the next. */
  seek(block: number): void {
    this.isChanged = false;
    this.until = Infinity;
    this.words = undefined;
    for (const cursor of this.#cursors) {
      cursor.seek(block);
      this.until = Math.min(this.until, cursor.until);
      if (!cursor.isChanged) continue;
      this.isChanged = true;
      this.birth = cursor.birth;
      this.words = cursor.words;
      this.at = cursor.at;
      return;
    }
  }
}
