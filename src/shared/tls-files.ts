/** PEM files for TLS on replication and copy links, as a Secret has them; read again when they change. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Of the authority that has signed the certificates of all pools and targets. */
  readonly caFile: string;
}
