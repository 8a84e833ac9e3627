/**
 * Sorts what was born by birth. A list is long, and only a few are ever taken, so the code that compares is not compiled
 * when it is run: a sort of 65,536 extents by a function of ours took a tenth of a second. V8's own sort of numbers takes
 * milliseconds: each birth is sorted with its index behind it, in one number.
 */
import type { Extent } from '../copy.ts';

/** Indices in the order of births; those of one birth stay as they are. */
export function orderOfBirth(extents: readonly Pick<Extent, 'birth'>[]): Uint32Array {
  const { length } = extents;
  const births = new Float64Array(length);
  let least = Infinity;
  let most = 0;
  for (let index = 0; index < length; index++) {
    const birth = extents[index]?.birth ?? 0;
    births[index] = birth;
    if (birth < least) least = birth;
    if (birth > most) most = birth;
  }
  const order = new Uint32Array(length);
  if ((most - least + 1) * length > Number.MAX_SAFE_INTEGER) return apart(births, order);
  for (let index = 0; index < length; index++)
    births[index] = ((births[index] ?? 0) - least) * length + index;
  births.sort();
  for (let place = 0; place < length; place++) order[place] = (births[place] ?? 0) % length;
  return order;
}

/** Births so far apart that no number holds both: years lie between, and few lists are like that. */
function apart(births: Float64Array, order: Uint32Array): Uint32Array {
  for (let index = 0; index < order.length; index++) order[index] = index;
  return order.sort((a, b) => (births[a] ?? 0) - (births[b] ?? 0));
}
