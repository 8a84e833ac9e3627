/** Logs of every role: winston, one JSON object per line on stderr (stdout belongs to what a command answers). */
import winston from 'winston';
import type { Log, LogFields } from '../log.ts';

function over(logger: winston.Logger): Log {
  return {
    error: (message, fields) => void logger.error(message, fields),
    warn: (message, fields) => void logger.warn(message, fields),
    info: (message, fields) => void logger.info(message, fields),
    debug: (message, fields) => void logger.debug(message, fields),
    with: (fields: LogFields) => over(logger.child(fields)),
  };
}

/** A log whose lines carry `fields` (at least `role`); `level` is one of error, warn, info, debug. */
export function openLog(fields: LogFields, level = process.env['CASKADE_LOG_LEVEL'] ?? 'info'): Log {
  // Whoever read stderr may go away (a pipe to head): lines that nobody reads must not end the process.
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => undefined);
  const { combine, timestamp, json, errors } = winston.format;
  return over(
    winston.createLogger({
      level,
      format: combine(errors({ stack: true }), timestamp(), json()),
      defaultMeta: fields,
      transports: [new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
    }),
  );
}
