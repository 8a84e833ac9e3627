/**
 * A part of a tree that was cut out whole by an unmap: one entry, freed and counted in the background, in slices.
 *
 * What is in the reach of the snapshot that the volume descended from then is that snapshot's and stays. Marks are kept
 * instead of the snapshot: it may be gone before this is done, and then frees its part itself.
 */
import { type PendingCounts, noCounts, type TreeCounts } from '../map/tree.ts';
import type { Marks } from './snapshot-state.ts';

export interface DeadPart extends PendingCounts {
  /** Unique in its volume, grows. */
  readonly id: number;
  readonly words: Uint32Array;
  /** Level of the node that `words` points to, and the block behind its last. */
  readonly level: number;
  readonly end: number;
  /** Who keeps what: at blocks that end behind `split` … */
  readonly above: Marks | undefined;
  /** … and at those before. */
  readonly below: Marks | undefined;
  readonly split: number;
  /** Blocks below are done; Infinity when all is. */
  cursor: number;
  counted: TreeCounts;
  readonly isCounted: boolean;
}

export function deadPart(part: Omit<DeadPart, 'isCounted' | 'counted'> & { counted?: TreeCounts }): DeadPart {
  return {
    ...part,
    counted: part.counted ?? noCounts,
    get isCounted() {
      return this.cursor === Infinity;
    },
  };
}

export const marksOf = (snapshot: Marks | undefined): Marks | undefined =>
  snapshot === undefined ? undefined : { dataMark: snapshot.dataMark, nodeMark: snapshot.nodeMark };

/** All of one volume, oldest first. */
export class DeadParts {
  nextId: number;
  readonly parts: DeadPart[];
  /** The item has to be written again. */
  isDirty = false;

  constructor(parts: readonly DeadPart[], nextId: number) {
    this.parts = [...parts];
    this.nextId = nextId;
  }

  get hasWork(): boolean {
    return this.parts.length > 0;
  }

  add(part: Omit<DeadPart, 'id' | 'isCounted' | 'counted' | 'cursor'>, cursor: number): DeadPart {
    const added = deadPart({ ...part, id: this.nextId++, cursor });
    this.parts.push(added);
    this.isDirty = true;
    return added;
  }

  /** The oldest one is done. */
  shift(): void {
    this.parts.shift();
    this.isDirty = true;
  }
}
