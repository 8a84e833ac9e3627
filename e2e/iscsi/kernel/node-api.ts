/** As much of an API server as csi-node asks for: its own Node, over TLS as the service account of a pod. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { run } from '../../shell.ts';
import { machine } from './guest.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly message: string;
}

export class NodeApi {
  readonly nodeName = 'vm-node';
  readonly certificate: string;
  readonly #server: Server;
  #conditions: readonly Condition[] = [];

  private constructor(server: Server, certificate: string) {
    this.#server = server;
    this.certificate = certificate;
  }

  /** Files go to `folder`. */
  static async start(folder: string, port: number): Promise<NodeApi> {
    const [key, certificate] = [join(folder, 'api.key'), join(folder, 'api.crt')];
    const subject = ['-subj', '/CN=api', '-addext', `subjectAltName=IP:${machine}`];
    const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate];
    await run(['openssl', 'req', '-x509', '-days', '2', ...subject, ...made]);
    const cert = await readFile(certificate, 'utf8');
    const server = createServer({ key: await readFile(key), cert });
    const api = new NodeApi(server, cert);
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        const path = `/api/v1/nodes/${api.nodeName}`;
        const [asked] = request.url?.split('?') ?? [];
        if (request.method === 'PATCH' && asked === `${path}/status`) api.#take(body);
        else if (request.method !== 'GET' || asked !== path) response.statusCode = 404;
        response.end(JSON.stringify(response.statusCode === 404 ? api.#notFound() : api.#node()));
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  condition(type: string): Condition | undefined {
    return this.#conditions.find((condition) => condition.type === type);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(body: string): void {
    const { status } = JSON.parse(body) as { status: { conditions: readonly Condition[] } };
    this.#conditions = status.conditions;
  }
  #node() {
    const labels = { 'kubernetes.io/hostname': 'host-of-vm-node' };
    const status = { conditions: this.#conditions };
    return { apiVersion: 'v1', kind: 'Node', metadata: { name: this.nodeName, labels }, status };
  }
  #notFound() {
    return { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 };
  }
}
