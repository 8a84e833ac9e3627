/** What statuses of all kinds have in common. */

/** A condition as it may stand in an object: older writers leave fields out. */
export interface StoredCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

const figure = /\d+(\.\d+)?(?= ?(ms|s|seconds|bytes|%))/g;

/** A message that differs from what is shown only in running figures (times, progress) is not worth a write. */
export const steadyMessage = (shown: string | undefined, message: string): string =>
  shown !== undefined && shown.replaceAll(figure, '#') === message.replaceAll(figure, '#') ? shown : message;

/** Equal whatever the order of the fields; the API server hands them out in its own. */
export const sameJson = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

const canonical = (value: unknown): string | undefined =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
