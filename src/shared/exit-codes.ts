/** Exit status of every `caskade` command. */
export const exitCode = {
  ok: 0,
  /** Something failed that other arguments would not mend. */
  failure: 1,
  /** An argument, option or file of the user is wrong: one line on stderr names it, its value and the remedy. */
  usage: 2,
} as const;

/** The user's input is wrong. `message` names the flag or field, its value and the remedy. Translated by main.ts only. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command can not do what it was asked to, and the user's input is not why. `message` is all that a person needs. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
