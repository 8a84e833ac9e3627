/**
 * Where a process listens or dials: `HOST:PORT`, `[IPv6]:PORT` or `unix:PATH`. Every address of a configuration file and
 * of the command line is one of these.
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, type NetConnectOpts, type Server } from 'node:net';
import { UsageError } from '../exit-codes.ts';

export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** sockaddr_un holds 108 bytes, the closing zero included. */
export const socketPathBytesMax = 107;

/** Throws UsageError that names the text and the remedy. */
export function parseEndpoint(text: string): Endpoint {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    const bytes = Buffer.byteLength(path);
    if (bytes === 0 || bytes > socketPathBytesMax)
      throw new UsageError(
        `address ${text} has a path of ${bytes} bytes: use one of 1 to ${socketPathBytesMax}`,
      );
    return { kind: 'unix', path };
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || host === '' || port > 65_535)
    throw new UsageError(`address ${text} is not HOST:PORT: give for example 127.0.0.1:3260`);
  return { kind: 'tcp', host, port };
}

export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path}`;
  return `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

/** What net.connect takes. */
export function connectTo(endpoint: Endpoint): NetConnectOpts {
  return endpoint.kind === 'unix' ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
}

/**
 * Listens and answers the address that was bound (port 0 lets the kernel choose). A socket file that nobody listens on is
 * replaced; ours has mode 600. Rejects with the system's error (EADDRINUSE, …).
 */
export async function listenOn(server: Server, endpoint: Endpoint): Promise<Endpoint> {
  if (endpoint.kind === 'unix') await removeStaleSocket(endpoint.path);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      endpoint.kind === 'unix' ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port },
      () => {
        server.off('error', reject);
        resolve();
      },
    );
  });
  if (endpoint.kind === 'unix') {
    chmodSync(endpoint.path, 0o600);
    return endpoint;
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return endpoint;
  return { kind: 'tcp', host: endpoint.host, port: bound.port };
}

/** Removes the socket file at `path` unless somebody listens on it; rejects with EADDRINUSE then. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (await answers({ kind: 'unix', path }))
    throw Object.assign(new Error(`${path} is in use`), { code: 'EADDRINUSE' });
  rmSync(path, { force: true });
}

/** Whether somebody accepts connections there now. */
export function answers(endpoint: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(connectTo(endpoint));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** What is wrong with an address that could not be listened on, and what to do, by the system's code. */
const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: stop the program that listens there or choose another',
  EADDRNOTAVAIL: 'is no address of this machine: use one that is, like 127.0.0.1 or 0.0.0.0',
  EACCES: 'is not allowed for this user: choose a port above 1023',
  ENOTFOUND: 'has a host name that does not resolve: use an IP address',
};

/** Turns the refusals of listening that the user can mend into a UsageError that names `flag`. */
export async function listening<T>(flag: string, address: string, listen: Promise<T>): Promise<T> {
  try {
    return await listen;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const remedy = remedies[code];
    if (remedy === undefined) throw error;
    throw new UsageError(`${flag} ${address} ${remedy}`, { cause: error });
  }
}
