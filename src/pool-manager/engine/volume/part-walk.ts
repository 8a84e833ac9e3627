/**
 * Walks a part of a tree for freeing or counting, from a cursor on, a slice at a time: what somebody else has at the same
 * place is left out without looking, the rest is taken, nodes after what is below them.
 */
import { NodeBatch } from '../map/node-batch.ts';
import { BadNodeError } from '../map/node-store.ts';
import { nodeId } from '../map/owner.ts';
import { isMapped, nameOf, nodeWords, pointersPerNode, pointerWords, sameName } from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import type { Tree } from '../map/tree.ts';
import type { VolumeCore } from './volume-core.ts';

/** Nodes that are read together, and walked before the event loop gets its turn. */
const aheadMax = 32;
const nodesPerTurn = 64;

export interface PartTask {
  /** The pointer to begin with, its level, and the block behind its last. */
  readonly words: Uint32Array;
  readonly level: number;
  readonly end: number;
  /** Pointers of others at the same place: what they have too is left out. */
  readonly others: readonly Uint32Array[];
  /** Blocks below are done. */
  readonly cursor: number;
  /** How many nodes may be looked at; it always gets somewhere, however deep the way to its first block. */
  readonly nodesMax: number;
  /** Left out, with everything below. */
  isLeftOut(words: Uint32Array, at: number, level: number, end: number): boolean;
  /** Is taken: all below was. */
  take(words: Uint32Array, at: number, level: number, end: number): void;
}

/** Answers how many nodes it looked at, and the cursor, Infinity when all is done. */
export async function walkPart(
  core: VolumeCore,
  task: PartTask,
): Promise<{ readonly nodes: number; readonly cursor: number }> {
  const walk = new PartWalk(core, task);
  while (!walk.run()) {
    if (walk.isUsedUp) return { nodes: walk.nodes, cursor: walk.cursor };
    await walk.goOn();
  }
  return { nodes: walk.nodes, cursor: Infinity };
}

/** The pointer of `tree` that covers what a tree of so many levels covers: the first slot, as often as it has more. */
export async function descend(
  core: VolumeCore,
  tree: Tree,
  levels: number,
): Promise<Uint32Array | undefined> {
  let words = tree.root;
  for (let level = tree.levels; level > levels; level--) {
    if (!isMapped(words, 0)) return undefined;
    words = await core.nodes.load(words, 0, nodeId(level, 0));
  }
  return isMapped(words, 0) ? words.slice(0, pointerWords) : undefined;
}

const noNode = new Uint32Array(nodeWords);

class PartWalk {
  nodes = 0;
  cursor: number;
  isUsedUp = false;
  readonly #core: VolumeCore;
  readonly #task: PartTask;
  readonly #missing = new NodeBatch(aheadMax);
  #needed: { readonly words: Uint32Array; readonly id: number } | undefined;
  #neededBefore = -1;
  /** Nodes that no copy is good of: what was only below them is lost to the pool until it is made anew. */
  readonly #unreadable = new Set<number>();
  #turn = 0;

  constructor(core: VolumeCore, task: PartTask) {
    this.#core = core;
    this.#task = task;
    this.cursor = task.cursor;
  }

  /** Goes on from the cursor. False: something is missing, it is somebody else's turn, or the slice is used up. */
  run(): boolean {
    this.#turn = 0;
    const { words, level, end, others } = this.#task;
    return this.#pointer(words, 0, level, end, others, 0);
  }

  /** Reads what is missing, or lets the event loop turn. */
  async goOn(): Promise<void> {
    const needed = this.#needed;
    if (needed === undefined) {
      await this.#core.host.pause();
      return;
    }
    const name = nameOf(needed.words, 0);
    if (name === this.#neededBefore) await this.#loadOrGiveUp(needed.words, needed.id, name);
    else await this.#core.nodes.loadAll(this.#missing);
    this.#neededBefore = name;
    this.#missing.clear();
    this.#needed = undefined;
  }

  async #loadOrGiveUp(words: Uint32Array, id: number, name: number): Promise<void> {
    try {
      await this.#core.nodes.load(words, 0, id);
    } catch (error) {
      if (!(error instanceof BadNodeError)) throw error;
      this.#unreadable.add(name);
    }
  }

