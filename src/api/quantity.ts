/**
 * Kubernetes quantities as bytes. A quantity is a decimal number with a decimal suffix (k M G T P E), a binary one
 * (Ki … Ei), an exponent (5e9) or a fraction of one (n u m); the API server hands it out as it was written, or as a bare
 * number. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** The text is no quantity, or no size: negative, or beyond 2^53−1 bytes. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const form = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?$/;

/** Multiplier of a suffix as a fraction of integers. */
function multiplier(suffix: string): readonly [numerator: bigint, denominator: bigint] {
  const fraction = ['m', 'u', 'n'].indexOf(suffix);
  if (fraction >= 0) return [1n, 1000n ** BigInt(fraction + 1)];
  if (binary.includes(suffix)) return [1024n ** BigInt(binary.indexOf(suffix)), 1n];
  if (decimal.includes(suffix)) return [1000n ** BigInt(decimal.indexOf(suffix)), 1n];
  const exponent = Number(suffix.slice(1));
  return exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n];
}

/** Bytes, rounded up to a whole one as the API server does. Throws QuantityError. */
export function parseQuantity(quantity: string | number): number {
  const match = form.exec(String(quantity));
  if (!match)
    throw new QuantityError(`"${quantity}" is no quantity: write a number with a unit, such as 5Gi`);
  const [, sign, number = '', suffix = ''] = match;
  const [whole = '', digits = ''] = number.split('.');
  const mantissa = BigInt(`${whole}${digits}`);
  if (sign === '-' && mantissa > 0n) throw new QuantityError(`"${quantity}" is negative: a size is not`);
  const [numerator, suffixDenominator] = multiplier(suffix);
  const denominator = suffixDenominator * 10n ** BigInt(digits.length);
  const bytes = (mantissa * numerator + denominator - 1n) / denominator;
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw new QuantityError(`"${quantity}" is more than 8Pi`);
  return Number(bytes);
}

function withLargestUnit(bytes: number, step: number, units: readonly string[]): string {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new QuantityError(`${bytes} is no number of bytes`);
  let [rest, unit] = [bytes, 0];
  while (rest > 0 && rest % step === 0 && unit < units.length - 1) [rest, unit] = [rest / step, unit + 1];
  return `${rest}${units[unit]}`;
}

/** Exactly these bytes with a decimal unit, the canonical form of cStor's columns: 28800M, 9630098k, 5368709120. */
export const formatQuantity = (bytes: number): string => withLargestUnit(bytes, 1000, decimal);

/** Exactly these bytes with a binary unit: 5Gi, 1536Mi. */
export const formatBinaryQuantity = (bytes: number): string => withLargestUnit(bytes, 1024, binary);

/** Space of a pool, rounded down to whole kB so that columns stay short: 9630098k. */
export const formatSpace = (bytes: number): string =>
  formatQuantity(bytes >= 1_000_000 ? bytes - (bytes % 1000) : bytes);

/** Space of a replica in three digits and a binary unit, as ZFS prints it: 0, 6K, 1.48G, 102M. */
export function formatShort(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T', 'P'];
  let [rest, unit] = [bytes, 0];
  while (rest >= 1024 && unit < units.length - 1) [rest, unit] = [rest / 1024, unit + 1];
  const digits = Number.isInteger(rest) || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)}${units[unit]}`;
}
