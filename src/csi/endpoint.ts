/** Addresses of CSI sockets, as sidecars write them: `unix:///csi/csi.sock`. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { socketPathBytesMax } from '../shared/edge/endpoint.ts';
import { UsageError } from '../shared/exit-codes.ts';

/** The path of a socket's address; throws UsageError that names `flag`. */
export function socketPath(flag: string, address: string): string {
  const [, path = ''] = /^unix:(?:\/\/)?(\/[^/].*)$/.exec(address) ?? [];
  if (path === '' || Buffer.byteLength(path) > socketPathBytesMax)
    throw new UsageError(
      `${flag} ${address} is no socket: give unix:///PATH with a path of at most ${socketPathBytesMax} bytes`,
    );
  return path;
}

/** `unix:PATH` for serveGrpc, its folder made. */
export function listenAddress(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  return `unix:${path}`;
}