  /** A pointer that ends at block `end`; `others` have theirs at `othersAt`. */
  #pointer(
    words: Uint32Array,
    at: number,
    level: number,
    end: number,
    others: readonly Uint32Array[],
    othersAt: number,
  ): boolean {
    if (!this.#isLeftOut(words, at, level, end, others, othersAt)) {
      if (level > 0 && !this.#node(words, at, level, end, others, othersAt)) return false;
      this.#task.take(words, at, level, end);
    }
    this.cursor = end;
    return true;
  }

  #isLeftOut(
    words: Uint32Array,
    at: number,
    level: number,
    end: number,
    others: readonly Uint32Array[],
    othersAt: number,
  ): boolean {
    if (!isMapped(words, at)) return true;
    for (const other of others)
      if (sameName(words, at, other, othersAt) || this.#isUnreadable(other, othersAt, level)) return true;
    return this.#task.isLeftOut(words, at, level, end);
  }

  /** Nobody knows then what it has: nothing is taken from it. */
  #isUnreadable(words: Uint32Array, at: number, level: number): boolean {
    return this.#unreadable.size > 0 && level > 0 && this.#unreadable.has(nameOf(words, at));
  }

  #node(
    words: Uint32Array,
    at: number,
    level: number,
    end: number,
    others: readonly Uint32Array[],
    othersAt: number,
  ): boolean {
    const first = end - slotSpan(level + 1);
    const id = nodeId(level, first);
    if (this.nodes >= this.#task.nodesMax && this.cursor > this.#task.cursor) {
      this.isUsedUp = true;
      return false;
    }
    if (this.#turn > nodesPerTurn) return false;
    const node = this.#find(words, at, id);
    const found = others.flatMap((other) =>
      isMapped(other, othersAt) ? [this.#find(other, othersAt, id)] : [],
    );
    const below = found.filter((each) => each !== undefined);
    if (node === undefined || below.length < found.length) return false;
    this.nodes += 1 + below.length;
    this.#turn += 1 + below.length;
    return this.#slots(node, level, first, below);
  }

  #slots(node: Uint32Array, level: number, first: number, others: readonly Uint32Array[]): boolean {
    const span = slotSpan(level);
    const begin = Math.max(0, Math.floor((this.cursor - first) / span));
    for (let slot = begin; slot < pointersPerNode; slot++) {
      const at = slot * pointerWords;
      if (this.#pointer(node, at, level - 1, first + (slot + 1) * span, others, at)) continue;
      for (let ahead = slot + 1; this.#needed !== undefined && level > 1 && ahead < pointersPerNode; ahead++)
        this.#ahead(node, ahead * pointerWords, level - 1, first + ahead * span, others);
      return false;
    }
    return true;
  }

  #find(words: Uint32Array, at: number, id: number): Uint32Array | undefined {
    const node = this.#core.nodes.peek(words, at);
    if (node !== undefined) return node;
    if (this.#unreadable.has(nameOf(words, at))) return noNode;
    this.#needed ??= { words: words.slice(at, at + pointerWords), id };
    this.#missing.add(words, at, id);
    return undefined;
  }

  #ahead(node: Uint32Array, at: number, level: number, first: number, others: readonly Uint32Array[]): void {
    if (this.#isLeftOut(node, at, level, first + slotSpan(level + 1), others, at)) return;
    for (const each of [node, ...others])
      if (isMapped(each, at) && this.#core.nodes.peek(each, at) === undefined)
        this.#missing.add(each, at, nodeId(level, first));
  }
}
