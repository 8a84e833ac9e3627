import { status } from '@grpc/grpc-js';

export type StatusCode = Exclude<keyof typeof status, 'OK'>;

/** A call's refusal as gRPC knows it: thrown by handlers, and what a client's call rejects with. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: StatusCode;
  constructor(code: StatusCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The name of a status number; UNKNOWN for numbers that gRPC does not define. */
export function codeOf(number: number | undefined): StatusCode {
  const name = number === undefined ? undefined : status[number];
  return name === undefined || name === 'OK' ? 'UNKNOWN' : (name as StatusCode);
}
