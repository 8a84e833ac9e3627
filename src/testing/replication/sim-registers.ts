/**
 * The registers of the register test (sim-register.ts): a block is one, or eight, a sector each, where somebody asked for a part
 * of it. Blocks keep their numbers; sectors have those behind the last block.
 */
import { sectorTagsOf } from '../block-content.ts';
import type { Place } from './sim-order.ts';
import type { Operation } from './sim-register.ts';
import { hold } from './sim-truth.ts';

export const sectorsPerBlock = 8;
/** Of a sector that is counted from the first of the volume. */
export const blockOfSector = (sector: number): number => Math.floor(sector / sectorsPerBlock);
export const upFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** What was asked for as the initiator has it. */
export interface Asked extends Operation {
  /** Of that sector of the block alone; absent: of all, and a value may stand for several (block-content.ts). */
  readonly sector?: number;
  /** Of a read: the history of who answered, as far as it was then. */
  readonly end?: Place;
}

export class SimRegisters {
  readonly count: number;
  readonly #blocks: number;
  /** Of a block that is eight: the number of its first sector. */
  readonly #split = new Map<number, number>();

  constructor(blocks: number, asked: readonly Asked[]) {
    this.#blocks = blocks;
    let next = blocks;
    for (const { block, sector } of asked) {
      if (sector === undefined || this.#split.has(block)) continue;
      this.#split.set(block, next);
      next += sectorsPerBlock;
    }
    this.count = next;
  }

  /** As operations on registers. Throws Violation when something was read that nobody ever wrote. */
  operations(asked: Asked): readonly Operation[] {
    const { block, sector, value } = asked;
    const first = this.#split.get(block);
    if (first === undefined) return [asked];
    const tags = sectorTagsOf(value);
    const sectors = sector === undefined ? tags.keys() : [sector];
    return Array.from(sectors, (each) => {
      const tag = sector === undefined ? tags[each] : value;
      hold(tag !== undefined, `I4: sector ${each} of block ${block}: what was read was never written`);
      return { ...asked, block: first + each, value: tag };
    });
  }

  /** By register, what blocks with these tags hold. */
  valuesOf(tags: readonly number[]): readonly number[] {
    const values = tags.slice(0, this.#blocks);
    for (const [block, first] of this.#split)
      for (const [i, tag] of sectorTagsOf(tags[block] ?? 0).entries()) {
        hold(tag !== undefined, `I4: sector ${i} of block ${block} of a snapshot was never written`);
        values[first + i] = tag;
      }
    return values;
  }
}
