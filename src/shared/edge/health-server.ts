/**
 * `/healthz`, `/readyz` and `/metrics` of every role, on port 9500 in a cluster.
 *
 *  - healthz: 200 while the process is able to do its work at all; the kubelet restarts it otherwise.
 *  - readyz: 200 when it can serve now; the body of a 503 says why not.
 */
import { createServer, type Server } from 'node:http';
import type { Registry } from '@prometheus-io/client';

export interface HealthChecks {
  /** Undefined when well, else one line that says what is wrong. */
  healthy(): string | undefined;
  ready(): string | undefined;
  readonly metrics: Registry;
}

/** Listens on host:port; the answer has been bound. Rejects with the system's error (EADDRINUSE, …). */
export function serveHealth(checks: HealthChecks, host: string, port: number): Promise<Server> {
  const answer = (problem: string | undefined) => ({
    status: problem === undefined ? 200 : 503,
    body: `${problem ?? 'ok'}\n`,
  });
  const server = createServer((request, response) => {
    const send = (status: number, body: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'content-type': type }).end(body);
    switch (request.url?.split('?')[0]) {
      case '/healthz': {
        const { status, body } = answer(checks.healthy());
        send(status, body);
        break;
      }
      case '/readyz': {
        const { status, body } = answer(checks.ready());
        send(status, body);
        break;
      }
      case '/metrics':
        checks.metrics.metrics().then(
          (text) => send(200, text, checks.metrics.contentType),
          (error: unknown) => send(500, `${String(error)}\n`),
        );
        break;
      default:
        send(404, 'try /healthz, /readyz or /metrics\n');
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}
