/**
 * What a mounted configuration file may hold. A shape turns what JSON.parse gave into a typed value, or says which
 * field is wrong, what stands there and what belongs there. (ajv would cost a target 11 MB of memory for three files.)
 */
import { UsageError } from './exit-codes.ts';

/** Reads a value; `field` is where it stands, for the message of the UsageError it throws. */
export type Shape<T> = (value: unknown, field: string) => T;
export type ValueOf<S> = S extends Shape<infer T> ? T : never;

const shown = (value: unknown) => {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

function wrong(field: string, value: unknown, remedy: string): never {
  throw new UsageError(
    value === undefined ? `${field} is missing: ${remedy}` : `${field} is ${shown(value)}: ${remedy}`,
  );
}

/** A string that is not empty; `remedy` completes the message, `pattern` narrows it. */
export const text =
  (remedy = 'give a text', pattern = /./): Shape<string> =>
  (value, field) =>
    typeof value === 'string' && pattern.test(value) ? value : wrong(field, value, remedy);

/** A whole number. */
export const integer =
  (min: number, max: number): Shape<number> =>
  (value, field) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : wrong(field, value, `give a whole number from ${min} to ${max}`);

export const flag: Shape<boolean> = (value, field) =>
  typeof value === 'boolean' ? value : wrong(field, value, 'give true or false');

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Shape<T> =>
  (value, field) =>
    allowed.find((item) => item === value) ?? wrong(field, value, `give one of ${allowed.join(', ')}`);

export const list =
  <T>(item: Shape<T>, min = 0): Shape<readonly T[]> =>
  (value, field) => {
    if (!Array.isArray(value) || value.length < min)
      return wrong(field, value, min === 0 ? 'give a list' : `give a list of at least ${min}`);
    return value.map((element, i) => item(element, `${field}[${i}]`));
  };

export const record =
  <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> =>
  (value, field) =>
    Object.fromEntries(entriesOf(value, field).map(([key, v]) => [key, item(v, `${field}.${key}`)]));

interface Optional<T> {
  readonly optional: Shape<T>;
}
/** A field that may be absent; then it is absent from the result too. */
export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });

type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;
type ObjectOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Optional<unknown> ? never : K]: ValueOf<F[K]>;
} & {
  readonly [K in keyof F as F[K] extends Optional<unknown> ? K : never]?: F[K] extends Optional<infer T>
    ? T
    : never;
};

/** An object of these fields. Others are refused: a misspelt optional field must not pass for an absent one. */
export const object =
  <const F extends Fields>(fields: F): Shape<ObjectOf<F>> =>
  (value, field) => {
    const given = entriesOf(value, field);
    for (const [key, v] of given)
      if (!Object.hasOwn(fields, key))
        wrong(join(field, key), v, `remove it, or use one of ${Object.keys(fields).join(', ')}`);
    const byName = new Map(given);
    const result = Object.entries(fields).flatMap(([key, shape]): [string, unknown][] => {
      const v = byName.get(key);
      if (typeof shape === 'function') return [[key, shape(v, join(field, key))]];
      return v === undefined ? [] : [[key, shape.optional(v, join(field, key))]];
    });
    return Object.fromEntries(result) as ObjectOf<F>;
  };

const join = (field: string, key: string) => (field === '' ? key : `${field}.${key}`);

function entriesOf(value: unknown, field: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return wrong(field === '' ? 'the whole' : field, value, 'give an object');
  return Object.entries(value);
}
