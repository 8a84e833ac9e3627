/** The iSCSI target of one volume on a listening socket. */
import { createServer } from 'node:net';
import { assert } from '../shared/assert.ts';
import { formatEndpoint, listenOn, parseEndpoint } from '../shared/edge/endpoint.ts';
import type { TargetCounts } from './server-counters.ts';
import type { PortalOptions, SessionInfo } from './server-options.ts';
import { Portal } from './server-portal.ts';

export interface TargetServerOptions extends PortalOptions {
  /** HOST:PORT; port 0 takes a free one. */
  readonly listen: string;
}

export interface TargetServer {
  /** HOST:PORT that is really bound. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** Sessions in full feature phase. */
  sessions(): readonly SessionInfo[];
  /** Cuts the sessions of these initiators now; answers how many. */
  endSessionsOf(predicate: (initiator: string) => boolean): number;
  counters(): TargetCounts;
  /** After each login and end of a session; answers the unsubscription. */
  onSessions(listener: () => void): () => void;
  /** Takes no more connections, asks the initiators to log out, lets running commands end (both bounded), closes all. */
  stop(): Promise<void>;
}

/** Rejects with the system's error when the address can not be bound. */
export async function serveIscsi(options: TargetServerOptions): Promise<TargetServer> {
  const portal = new Portal(options);
  const server = createServer({ pauseOnConnect: true }, (socket) => portal.accept(socket));
  const bound = await listenOn(server, parseEndpoint(options.listen));
  assert(bound.kind === 'tcp', 'an iSCSI portal is a TCP address');
  return {
    address: formatEndpoint(bound),
    host: bound.host,
    port: bound.port,
    sessions: () => portal.sessions(),
    endSessionsOf: (predicate) => portal.endSessionsOf(predicate),
    counters: () => portal.counters.read(),
    onSessions: (listener) => portal.onSessions(listener),
    stop: () => {
      server.close();
      return portal.stop();
    },
  };
}
