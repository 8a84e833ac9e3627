/** Sizes as people write them. */
import { UsageError } from './exit-codes.ts';

const binary: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/**
 * Bytes of `64M`, `64Mi`, `1G`, `1Gi`, `1.5T` or `4096`. K, M, G and T are powers of 1024, with or without the i; a
 * trailing B is allowed. Throws UsageError that names `flag`, the text and the remedy.
 */
export function parseSize(flag: string, text: string): number {
  const [, number, prefix = ''] = /^(\d+(?:\.\d+)?)(?:([KMGT])i?)?B?$/i.exec(text.trim()) ?? [];
  const bytes = Number(number) * (binary[prefix.toUpperCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes <= 0)
    throw new UsageError(
      `${flag} ${text} is no size: give bytes or a number with K, M, G or T, like 64M or 1Gi`,
    );
  return bytes;
}

/** The shortest exact spelling with a binary unit: 1073741824 is `1Gi`. */
export function formatSize(bytes: number): string {
  for (const unit of ['T', 'G', 'M', 'K'])
    if (bytes >= (binary[unit] ?? 0) && bytes % (binary[unit] ?? 1) === 0)
      return `${bytes / (binary[unit] ?? 1)}${unit}i`;
  return String(bytes);
}
