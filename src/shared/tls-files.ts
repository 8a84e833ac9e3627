/** PEM files for TLS on replication and copy links, as a Secret has them; read again when they change. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Of the authority that has signed the certificates of all pools and targets. */
  readonly caFile: string;
}

/**
 * require: links are within TLS, or there are none. prefer: they are within TLS where the other end can, else as they are without,
 * so that pools and targets get TLS, or lose it, one after another while their volumes serve. It keeps nobody out.
 */
export const tlsModes = ['prefer', 'require'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** TLS on the links of a pool or a target. */
export interface TlsLinks extends TlsFiles {
  /** Absent: require. Taken from the changed file without a restart. */
  readonly mode?: TlsMode;
}
