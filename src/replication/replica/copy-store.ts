/** What a copier makes of what it was answered. */
import type { BlockRange, CopiedExtent } from '../copy.ts';
import { endOf } from '../extents.ts';
import { isNoSpace } from '../store.ts';
import type { CopierOptions, StepOutcome } from './copier.ts';

export const isFull: StepOutcome = { outcome: 'full', message: 'the pool is full' };

/** False: there is no room, and nothing has changed. */
export function store({ ledger, onStored }: CopierOptions, pieces: readonly CopiedExtent[]): boolean {
  try {
    if (pieces.length > 0) ledger.store.copyIn(pieces);
  } catch (error) {
    if (isNoSpace(error)) return false;
    throw error;
  }
  for (const piece of pieces) onStored(piece);
  return true;
}

/** In order, without overlaps, in [from, to). */
export function areInside(extents: readonly BlockRange[], from: number, to: number): boolean {
  let at = from;
  for (const extent of extents) {
    if (extent.block < at) return false;
    at = endOf(extent);
  }
  return at <= to;
}
