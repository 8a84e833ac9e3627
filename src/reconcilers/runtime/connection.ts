/**
 * HTTP to the API server. Requests are Node's own, so that each has a deadline and a watch can be guarded against a
 * connection that died without a word.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { systemClock } from '../../shared/edge/system-clock.ts';
import {
  AccessError,
  accessFromEnvironment,
  accessOfKubeconfig,
  type Access,
  type AccessSource,
} from './access.ts';
import { apiError, ApiUnreachable } from './api-error.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
  /** From start to the last byte; of a watch: to the header. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the client and the reflectors need; tests put another one in its place. */
export interface ApiConnection {
  /** The JSON body. Throws ApiError or ApiUnreachable. */
  send(request: ApiRequest): Promise<unknown>;
  /**
   * The lines of a watch, each a JSON value. Ends when the server ends it; throws ApiError, or ApiUnreachable when the
   * connection breaks or nothing comes for `silenceMs`.
   */
  watch(request: ApiRequest, silenceMs: number): AsyncIterable<unknown>;
  close(): void;
}

/** A list page of 500 objects of 1.5 MB, etcd's limit, is not to be expected; an answer without end is not to be read. */
const bodyBytesMax = 512 * 1024 * 1024;
/** An event carries one object. */
const lineBytesMax = 16 * 1024 * 1024;

const agentOptions = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets: 64, scheduling: 'lifo' } as const;

export class KubeConnection implements ApiConnection {
  readonly #access: AccessSource;
  readonly #agents = { 'https:': new HttpsAgent(agentOptions), 'http:': new HttpAgent(agentOptions) };

  constructor(access: AccessSource) {
    this.#access = access;
  }

  /** With $KUBECONFIG, as the service account of the pod, or with ~/.kube/config, in this order. */
  static fromEnvironment(): KubeConnection {
    return new KubeConnection(accessFromEnvironment(systemClock));
  }

  static fromFile(path: string): KubeConnection {
    return new KubeConnection(accessOfKubeconfig(path));
  }

  async send(request: ApiRequest): Promise<unknown> {
    const signal = withDeadline(request);
    const response = await this.#open(request, signal);
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.byteLength;
        if (bytes > bodyBytesMax) throw new ApiUnreachable(`${request.path}: the answer has no end`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw unreachable(request, error, signal);
    }
    return parsed(request, response, Buffer.concat(chunks).toString('utf8'));
  }

  async *watch(request: ApiRequest, silenceMs: number): AsyncGenerator<unknown> {
    const silence = new AbortController();
    const open = new AbortController();
    const signals = [silence.signal, open.signal, ...(request.signal === undefined ? [] : [request.signal])];
    const signal = AbortSignal.any(signals);
    const deadline = setTimeout(() => open.abort(new Error('deadline')), request.deadlineMs);
    let guard: NodeJS.Timeout | undefined;
    try {
      const response = await this.#open({ ...request, signal }, signal);
      clearTimeout(deadline);
      if (response.statusCode !== 200) {
        let body = '';
        for await (const chunk of response as AsyncIterable<Buffer>) body += chunk.toString('utf8');
        parsed(request, response, body);
      }
      guard = setTimeout(() => silence.abort(new Error(`nothing came for ${silenceMs} ms`)), silenceMs);
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of response as AsyncIterable<Buffer>) {
        guard.refresh();
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > lineBytesMax) throw new ApiUnreachable(`${request.path}: an event has no end`);
        for (const line of lines) if (line !== '') yield JSON.parse(line);
      }
    } catch (error) {
      throw unreachable(request, error, signal);
    } finally {
      clearTimeout(deadline);
      clearTimeout(guard);
      open.abort(new Error('ended'));
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  /** The answer, when its header is there. */
  async #open(request: ApiRequest, signal: AbortSignal): Promise<IncomingMessage> {
    let access: Access;
    try {
      access = await this.#access();
    } catch (error) {
      if (error instanceof AccessError) throw error;
      throw unreachable(request, error, signal); // a token command that fails, a file that is being replaced
    }
    const { server, options } = access;
    const protocol = server.protocol === 'http:' ? 'http:' : 'https:';
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers = {
      ...(options.headers as Record<string, string>),
      accept: 'application/json',
      'user-agent': 'caskade',
      ...(body === undefined
        ? {}
        : {
            'content-type': request.contentType ?? 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
    };
    const url = new URL(`${server.pathname.replace(/\/$/, '')}${request.path}`, server);
    const agent = access.agent ?? this.#agents[protocol];
    const start = protocol === 'https:' ? httpsRequest : httpRequest;
    return await new Promise((resolve, reject) => {
      const out = start(url, { ...options, agent, headers, method: request.method, signal }, resolve);
      out.on('error', (error) => reject(unreachable(request, error, signal)));
      out.on('socket', (socket) => socket.setKeepAlive(true, 15_000));
      out.end(body);
    });
  }
}

const withDeadline = ({ deadlineMs, signal }: ApiRequest): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(deadlineMs), ...(signal === undefined ? [] : [signal])]);

function unreachable(request: ApiRequest, error: unknown, signal: AbortSignal): unknown {
  if (!Error.isError(error) || ['ApiUnreachable', 'ApiError', 'AccessError'].includes(error.name))
    return error;
  const cause: unknown = signal.aborted ? signal.reason : error;
  const why = Error.isError(cause) ? cause.message : String(cause);
  return new ApiUnreachable(`${request.method} ${request.path.split('?')[0]}: ${why}`, { cause: error });
}

function parsed(request: ApiRequest, response: IncomingMessage, text: string): unknown {
  const status = response.statusCode ?? 0;
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    body = text; // a proxy's page, or "too many requests"
  }
  if (status >= 200 && status < 300) {
    if (typeof body !== 'object')
      throw new ApiUnreachable(`${request.method} ${request.path}: the answer is no JSON`);
    return body;
  }
  const seconds = Number(response.headers['retry-after']);
  const retryAfterMs =
    response.headers['retry-after'] === undefined || !Number.isFinite(seconds) ? undefined : seconds * 1000;
  throw apiError(status, body, retryAfterMs);
}
