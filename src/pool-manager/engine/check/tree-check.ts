/**
 * Walks trees from their roots: each pointer names something that is there, verifies, belongs to one place of one
 * volume, and has the highest birth below it; each name is older than the marks of the snapshot it is found in.
 */
import { verifyUnit } from '../checksum.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import type { MapSpace } from '../map/map-space.ts';
import { BadNodeError, type NodeStore, StaleNameError } from '../map/node-store.ts';
import { nodeId, saltHigh, saltLow } from '../map/owner.ts';
import {
  batchOf,
  birthOf,
  checksumWord,
  compressionCode,
  compressionOf,
  isLost,
  isMapped,
  nameOf,
  pointersPerNode,
  pointerWords,
  sectorsOf,
} from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import type { TreeCounts } from '../map/tree.ts';
import { isStoredGood } from '../volume/content.ts';
import type { Marks } from '../volume/snapshot-state.ts';
import type { Zstd } from '../volume/volume-core.ts';
import { Reached } from './reached.ts';
import { checkUnits, type Wanted } from './unit-check.ts';

/** What is below a pointer. */
export interface Below extends TreeCounts {
  readonly birth: number;
}

/** A tree, or a part of one. */
export interface WalkOf {
  /** For messages: volume and view. */
  readonly what: string;
  /** Volumes that share blocks are one family. */
  readonly family: number;
  /** Blocks below are gone already. */
  readonly cursor: number;
  /** No name in it is younger. */
  readonly marks: Marks | undefined;
  /** What is not looked at: it belongs to somebody else. */
  readonly skips?: (words: Uint32Array, at: number, level: number, end: number) => boolean;
}

export class TreeCheck {
  readonly problems: string[];
  readonly reached: Reached;
  readonly #space: MapSpace;
  readonly #nodes: NodeStore;
  readonly #groups: readonly SegmentGroup[];
  readonly #nextBatch: number;
  readonly #zstd: Zstd | undefined;
  /** What is below each whole node that was walked. */
  readonly #below = new Map<number, Below>();

  constructor(options: {
    readonly space: MapSpace;
    readonly nodes: NodeStore;
    readonly groups: readonly SegmentGroup[];
    readonly nextBatch: number;
    readonly zstd: Zstd | undefined;
    readonly problems: string[];
  }) {
    this.#space = options.space;
    this.#nodes = options.nodes;
    this.#groups = options.groups;
    this.#nextBatch = options.nextBatch;
    this.#zstd = options.zstd;
    this.problems = options.problems;
    this.reached = new Reached((group) => options.groups[group]?.segmentUnits ?? 0);
  }

  /** What is below the pointer at `words[at…]`, whose node has this level and begins at block `first`. */
  async node(walk: WalkOf, words: Uint32Array, at: number, level: number, first: number): Promise<Below> {
    const birth = birthOf(words, at);
    const end = first + slotSpan(level + 1);
    const nothing = { birth, mappedBlocks: 0, dataSectors: 0, nodes: 0 };
    if (isLost(words, at) && end > walk.cursor)
      this.problems.push(
        `${walk.what}: blocks ${first} to ${end - 1} are lost: another replica may have them`,
      );
    if (!isMapped(words, at) || end <= walk.cursor) return nothing;
    if (walk.skips?.(words, at, level, end) === true) return nothing;
    const where = () => `${walk.what}: node of level ${level} at block ${first}`;
    this.#judgeName(walk, words, at, level, where);
    const isWhole = first >= walk.cursor && walk.skips === undefined;
    const known = this.#below.get(nameOf(words, at));
    const outcome = this.#reach(walk, words, at, nodeId(level, first), where);
    if (outcome !== 'first' && isWhole && known !== undefined) return known;
    const node = await this.#load(words, at, nodeId(level, first), outcome === 'first', where);
    if (node === undefined) return nothing;
    const below = await this.#slots(walk, node, level, first);
    if (!isWhole) return below;
    if (below.birth !== birth)
      this.problems.push(`${where()}: birth ${birth} in the pointer, ${below.birth} below it`);
    this.#below.set(nameOf(words, at), below);
    return below;
  }

