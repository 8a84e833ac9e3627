/**
 * What building trees has made live, and what it has taken out of them: told to the block space when all trees of the
 * checkpoint are there, and not before.
 *
 *  - A name that is freed may be gone at once (space/space-table.ts). Whoever looked at the old tree meanwhile would find
 *    nodes gone, would look again, and would find the same old tree, as often as he likes.
 *  - Until then the table is that of the trees before, so roots of the table alone can be made while trees are built.
 */
import type { EngineHost } from '../host.ts';
import type { MapSpace } from '../map/map-space.ts';

/** What of a pointer is needed to find what it names. */
const nameWords = 2;
/** Taken between two turns of the event loop: half a millisecond or so. */
const namesPerTurn = 1_024;
/** Names that lists grow by. */
const chunkNames = 4_096;

class NameList {
  readonly #chunks: Uint32Array[] = [];
  #names = 0;

  add(words: Uint32Array, at: number): void {
    const index = (this.#names++ % chunkNames) * nameWords;
    if (index === 0) this.#chunks.push(new Uint32Array(chunkNames * nameWords));
    const chunk = this.#chunks.at(-1);
    for (let i = 0; chunk !== undefined && i < nameWords; i++) chunk[index + i] = words[at + i] ?? 0;
  }

  async each(host: EngineHost, take: (words: Uint32Array, at: number) => void): Promise<void> {
    for (let name = 0; name < this.#names; name++) {
      const chunk = this.#chunks[Math.floor(name / chunkNames)];
      if (chunk !== undefined) take(chunk, (name % chunkNames) * nameWords);
      if ((name + 1) % namesPerTurn === 0) await host.pause();
    }
  }
}

export class BuiltNames {
  readonly #live = new NameList();
  readonly #dead = new NameList();
  readonly #settled: (() => void)[] = [];

  /** The pointer at `words[at…]` has its place in a tree now. */
  lives(words: Uint32Array, at: number): void {
    this.#live.add(words, at);
  }

  /** It will be in no tree, but for what was in reach of a snapshot. It may be one of those that live since the last one. */
  dies(words: Uint32Array, at: number): void {
    this.#dead.add(words, at);
  }

  /** Until then changes are pending: whoever waits for room knows that there is more to come. */
  whenSettled(run: () => void): void {
    this.#settled.push(run);
  }

  /** All views answer the new trees. What died is free from checkpoint `txg` on; no root is made meanwhile. */
  async settle(space: MapSpace, host: EngineHost, txg: number): Promise<void> {
    await this.#live.each(host, (words, at) => space.adopt(words, at));
    await this.#dead.each(host, (words, at) => space.free(words, at, txg));
    for (const run of this.#settled) run();
  }
}
