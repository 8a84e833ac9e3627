/**
 * TLS on the links between targets and pools: both ends show a certificate of one authority. Who an end is, the key of the
 * link proves (replication/handshake.ts), over what only the two ends of this very session can know: nobody can stand between
 * them, not even with a certificate of that authority.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { connect, createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { TlsFiles } from '../tls-files.ts';
import { UsageError } from '../exit-codes.ts';
import type { Log } from '../log.ts';
import { object, text, type Shape } from '../shape.ts';
import { connectTo, type Endpoint } from './endpoint.ts';
import { watchContent, type Watching } from './file-watch.ts';

const file = text('give the path of a file');
export const tlsFilesShape: Shape<TlsFiles> = object({ certFile: file, keyFile: file, caFile: file });

/** TLS 1.3 alone: what a session exports is then bound to all of its handshake (RFC 8446 §7.5). */
const always = { minVersion: 'TLSv1.3', rejectUnauthorized: true } as const;
const handshakeMsMax = 5_000;
const bindingLabel = 'EXPORTER-caskade-link-v1';
const bindingBytes = 32;

/** What both ends of this session know, and nobody else. */
export const bindingOf = (socket: TLSSocket): Uint8Array =>
  socket.exportKeyingMaterial(bindingBytes, bindingLabel, Buffer.alloc(0));

export class LinkTls {
  readonly #files: TlsFiles;
  readonly #log: Log;
  readonly #watching: readonly Watching[];
  readonly #servers = new Set<ReturnType<typeof createServer>>();
  #credentials: SecureContextOptions;

  /** Looks at the files every `lookMs`. Throws UsageError when they can not be used now. */
  constructor(files: TlsFiles, lookMs: number, log: Log) {
    this.#files = files;
    this.#log = log;
    this.#credentials = readCredentials(files);
    const paths = [files.certFile, files.keyFile, files.caFile];
    this.#watching = paths.map((path) => watchContent(path, lookMs, () => this.#reload()));
  }

  /** A connection that is being made; 'secureConnect' tells that the other end is of the same authority. */
  dial(endpoint: Endpoint): TLSSocket {
    // No name is compared: certificates are of an installation, and addresses of pods come and go.
    return connect({
      ...connectTo(endpoint),
      ...this.#credentials,
      ...always,
      checkServerIdentity: () => undefined,
    });
  }

  /** 'secureConnection' tells of callers of the same authority, 'tlsClientError' of others. */
  server(): Server {
    const server = createServer({
      ...this.#credentials,
      ...always,
      requestCert: true,
      handshakeTimeout: handshakeMsMax,
      noDelay: true,
    });
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
    return server;
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
    for (const server of this.#servers) server.setSecureContext({ ...this.#credentials, ...always });
    this.#log.info('certificates of the links read again');
  }
}

/** Whether a connection ended because the other end speaks no TLS, or shows a certificate that is not believed. */
export function isTlsRefusal(socket: Socket, error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  const refused: unknown = Reflect.get(socket, 'authorizationError');
  return code.startsWith('ERR_SSL_') || (refused !== undefined && refused !== null);
}

/** Throws UsageError that names the file; never what is in it. */
function readCredentials({ certFile, keyFile, caFile }: TlsFiles): SecureContextOptions {
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
  const ca = read(caFile, 'authority', (pem) => new X509Certificate(pem));
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
    throw new UsageError(`key ${keyFile} is not that of certificate ${certFile}: give both of one pair`);
  return { cert, key, ca };
}
