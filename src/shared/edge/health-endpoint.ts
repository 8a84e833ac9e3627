/** The HTTP listener of a role, if it is configured to have one. */
import { listening, parseEndpoint } from './endpoint.ts';
import { UsageError } from '../exit-codes.ts';
import { serveHealth, type HealthChecks } from './health-server.ts';

export interface HealthEndpoint {
  stop(): Promise<void>;
}

/**
 * `listen` is HOST:PORT; absent: no listener, and `checks` is not called (it may load the metrics library, which costs
 * 20 MB). Rejects with UsageError or the system's error.
 */
export async function openHealth(
  listen: string | undefined,
  checks: () => Promise<HealthChecks>,
): Promise<HealthEndpoint> {
  if (listen === undefined) return { stop: () => Promise.resolve() };
  const endpoint = parseEndpoint(listen);
  if (endpoint.kind === 'unix') throw new UsageError(`listen.http ${listen} is no HOST:PORT: give one`);
  const server = await listening(
    'listen.http',
    listen,
    serveHealth(await checks(), endpoint.host, endpoint.port),
  );
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // A scraper that keeps its connection open must not hold up the end.
        server.closeAllConnections();
      }),
  };
}
