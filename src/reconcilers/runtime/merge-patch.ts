/** JSON merge patches (RFC 7396). Pure. */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Deep equality of JSON values; a field that is undefined counts as absent. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameJson(a[key], b[key]));
}

/**
 * The patch that makes `after` of `before`, or undefined when they are the same. Lists are replaced as a whole and a field
 * that is gone is null, as the RFC has it; therefore a null in `after` is the same as an absent field.
 */
export function mergePatch(before: unknown, after: unknown): unknown {
  if (sameJson(before, after)) return undefined;
  if (!isObject(before) || !isObject(after)) return after === undefined ? null : after;
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [from, to] = [before[key] ?? undefined, after[key] ?? undefined];
    const difference = mergePatch(from, to);
    if (difference !== undefined) patch[key] = difference;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** True when all of `part` is in `whole`: objects may have more fields, lists must have the same length. */
export function containsJson(whole: unknown, part: unknown): boolean {
  if (part === undefined) return true;
  if (Array.isArray(part))
    return (
      Array.isArray(whole) &&
      whole.length === part.length &&
      part.every((item, i) => containsJson(whole[i], item))
    );
  if (isObject(part))
    return isObject(whole) && Object.keys(part).every((key) => containsJson(whole[key], part[key]));
  return sameJson(whole, part);
}
