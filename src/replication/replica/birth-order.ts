/**
 * Sorts what was born by birth. A list is long, and only a few are ever taken, so the code that compares is not compiled
 * when it is run: a sort of 65,536 extents by a function of ours took a tenth of a second. V8's own sort of numbers takes
 * milliseconds: each birth is sorted with its index behind it, in one number.
 */

/** Their indices in order; equal births stay as they are. */
export function orderOfBirth(births: Float64Array): Uint32Array {
  const { length } = births;
  let least = Infinity;
  let most = 0;
  for (const birth of births) {
    if (birth < least) least = birth;
    if (birth > most) most = birth;
  }
  const order = new Uint32Array(length);
  if ((most - least + 1) * length > Number.MAX_SAFE_INTEGER) return apart(births, order);
  const keys = new Float64Array(length);
  for (let index = 0; index < length; index++) keys[index] = ((births[index] ?? 0) - least) * length + index;
  keys.sort();
  for (let place = 0; place < length; place++) order[place] = (keys[place] ?? 0) % length;
  return order;
}

/** Births so far apart that no number holds both: years lie between, and few lists are like that. */
function apart(births: Float64Array, order: Uint32Array): Uint32Array {
  for (let index = 0; index < order.length; index++) order[index] = index;
  return order.sort((a, b) => (births[a] ?? 0) - (births[b] ?? 0));
}
