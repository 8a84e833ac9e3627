/**
 * Takes a deleted snapshot apart, a slice per commit, from block 0 on: frees what neither its parent nor any of its
 * children has. `cursor` and what was freed are in the same root, so a crash resumes where the root says.
 *
 * Left out without looking: what is not younger than the parent (the parent has it), and what a child points to as well
 * (then the child has all below).
 */
import { eraOf, isMapped, pointersPerNode, pointerWords, unitOf } from './block-pointer.ts';
import { type View, unfold } from './delta-layer.ts';
import type { PoolCore } from './pool-core.ts';
import type { SnapshotState } from './snapshot-state.ts';
import { slotSpan, type Tree } from './tree.ts';

/** A pointer of a child at the same place as the one that is looked at. */
interface Place {
  readonly words: Uint32Array;
  readonly at: number;
}

export interface TakeApart {
  readonly snapshot: SnapshotState;
  /** Views, as of the commit's cut, that descend from it directly. */
  readonly children: readonly View[];
  /** How many nodes may be looked at. */
  readonly nodesMax: number;
  freed(unit: number): void;
}

/** Answers how many nodes it looked at; the snapshot's cursor is Infinity when nothing is left. */
export async function takeApart(core: PoolCore, task: TakeApart): Promise<number> {
  const { tree } = unfold(task.snapshot.view);
  const children: Place[] = [];
  for (const view of task.children) {
    const place = await descend(core, unfold(view).tree, tree.levels);
    if (place !== undefined) children.push(place);
  }
  const slice = new Slice(core, task);
  const whole = await slice.pointer(tree.root, 0, tree.levels, slotSpan(tree.levels + 1), children);
  task.snapshot.cursor = whole ? Infinity : slice.cursor;
  return slice.nodes;
}

/** The pointer of `tree` that covers what a tree of so many levels covers: the first slot, as often as it has more. */
async function descend(core: PoolCore, tree: Tree, levels: number): Promise<Place | undefined> {
  let place: Place = { words: tree.root, at: 0 };
  for (let level = tree.levels; level > levels; level--) {
    if (!isMapped(place.words, place.at)) return undefined;
    place = { words: await core.nodes.load(place.words, place.at, level), at: 0 };
  }
  return isMapped(place.words, place.at) ? place : undefined;
}

class Slice {
  nodes = 0;
  cursor: number;
  readonly #core: PoolCore;
  readonly #task: TakeApart;
  readonly #parentEra: number;

  constructor(core: PoolCore, task: TakeApart) {
    this.#core = core;
    this.#task = task;
    this.cursor = task.snapshot.cursor;
    this.#parentEra = task.snapshot.parent?.era ?? 0;
  }

  /** A pointer that ends at block `end`. False: the slice is used up before all of it was done. */
  async pointer(
    words: Uint32Array,
    at: number,
    level: number,
    end: number,
    children: readonly Place[],
  ): Promise<boolean> {
    const unit = unitOf(words, at);
    const shared =
      !isMapped(words, at) ||
      eraOf(words, at) <= this.#parentEra ||
      children.some((child) => unitOf(child.words, child.at) === unit);
    if (!shared) {
      if (level > 0 && !(await this.#node(words, at, level, end, children))) return false;
      this.#task.freed(unit);
    }
    this.cursor = end;
    return true;
  }

  async #node(
    words: Uint32Array,
    at: number,
    level: number,
    end: number,
    children: readonly Place[],
  ): Promise<boolean> {
    // a slice always gets somewhere, however deep the way to its first block
    if (this.nodes >= this.#task.nodesMax && this.cursor > this.#task.snapshot.cursor) return false;
    this.nodes += 1 + children.length;
    const node = await this.#core.nodes.load(words, at, level);
    const others = await Promise.all(
      children.map((child) => this.#core.nodes.load(child.words, child.at, level)),
    );
    if (this.nodes % 256 < 1 + children.length) await this.#core.host.pause();
    const span = slotSpan(level);
    const first = end - slotSpan(level + 1);
    for (let slot = 0; slot < pointersPerNode; slot++) {
      const slotEnd = first + (slot + 1) * span;
      if (slotEnd <= this.cursor) continue;
      const slotAt = slot * pointerWords;
      const below = others
        .filter((other) => isMapped(other, slotAt))
        .map((other) => ({ words: other, at: slotAt }));
      if (!(await this.pointer(node, slotAt, level - 1, slotEnd, below))) return false;
    }
    return true;
  }
}
