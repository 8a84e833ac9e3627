/**
 * Judgements are lists of small checks that give a reason. What is refused is shown as a condition and an event, and
 * nothing else changes.
 */
export interface Violation {
  /** CamelCase, for the condition and the event. */
  readonly reason: string;
  /** Names the field, its value and the remedy. */
  readonly message: string;
}

/** A rule: what it finds wrong, in the order a person would mend it. */
export type Check<Subject> = (subject: Subject) => readonly Violation[];

export const violationsOf = <Subject>(checks: readonly Check<Subject>[], subject: Subject): Violation[] =>
  checks.flatMap((check) => check(subject));

/** Longest message of a condition that we write. */
const messageLengthMax = 2048;

/** The message of a condition about several violations: all of them, cut at a bound. */
export function messageOf(violations: readonly Violation[]): string {
  const all = violations.map((violation) => violation.message).join('; ');
  return all.length <= messageLengthMax ? all : `${all.slice(0, messageLengthMax - 1)}…`;
}
