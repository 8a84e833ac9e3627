/** The `key=value` lists in the data segments of login and text PDUs (RFC 7143 §6.1). */

/** Longest `key=value` list of one exchange; far above what a login needs. */
export const textBytesMax = 65_536;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

const keyPattern = /^[A-Za-z][A-Za-z0-9.\-+@_#]{0,62}$/;

/** The pairs in order, or undefined when the segment is no such list. */
export function parseKeys(data: Uint8Array): readonly KeyValue[] | undefined {
  const text = new TextDecoder('utf-8', { fatal: false }).decode(data);
  const pairs: KeyValue[] = [];
  for (const item of text.split('\0')) {
    if (item === '') continue;
    const cut = item.indexOf('=');
    const key = item.slice(0, Math.max(cut, 0));
    if (!keyPattern.test(key)) return undefined;
    pairs.push({ key, value: item.slice(cut + 1) });
  }
  return pairs;
}

export function encodeKeys(pairs: readonly KeyValue[]): Uint8Array {
  return new TextEncoder().encode(pairs.map(({ key, value }) => `${key}=${value}\0`).join(''));
}

/** Collects a list that comes in several PDUs (the C bit); the sum is bounded. */
export class TextCollector {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** False: too long. */
  add(data: Uint8Array): boolean {
    this.#bytes += data.byteLength;
    this.#parts.push(data);
    return this.#bytes <= textBytesMax && this.#parts.length <= 256;
  }

  take(): Uint8Array {
    const whole = new Uint8Array(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#bytes = 0;
    return whole;
  }
}
