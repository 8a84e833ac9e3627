/** CRC32C of `bytes`, continuing from `seed` (the CRC of what came before; 0 at the start). */
export type Crc32c = (bytes: Uint8Array, seed?: number) => number;

/** Which of the two digests a connection uses; both off until the login is over (RFC 7143 §13.1). */
export interface Digests {
  readonly header: boolean;
  readonly data: boolean;
}
export const noDigests: Digests = { header: false, data: false };
export const digestBytes = 4;
