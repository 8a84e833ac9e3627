/**
 * Whose a unit is, as the summary of a batch says it in 48 bits: a block's number, or the id of a node. The same number
 * is the salt of the checksum (salted with it, a unit that lies in the place of another does not verify).
 */
import { assert } from '../../../shared/assert.ts';
import { slotSpan } from './radix.ts';

/** Block numbers end below; ids of nodes begin here. */
export const nodeIdMin = 2 ** 47;
const levelFactor = 2 ** 44;

/** The id of the node of `level` that covers block `first`: which of its level it is. */
export function nodeId(level: number, first: number): number {
  const index = Math.floor(first / slotSpan(level + 1));
  assert(level > 0 && level < 8 && index < levelFactor, 'a node of a map');
  return nodeIdMin + level * levelFactor + index;
}

/** The other way: what an owner in a summary is, for messages. */
export function describeOwner(owner: number): { readonly level: number; readonly first: number } {
  if (owner < nodeIdMin) return { level: 0, first: owner };
  const level = Math.floor((owner - nodeIdMin) / levelFactor);
  return { level, first: (owner % levelFactor) * slotSpan(level + 1) };
}

export const saltLow = (owner: number): number => owner >>> 0;
export const saltHigh = (owner: number): number => Math.floor(owner / 2 ** 32);
