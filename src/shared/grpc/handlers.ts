/**
 * Async functions as gRPC handlers. A rejection becomes the status of that one call: StatusError as it says, everything
 * else INTERNAL and a line in the log. A broken invariant alone goes on to end the process (shared/assert.ts).
 */
import {
  status,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { InvariantError } from '../assert.ts';
import type { Log } from '../log.ts';
import { StatusError } from './status-error.ts';

interface Refusal {
  readonly code: status;
  readonly details: string;
}

function refusal(error: unknown, path: string, log: Log): Refusal {
  if (error instanceof StatusError) return { code: status[error.code], details: error.message };
  if (error instanceof InvariantError)
    setImmediate(() => {
      throw error;
    });
  log.error('call failed', { call: path, error });
  return { code: status.INTERNAL, details: error instanceof Error ? error.message : String(error) };
}

/** A handler of one request and one response. */
export function unary<Request, Response>(
  log: Log,
  handle: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  const answer = async (call: ServerUnaryCall<Request, Response>): Promise<Refusal | [Response]> => {
    try {
      return [await handle(call.request, call)];
    } catch (error) {
      return refusal(error, call.getPath(), log);
    }
  };
  const respond = async (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => {
    const result = await answer(call);
    if (Array.isArray(result)) done(null, result[0]);
    else done(result);
  };
  return (call, done) => void respond(call, done);
}

/** The way out of a streaming call. */
export interface OutStream<Message> {
  /** Resolves when there is room for the next one; rejects (CANCELLED) once the client has gone. */
  write(message: Message): Promise<void>;
  /** Aborted when the client has gone or its deadline has passed. */
  readonly signal: AbortSignal;
}

/** A handler of one request and a stream of responses, which ends when `handle` resolves. */
export function serverStream<Request, Response>(
  log: Log,
  handle: (request: Request, out: OutStream<Response>) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const gone = new AbortController();
    call.once('cancelled', () => gone.abort());
    call.once('close', () => gone.abort());
    // An error of the transport reaches the handler as `signal`; the call itself is over by then.
    call.on('error', () => gone.abort());
    handle(call.request, {
      signal: gone.signal,
      write: (message) => write(call, message, gone.signal),
    }).then(
      () => call.end(),
      (error: unknown) => {
        if (!gone.signal.aborted) call.emit('error', refusal(error, call.getPath(), log));
        else if (!(error instanceof StatusError)) refusal(error, call.getPath(), log);
      },
    );
  };
}

function write<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  message: Response,
  signal: AbortSignal,
): Promise<void> {
  const cancelled = () => new StatusError('CANCELLED', 'the client has gone');
  if (signal.aborted) return Promise.reject(cancelled());
  if (call.write(message)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const settle = () => {
      call.off('drain', settle);
      signal.removeEventListener('abort', settle);
      if (signal.aborted) reject(cancelled());
      else resolve();
    };
    call.once('drain', settle);
    signal.addEventListener('abort', settle);
  });
}
