/**
 * TLS on the links between targets and pools: both ends show a certificate of one authority. Who an end is, the key of the
 * link proves (replication/handshake.ts), over what only the two ends of this very session can know: nobody can stand between
 * them, not even with a certificate of that authority.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';
import { tlsModes, type TlsFiles, type TlsLinks, type TlsMode } from '../tls-files.ts';
import { UsageError } from '../exit-codes.ts';
import type { Log } from '../log.ts';
import { object, oneOf, optional, text, type Shape } from '../shape.ts';
import { connectTo, type Endpoint } from './endpoint.ts';
import { watchContent, type Watching } from './file-watch.ts';

const file = text('give the path of a file');
export const tlsLinksShape: Shape<TlsLinks> = object({
  certFile: file,
  keyFile: file,
  caFile: file,
  mode: optional(oneOf(...tlsModes)),
});

/** TLS 1.3 alone: what a session exports is then bound to all of its handshake (RFC 8446 §7.5). */
const always = { minVersion: 'TLSv1.3' } as const;
const ofTime = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const handshakeMsMax = 5_000;
const bindingLabel = 'EXPORTER-caskade-link-v1';
const bindingBytes = 32;

export interface AcceptedTls {
  known(socket: TLSSocket, binding: Uint8Array): void;
  /** It speaks no TLS, or its certificate is not of our authority; it is closed. */
  refused(): void;
}

export class LinkTls {
  readonly #files: TlsFiles;
  readonly #log: Log;
  readonly #watching: readonly Watching[];
  readonly #required = new Set<() => void>();
  #credentials: Credentials;
  #mode: TlsMode;

  /** Looks at the files every `lookMs`. Throws UsageError when they can not be used now. */
  constructor(files: TlsLinks, lookMs: number, log: Log) {
    this.#files = files;
    this.#mode = modeOf(files);
    this.#log = log;
    this.#credentials = readCredentials(files);
    const paths = [files.certFile, files.keyFile, files.caFile];
    this.#watching = paths.map((path) => watchContent(path, lookMs, () => this.#reload()));
  }

  get mode(): TlsMode {
    return this.#mode;
  }

  /** What the changed configuration says. Who holds links without TLS that may not be any more hears of it. */
  setMode(links: TlsLinks): void {
    const mode = modeOf(links);
    if (mode === this.#mode) return;
    this.#mode = mode;
    this.#log.info('links: mode of TLS', { mode });
    if (mode === 'require') for (const listener of this.#required) listener();
  }

  /** Told when links without TLS have to end; the answer ends that. */
  onRequired(listener: () => void): () => void {
    this.#required.add(listener);
    return () => void this.#required.delete(listener);
  }

  /** A connection that is being made; at its 'secureConnect' ask `bindingOf` whether to believe the other end. */
  dial(endpoint: Endpoint): TLSSocket {
    // No name is compared: certificates are of an installation, and addresses of pods come and go.
    return connect({
      ...connectTo(endpoint),
      ...this.#credentials.context,
      ...always,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
  }

  /** The other end of a connection that was accepted begins a handshake; `to` hears once what came of it. */
  accept(accepted: Socket, to: AcceptedTls): void {
    // A server for each, which never listens: what it tells is then of this connection, and by the certificates of now.
    const server = createServer({
      ...this.#credentials.context,
      ...always,
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeMsMax,
      noDelay: true,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const binding = this.bindingOf(socket);
      if (binding) return to.known(socket, binding);
      to.refused();
      socket.destroy();
    });
    server.on('tlsClientError', () => to.refused());
    server.emit('connection', accepted);
  }

  /**
   * What both ends of this session know, and nobody else; undefined where the other end shows no certificate of our authority.
   * One whose time is over, or by a wrong clock not begun, is believed and logged: volumes do not stop because nobody
   * renews certificates, and who an end is, its key proves.
   */
  bindingOf(socket: TLSSocket): Uint8Array | undefined {
    if (!socket.authorized && !this.#isOnlyOfTime(socket)) return undefined;
    return socket.exportKeyingMaterial(bindingBytes, bindingLabel, Buffer.alloc(0));
  }

  /**
   * OpenSSL tells of the last fault that it finds, and goes on after the first: that the authority itself has signed the
   * certificate is looked at here once more.
   */
  #isOnlyOfTime(socket: TLSSocket): boolean {
    const error: unknown = socket.authorizationError;
    const code = String(error instanceof Error ? error.message : error);
    if (!ofTime.has(code)) return false;
    const shown = socket.getPeerX509Certificate();
    const signed = (by: X509Certificate) => shown?.checkIssued(by) === true && shown.verify(by.publicKey);
    if (!shown || !this.#credentials.authorities.some(signed)) return false;
    const { subject, validTo } = shown;
    this.#log.warn('the certificate of a link has expired, or its authority has: exchange it', {
      subject,
      validTo,
    });
    return true;
  }

  /** Ends the looking at files. */
  stop(): void {
    for (const each of this.#watching) each.stop();
  }

  #reload(): void {
    try {
      this.#credentials = readCredentials(this.#files);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#log.error('the certificates of the links can not be used: those read before stay', { error });
      return;
    }
    this.#log.info('certificates of the links read again');
  }
}

const modeOf = ({ mode = 'require' }: TlsLinks): TlsMode => mode;

/** Whether a connection ended because the other end speaks no TLS, or does not believe our certificate. */
export const isTlsRefusal = (error: Error): boolean =>
  'code' in error && String(error.code).startsWith('ERR_SSL_');

interface Credentials {
  readonly context: SecureContextOptions;
  /** All that `ca` holds. */
  readonly authorities: readonly X509Certificate[];
}

const certificatePem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const certificatesIn = (pem: Buffer): X509Certificate[] =>
  [...pem.toString('latin1').matchAll(certificatePem)].map(([one]) => new X509Certificate(one));

/** Throws UsageError that names the file; never what is in it. */
function readCredentials({ certFile, keyFile, caFile }: TlsFiles): Credentials {
  const read = <T>(path: string, what: string, parse: (pem: Buffer) => T): Buffer => {
    try {
      const pem = readFileSync(path);
      parse(pem);
      return pem;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new UsageError(
        `${what} ${path} can not be used (${code}): give a PEM file that this user may read`,
      );
    }
  };
  const cert = read(certFile, 'certificate', (pem) => new X509Certificate(pem));
  const key = read(keyFile, 'key', (pem) => createPrivateKey(pem));
  const ca = read(caFile, 'authority', (pem) => [new X509Certificate(pem), ...certificatesIn(pem)]);
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    throw new UsageError(`key ${keyFile} is not that of certificate ${certFile}: give both of one pair`);
  return { context: { cert, key, ca }, authorities: certificatesIn(ca) };
}