  async #slots(walk: WalkOf, node: Uint32Array, level: number, first: number): Promise<Below> {
    let [birth, mappedBlocks, dataSectors, nodes] = [0, 0, 0, 1];
    const wanted: Wanted[] = [];
    for (let slot = 0; slot < pointersPerNode; slot++) {
      const at = slot * pointerWords;
      const from = first + slot * slotSpan(level);
      if (level === 1) {
        birth = Math.max(birth, birthOf(node, at));
        if (!this.#data(walk, node, at, from, wanted)) continue;
        mappedBlocks++;
        dataSectors += sectorsOf(node, at);
        continue;
      }
      const below = await this.node(walk, node, at, level - 1, from);
      birth = Math.max(birth, below.birth);
      mappedBlocks += below.mappedBlocks;
      dataSectors += below.dataSectors;
      nodes += below.nodes;
    }
    await this.#verify(wanted);
    return { birth, mappedBlocks, dataSectors, nodes };
  }

  /** True for a block with data that belongs to the walk. */
  #data(walk: WalkOf, words: Uint32Array, at: number, block: number, wanted: Wanted[]): boolean {
    if (isLost(words, at) && block >= walk.cursor)
      this.problems.push(`${walk.what}: block ${block} is lost: another replica may have it`);
    if (!isMapped(words, at) || block < walk.cursor) return false;
    if (walk.skips?.(words, at, 0, block + 1) === true) return false;
    const where = () => `${walk.what}: block ${block}`;
    this.#judgeName(walk, words, at, 0, where);
    if (compressionOf(words, at) > compressionCode.zstd)
      this.problems.push(`${where()}: compression ${compressionOf(words, at)} is unknown`);
    const place = this.#space.place(words, at);
    if (this.#reach(walk, words, at, block, where) !== 'first' || place === undefined) return true;
    const isGood = (bytes: Uint8Array, from: number) =>
      isStoredGood(bytes, from, block, words, at, this.#zstd);
    wanted.push({ place, isGood, where });
    return true;
  }

  #judgeName(walk: WalkOf, words: Uint32Array, at: number, level: number, where: () => string): void {
    const batch = batchOf(words, at);
    if (batch >= this.#nextBatch) this.problems.push(`${where()}: batch ${batch} is not given yet`);
    const mark = level === 0 ? walk.marks?.dataMark : walk.marks?.nodeMark;
    if (mark !== undefined && batch >= mark)
      this.problems.push(`${where()}: batch ${batch} is younger than the snapshot's mark ${mark}`);
  }

  #reach(
    walk: WalkOf,
    words: Uint32Array,
    at: number,
    owner: number,
    where: () => string,
  ): 'first' | 'again' | 'other' {
    const place = this.#space.place(words, at);
    if (place === undefined) {
      this.problems.push(`${where()}: batch ${batchOf(words, at)} has no place in the table`);
      return 'other';
    }
    const outcome = this.reached.note(place, sectorsOf(words, at), walk.family, owner);
    if (outcome === 'other') {
      const { group, segment, unit } = place;
      this.problems.push(`${where()}: unit ${unit} of segment ${segment}, group ${group}, has two owners`);
    }
    return outcome;
  }

  async #load(
    words: Uint32Array,
    at: number,
    id: number,
    isNew: boolean,
    where: () => string,
  ): Promise<Uint32Array | undefined> {
    const pointer = words.slice(at, at + pointerWords);
    const place = this.#space.place(pointer, 0);
    if (isNew && place !== undefined) {
      const isGood = (bytes: Uint8Array, from: number) =>
        verifyUnit(bytes, from, saltLow(id), saltHigh(id), pointer, checksumWord);
      if (!(await this.#verify([{ place, isGood, where }]))) return undefined;
    }
    try {
      return await this.#nodes.load(pointer, 0, id);
    } catch (error) {
      if (!(error instanceof BadNodeError || error instanceof StaleNameError)) throw error;
      if (isNew) this.problems.push(`${where()}: ${error.message}`);
      return undefined;
    }
  }

  async #verify(wanted: readonly Wanted[]): Promise<boolean> {
    const { bad, unequal } = await checkUnits(this.#groups, wanted);
    for (const what of unequal) this.problems.push(`${what} are not what they should be: scrub`);
    for (const { where } of bad) this.problems.push(`${where()}: no good copy`);
    return bad.length === 0;
  }
}
