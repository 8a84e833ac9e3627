/**
 * Conditions of a status, shaped as metav1.Condition: what is the case, why, and since when. Pure: the time is handed in.
 */

export interface Condition {
  type: string;
  /** `Unknown` while nobody has looked. */
  status: 'True' | 'False' | 'Unknown';
  /** One CamelCase word, for programs. */
  reason: string;
  /** For people: names the field, the value and the remedy. */
  message: string;
  /** When `status` last changed. */
  lastTransitionTime: string;
  /** metadata.generation that this was found for. */
  observedGeneration?: number;
}

/** What there is of a condition in an object; older writers leave fields out. */
interface Stored {
  type: string;
  status?: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

export const findCondition = <C extends Stored>(
  conditions: readonly C[] | null | undefined,
  type: string,
): C | undefined => conditions?.find((condition) => condition.type === type);

/** True when the condition is there and `True`. */
export const isTrue = (conditions: readonly Stored[] | null | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === 'True';

/**
 * The list with this condition in it, in its old place or at the end. lastTransitionTime is `now` (RFC 3339) when the
 * status differs from before and stays otherwise, so that saying the same again is no change.
 */
export function setCondition<C extends Stored = Condition>(
  conditions: readonly C[] | null | undefined,
  wish: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): (C | Condition)[] {
  const before = findCondition(conditions, wish.type);
  const since = before?.status === wish.status ? before.lastTransitionTime : undefined;
  const next = { ...before, ...wish, lastTransitionTime: since ?? now };
  return before === undefined
    ? [...(conditions ?? []), next]
    : (conditions ?? []).map((condition) => (condition === before ? next : condition));
}

/** The list without the condition. */
export const removeCondition = <C extends Stored>(
  conditions: readonly C[] | null | undefined,
  type: string,
): C[] => (conditions ?? []).filter((condition) => condition.type !== type);
