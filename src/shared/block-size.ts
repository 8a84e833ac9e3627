/** The block of pools and of replication entries: every entry covers whole blocks of this size. */
export const blockBytes = 4096;
/** The logical sector that initiators see. */
export const sectorBytes = 512;
