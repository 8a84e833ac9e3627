/** A gRPC client whose calls are promises, typed by the service's definition, with a deadline on each. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';
import { must } from '../assert.ts';
import { formatEndpoint, parseEndpoint } from '../edge/endpoint.ts';
import { bearer } from './bearer.ts';
import { codeOf, StatusError } from './status-error.ts';
import { messageBytesMax } from './serve.ts';

/** The names of a definition's methods, without its index signature. */
type MethodName<D> = keyof { [M in keyof D as string extends M ? never : number extends M ? never : M]: 0 } &
  keyof D &
  string;
type RequestOf<M> =
  M extends MethodDefinition<infer Request, never, never, never>
    ? Request
    : M extends { requestSerialize: (value: infer Request) => Buffer }
      ? Request
      : never;
type ResponseOf<M> = M extends { responseDeserialize: (bytes: Buffer) => infer Response } ? Response : never;

export interface GrpcClient<D> {
  /** One request, one response. Rejects with StatusError; UNAVAILABLE when nobody listens. */
  call<M extends MethodName<D>>(
    method: M,
    request: RequestOf<D[M]>,
    options: { readonly deadlineMs: number },
  ): Promise<ResponseOf<D[M]>>;
  /** The messages of a stream, until it ends or `signal` aborts. Throws StatusError. */
  stream<M extends MethodName<D>>(
    method: M,
    request: RequestOf<D[M]>,
    options?: { readonly signal?: AbortSignal | undefined; readonly deadlineMs?: number | undefined },
  ): AsyncIterable<ResponseOf<D[M]>>;
  close(): void;
}

/** `address` is HOST:PORT or unix:PATH. Connects when first used, and again whenever the connection was lost. */
export function openClient<D extends object>(
  service: D,
  address: string,
  options: {
    readonly token?: string | undefined;
    /** A peer that vanished without a FIN is noticed after this silence and half as much again. */
    readonly keepaliveMs?: number | undefined;
  } = {},
): GrpcClient<D> {
  const endpoint = parseEndpoint(address);
  const keepaliveMs = options.keepaliveMs ?? 20_000;
  const client = new Client(formatEndpoint(endpoint), credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveMs / 2,
    // Nobody proxies a pool's or a target's admin calls.
    'grpc.enable_http_proxy': 0,
    // A socket's path is no name for the :authority header.
    ...(endpoint.kind === 'unix' ? { 'grpc.default_authority': 'localhost' } : {}),
  });
  const metadata = () => (options.token === undefined ? new Metadata() : bearer(options.token));
  const methods = service as unknown as ServiceDefinition;
  const deadline = (ms: number | undefined) => (ms === undefined ? {} : { deadline: Date.now() + ms });
  return {
    call: (name, request, { deadlineMs }) =>
      new Promise((resolve, reject) => {
        const method = must(methods[name], `method ${name}`);
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request as object,
          metadata(),
          deadline(deadlineMs),
          (error, response) => {
            if (error !== null) reject(statusError(error));
            else resolve(response as ResponseOf<D[typeof name]>);
          },
        );
      }),
    async *stream(name, request, { signal, deadlineMs } = {}) {
      const method = must(methods[name], `method ${name}`);
      const call = client.makeServerStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request as object,
        metadata(),
        deadline(deadlineMs),
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel);
      try {
        if (signal?.aborted) return;
        for await (const message of call) yield message as ResponseOf<D[typeof name]>;
      } catch (error) {
        if (signal?.aborted) return;
        throw isServiceError(error) ? statusError(error) : error;
      } finally {
        signal?.removeEventListener('abort', cancel);
        call.cancel();
      }
    },
    close: () => client.close(),
  };
}

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && 'details' in error;

const statusError = (error: ServiceError) =>
  new StatusError(codeOf(error.code), error.details || error.message, { cause: error });
