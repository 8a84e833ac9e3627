/** zstd by Node's own library, for volumes that ask for it (the port: engine/volume/volume-core.ts). */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Zstd } from '../engine/volume/volume-core.ts';

export const nodeZstd: Zstd = {
  compress(plain, level, lengthMax) {
    const stored = zstdCompressSync(plain, {
      params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 0 },
    });
    return stored.byteLength < lengthMax ? stored : undefined;
  },
  decompress(stored, length) {
    try {
      const plain = zstdDecompressSync(stored, { maxOutputLength: length });
      return plain.byteLength === length ? plain : undefined;
    } catch (error) {
      if (isDamage(error)) return undefined;
      throw error;
    }
  },
};

const isDamage = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (/^Z(STD)?_/.test(String(error.code)) || error.code === 'ERR_BUFFER_TOO_LARGE');
