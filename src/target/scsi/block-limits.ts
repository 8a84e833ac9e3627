/** How much one command may ask for. Shown in VPD page B0 and checked by each command (SBC-3 §6.6.4). */
export const sectorBytes = 512;
/** Exponent: 2^3 logical sectors to a physical block of 4096 bytes. */
export const sectorsPerPhysicalBlockExponent = 3;

export const blockLimits = {
  /** 8 MiB. */
  transferSectorsMax: 16_384,
  /** 256 KiB: what fits one burst. */
  transferSectorsBest: 512,
  /** 64 KiB. */
  compareSectorsMax: 128,
  /** 512 MiB in all descriptors of one UNMAP. */
  unmapSectorsMax: 1 << 20,
  unmapDescriptorsMax: 256,
  /** 16 MiB. */
  writeSameSectorsMax: 32_768,
} as const;
