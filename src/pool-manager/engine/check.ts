/**
 * Walks all that the newest root reaches and says what is wrong; writes nothing. Takes memory in proportion to the pool:
 * about 100 bytes per unit in use.
 *
 *  - Every unit that is reached verifies, is reached at one place of one volume, and is live in the space map; nothing
 *    else is live.
 *  - A node's birth is the highest below it; its era is not lower than any below it.
 *  - Counters agree: blocks with data per head and snapshot, units per volume.
 */
import { blockBytes } from '../../shared/block-size.ts';
import {
  birthOf,
  checksumWord,
  eraOf,
  isMapped,
  pointersPerNode,
  pointerWords,
  unitOf,
} from './block-pointer.ts';
import { dataSaltHigh, verifyUnit } from './checksum.ts';
import { loadDirectory, type LoadedVolume } from './directory.ts';
import { BadNodeError, readUnit } from './node-store.ts';
import type { PoolCore } from './pool-core.ts';
import { type ImportOptions, openCore } from './pool-import.ts';
import { loadSpaceMap, spaceMapAt } from './space-map.ts';
import { slotSpan, type Tree } from './tree.ts';

export interface CheckReport {
  /** Empty when all is right. */
  readonly problems: readonly string[];
  readonly txg: number;
  readonly unitsReached: number;
}

/** Throws PoolRefusal when the pool can not even be opened. */
export async function checkPool(options: ImportOptions): Promise<CheckReport> {
  const { core, root } = await openCore(options);
  const check = new Check(core);
  try {
    await loadSpaceMap(core, spaceMapAt(core, root.spaceMap));
    const { blob, volumes } = await loadDirectory(core, root.directory, root.directoryBytes);
    check.blob('directory', blob.units);
    for (const volume of volumes) await check.volume(volume);
  } catch (error) {
    if (!(error instanceof BadNodeError)) throw error;
    check.problems.push(error.message);
  }
  check.space();
  return { problems: check.problems, txg: root.txg, unitsReached: check.reached.size };
}

/** What is known of a node that was walked before. */
interface Below {
  readonly birth: number;
  readonly mappedBlocks: number;
}

class Check {
  readonly problems: string[] = [];
  /** Where each unit was reached. */
  readonly reached = new Map<number, string>();
  readonly #below = new Map<number, Below>();
  readonly #core: PoolCore;
  #volume = '';

  constructor(core: PoolCore) {
    this.#core = core;
  }

  blob(what: string, units: readonly number[]): void {
    for (const unit of units) this.#reach(unit, `${what} blob unit ${unit}`);
  }

  async volume({ start, blobs }: LoadedVolume): Promise<void> {
    this.#volume = `volume ${start.identity.volume} (${start.identity.guid})`;
    this.blob(this.#volume, [...blobs.head.units, ...(blobs.snapshots?.units ?? [])]);
    const before = this.reached.size;
    if ('root' in start.head) await this.#tree('head', start.head, 0);
    // whole ones first: what they share with one that is half taken apart is then known to be whole
    for (const { view, cursor, id } of start.snapshots.toSorted((a, b) => a.cursor - b.cursor))
      if ('root' in view) await this.#tree(`snapshot ${id}`, view, cursor);
    const units = this.reached.size - before;
    if (units !== start.liveUnits)
      this.problems.push(`${this.#volume}: counts ${start.liveUnits} units, ${units} are reached`);
  }

  space(): void {
    const { space } = this.#core;
    for (const [unit, where] of this.reached)
      if (!space.isLive(unit)) this.problems.push(`unit ${unit} (${where}) is not live in the space map`);
    if (space.liveUnits !== this.reached.size)
      this.problems.push(
        `${space.liveUnits} units are live in the space map, ${this.reached.size} are reached`,
      );
  }

  async #tree(what: string, tree: Tree, cursor: number): Promise<void> {
    const { mappedBlocks } = await this.#pointer(tree.root, 0, tree.levels, 0, cursor);
    if (cursor === 0 && mappedBlocks !== tree.mappedBlocks)
      this.problems.push(
        `${this.#volume} ${what}: counts ${tree.mappedBlocks} blocks with data, has ${mappedBlocks}`,
      );
  }

  /** Blocks below `cursor` are gone already and not looked at. */
  async #pointer(
    words: Uint32Array,
    at: number,
    level: number,
    first: number,
    cursor: number,
  ): Promise<Below> {
    const birth = birthOf(words, at);
    const end = first + slotSpan(level + 1);
    if (!isMapped(words, at) || end <= cursor) return { birth, mappedBlocks: 0 };
    const unit = unitOf(words, at);
    const where = `${this.#volume} level ${level} block ${first}`;
    if (eraOf(words, at) > this.#core.era) this.problems.push(`${where}: era ${eraOf(words, at)} is to come`);
    const known = this.#reach(unit, where) ? undefined : this.#below.get(unit);
    if (known !== undefined) return known;
    const below =
      level === 0 ? await this.#data(words, at, first) : await this.#node(words, at, level, first, cursor);
    if (cursor === 0) {
      this.#below.set(unit, below);
      if (below.birth !== birth)
        this.problems.push(`${where}: birth ${birth} in the pointer, ${below.birth} below it`);
    }
    return below;
  }

  async #data(words: Uint32Array, at: number, block: number): Promise<Below> {
    try {
      await readUnit(this.#core.devices, unitOf(words, at), (_, bytes, from) =>
        verifyUnit(bytes, from, block >>> 0, dataSaltHigh(block), words, at + checksumWord),
      );
    } catch (error) {
      if (!(error instanceof BadNodeError)) throw error;
      this.problems.push(`${this.#volume} block ${block}: ${blockBytes} bytes are unreadable`);
    }
    return { birth: birthOf(words, at), mappedBlocks: 1 };
  }

  async #node(words: Uint32Array, at: number, level: number, first: number, cursor: number): Promise<Below> {
    const node = await this.#core.nodes.load(words, at, level);
    const span = slotSpan(level);
    let birth = 0;
    let mappedBlocks = 0;
    for (let slot = 0; slot < pointersPerNode; slot++) {
      const slotAt = slot * pointerWords;
      if (isMapped(node, slotAt) && eraOf(node, slotAt) > eraOf(words, at))
        this.problems.push(`${this.#volume} level ${level} block ${first}: younger than its node`);
      const below = await this.#pointer(node, slotAt, level - 1, first + slot * span, cursor);
      birth = Math.max(birth, below.birth);
      mappedBlocks += below.mappedBlocks;
    }
    return { birth, mappedBlocks };
  }

  /** False: it was reached before, at the same place. */
  #reach(unit: number, where: string): boolean {
    const before = this.reached.get(unit);
    if (before === undefined) {
      this.reached.set(unit, where);
      return true;
    }
    if (before !== where) this.problems.push(`unit ${unit} is reached as ${before} and as ${where}`);
    return false;
  }
}
