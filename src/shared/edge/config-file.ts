/** Files that a process is told to read: configuration, keys, tokens. Their contents never reach a message or a log. */
import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../exit-codes.ts';
import type { Log } from '../log.ts';
import type { Shape } from '../shape.ts';

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${what} ${file} can not be read (${codeOf(error)}): check its path and permissions`,
      { cause: error },
    );
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** The JSON in `file` as `shape` says; UsageError names file, field, value and remedy. */
export function readConfig<T>(file: string, shape: Shape<T>): T {
  const content = read(file, 'configuration');
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new UsageError(`configuration ${file} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  try {
    return shape(value, '');
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The same of a file that has changed under a running process; undefined, and logged, when it can not be used. */
export function readChanged<T>(file: string, shape: Shape<T>, log: Log): T | undefined {
  try {
    return readConfig(file, shape);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    log.error('the configuration file can not be used: what was read before stays in force', { error });
    return undefined;
  }
}

/** A key of 32 bytes, written as 64 hexadecimal digits. */
export function readKey(file: string): Uint8Array {
  return keyOf(read(file, 'key').trim(), file);
}

/** JSON `{ "<name>": "<64 hexadecimal digits>" }`. */
export function readKeys(file: string): ReadonlyMap<string, Uint8Array> {
  let value: unknown;
  try {
    value = JSON.parse(read(file, 'keys'));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // The parser's message quotes the content.
    throw new UsageError(`keys ${file} are not JSON: write {"<replica id>": "<64 hexadecimal digits>"}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`keys ${file} are no object: write {"<replica id>": "<64 hexadecimal digits>"}`);
  return new Map(Object.entries(value).map(([name, key]) => [name, keyOf(key, `${file}, ${name}`)]));
}

function keyOf(digits: unknown, where: string): Uint8Array {
  if (typeof digits !== 'string' || !/^[0-9a-f]{64}$/i.test(digits))
    throw new UsageError(`key ${where} is not 64 hexadecimal digits: write 32 random bytes in that form`);
  return Buffer.from(digits, 'hex');
}

/** A bearer token: one line without blanks. */
export function readToken(file: string): string {
  const token = read(file, 'token').trim();
  if (!/^[\x21-\x7e]{16,1024}$/.test(token))
    throw new UsageError(
      `token ${file} is not one line of 16 to 1024 printable characters: write a random one`,
    );
  return token;
}

/** Refuses a secret that others than its owner may read. `flag` names where the user gave it. */
export function requirePrivate(flag: string, file: string): void {
  let mode: number;
  try {
    mode = statSync(file).mode & 0o777;
  } catch (error) {
    throw new UsageError(
      `${flag} ${file} can not be read (${codeOf(error)}): check its path and permissions`,
      {
        cause: error,
      },
    );
  }
  if ((mode & 0o077) !== 0)
    throw new UsageError(
      `${flag} ${file} has mode ${mode.toString(8)}: others may read it, run chmod 600 ${file}`,
    );
}
