/** What the messages of a link have in common: their names by number, and what stands in a payload. */
import type { Fence } from './record.ts';
import { emptyFrame, WireError, type Frame } from './wire.ts';

/** The names of a table by their numbers. */
export function namesIn<K extends string>(table: Readonly<Record<K, number>>): readonly (K | undefined)[] {
  const names: (K | undefined)[] = Array.from({ length: 256 });
  for (const name in table) names[table[name]] = name;
  return names;
}

/** `what` it names, for who reads the error. Throws WireError when none has this number. */
export function nameOf<K extends string>(names: readonly (K | undefined)[], value: number, what: string): K {
  const name = names[value];
  if (name === undefined) throw new WireError(`no ${what} has number ${value}`);
  return name;
}

/** A frame with these fields, else empty. */
export const frame = (type: number, { epoch, nonce }: Fence, fields: Partial<Frame> = {}): Frame => ({
  ...emptyFrame(type),
  epoch,
  nonce,
  ...fields,
});

export const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

/** The fields that a payload must have; more are ignored. */
export type Fields = Readonly<Record<string, 'number' | 'string' | 'boolean' | 'object' | 'list'>>;

/** Throws WireError. */
export function parse<T>(payload: Uint8Array, fields: Fields): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString());
  } catch (error) {
    throw new WireError('a payload is no JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null) throw new WireError('a payload is no object');
  const given = new Map<string, unknown>(Object.entries(value));
  for (const [name, kind] of Object.entries(fields)) {
    const field = given.get(name);
    const fits = kind === 'list' ? Array.isArray(field) : typeof field === kind && field !== null;
    if (!fits) throw new WireError(`${name} is not a ${kind} in a payload`);
  }
  return value as T;
}

/** A number that found no place in the header: 8 bytes of payload, as a double, which holds it exactly. */
export function putId(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

/** Throws WireError. */
export function takeId(payload: Uint8Array): number {
  if (payload.byteLength !== 8) throw new WireError('a payload should be one number');
  const value = new DataView(payload.buffer, payload.byteOffset, 8).getFloat64(0, true);
  if (!Number.isSafeInteger(value) || value < 0) throw new WireError('a payload should be a whole number');
  return value;
}
