/**
 * Options of a command as a table: the parser, `--help` and docs read the same one. Long options only, `--name VALUE`
 * or `--name=VALUE`; each at most once unless the table says `many`.
 */
import { parseArgs } from 'node:util';
import { UsageError } from '../exit-codes.ts';

export interface Flag {
  /** How the value is written in the help; absent: a switch without value. */
  readonly value?: string;
  readonly does: string;
  readonly required?: true;
}
export type Flags = Readonly<Record<string, Flag>>;

export type FlagValues<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { readonly value: string }
    ? F[K] extends { readonly required: true }
      ? string
      : string | undefined
    : boolean;
};

export interface Command<F extends Flags> {
  /** `caskade local status`. */
  readonly name: string;
  readonly does: string;
  /** Names of arguments without a flag, all required. */
  readonly operands?: readonly string[];
  /** Name of what may stand behind them any number of times, once at least. */
  readonly rest?: string;
  readonly flags: F;
}

export interface Parsed<F extends Flags> {
  readonly flags: FlagValues<F>;
  readonly operands: readonly string[];
}

/** Throws UsageError; answers undefined when `--help` was asked for, which the caller prints. */
export function parseFlags<const F extends Flags>(
  command: Command<F>,
  argv: readonly string[],
): Parsed<F> | undefined {
  const options = Object.fromEntries(
    Object.entries(command.flags).map(([name, flag]) => [
      name,
      { type: flag.value === undefined ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: 'boolean' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const see = `see ${command.name} --help`;
  const values = new Map<string, string | boolean>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return undefined;
    const flag = Object.hasOwn(command.flags, token.name) ? command.flags[token.name] : undefined;
    if (flag === undefined) throw new UsageError(`option ${token.rawName} is unknown: ${see}`);
    if (values.has(token.name)) throw new UsageError(`option ${token.rawName} stands twice: give it once`);
    if (flag.value === undefined && token.value !== undefined)
      throw new UsageError(`option ${token.rawName} ${token.value}: it takes no value, leave it out`);
    if (flag.value !== undefined && (token.value === undefined || token.value === ''))
      throw new UsageError(`option ${token.rawName} has no value: give ${token.rawName} ${flag.value}`);
    values.set(token.name, token.value ?? true);
  }
  const wanted = [...(command.operands ?? []), ...(command.rest === undefined ? [] : [command.rest])];
  if (operands.length < wanted.length) throw new UsageError(`${wanted[operands.length]} is missing: ${see}`);
  if (operands.length > wanted.length && command.rest === undefined)
    throw new UsageError(`argument ${operands[wanted.length]} is one too many: ${see}`);
  for (const [name, flag] of Object.entries(command.flags))
    if (flag.required && !values.has(name))
      throw new UsageError(`option --${name} is missing: give --${name} ${flag.value}`);
  const given = Object.entries(command.flags).map(([name, flag]) => [
    name,
    values.get(name) ?? (flag.value === undefined ? false : undefined),
  ]);
  return { flags: Object.fromEntries(given) as FlagValues<F>, operands };
}

const operandsOf = ({ operands = [], rest }: Command<Flags>): readonly string[] =>
  rest === undefined ? operands : [...operands, `${rest}…`];

/** The text of `--help`. */
export function helpOf(command: Command<Flags>): string {
  const rows = Object.entries(command.flags).map(
    ([name, flag]) => [`--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`, flag] as const,
  );
  const width = Math.max(...rows.map(([left]) => left.length), 0) + 2;
  return [
    `usage: ${[command.name, ...operandsOf(command), rows.length > 0 ? '[OPTIONS]' : ''].join(' ').trim()}`,
    command.does,
    ...rows.map(([left, flag]) => `  ${left.padEnd(width)}${flag.does}${flag.required ? ' (required)' : ''}`),
  ].join('\n');
}

/** A whole number given with a flag. */
export function parseCount(flag: string, text: string, min: number, max: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= min && count <= max))
    throw new UsageError(`${flag} ${text} is out of range: give a whole number from ${min} to ${max}`);
  return count;
}
