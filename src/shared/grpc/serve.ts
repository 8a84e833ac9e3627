/** A gRPC server of any role: on HOST:PORT or on a unix socket, with bounded messages and an orderly stop. */
import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { chmodSync, rmSync } from 'node:fs';
import { formatEndpoint, parseEndpoint, removeStaleSocket } from '../edge/endpoint.ts';
import { requireBearer } from './bearer.ts';

export interface GrpcOptions {
  /** HOST:PORT (port 0: the kernel chooses) or unix:PATH. */
  readonly listen: string;
  /** The bearer token that every call must carry; absent: no check (a socket that only root reaches). */
  readonly token?: string | undefined;
  /** Adds the services: `(server) => server.addService(Pool.service, { ...handlers })`. */
  readonly add: (server: Server) => void;
}

export interface GrpcServer {
  /** What was bound, in the form of `listen`. */
  readonly address: string;
  /** Refuses new calls, lets running ones end for `graceMs`, then ends them. */
  stop(graceMs?: number): Promise<void>;
}

/** No message of ours is larger: chunks of ReadReplica are 1 MiB, lists of a pool's replicas some hundred KiB. */
export const messageBytesMax = 4 * 1024 * 1024;
const streamsMax = 256;

/** Answers when it listens; rejects with the system's error (EADDRINUSE, …). */
export async function serveGrpc(options: GrpcOptions): Promise<GrpcServer> {
  // Its failures reach us as rejections and statuses; its own lines would break the JSON of our logs.
  setLogVerbosity(logVerbosity.NONE);
  const endpoint = parseEndpoint(options.listen);
  if (endpoint.kind === 'unix') await removeStaleSocket(endpoint.path);
  const server = new Server({
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.max_concurrent_streams': streamsMax,
    // A client that vanished without a FIN is noticed, and its stream does not stay open for ever.
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 10_000,
    interceptors: options.token === undefined ? [] : [requireBearer(options.token)],
  });
  options.add(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatEndpoint(endpoint), ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(withCode(error)),
    );
  });
  if (endpoint.kind === 'unix') chmodSync(endpoint.path, 0o600);
  return {
    address: formatEndpoint(endpoint.kind === 'tcp' ? { ...endpoint, port } : endpoint),
    async stop(graceMs = 1_000) {
      await shutDown(server, graceMs);
      if (endpoint.kind === 'unix') rmSync(endpoint.path, { force: true });
    },
  };
}

/** grpc-js hides the system's code in its text. */
function withCode(error: Error): Error {
  const code = /\bE[A-Z]{3,}\b/.exec(error.message)?.[0];
  return code === undefined ? error : Object.assign(error, { code });
}

function shutDown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
