/** Structured fields of a log line: `volume`, `replica`, `epoch`, `pool`, `initiator`, … Never a secret. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The logging port. ERROR: a person must look. WARN: somebody said what to do about it, and it stands in the message.
 * INFO: a change of state that will matter tomorrow. DEBUG: everything else.
 */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log that adds `fields` to each line. */
  with(fields: LogFields): Log;
}

/** Says nothing; for tests of cores. */
export const silentLog: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  with: () => silentLog,
};
