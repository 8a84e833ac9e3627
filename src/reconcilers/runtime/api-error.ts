/** What can go wrong between a role and the API server. */

/** The API server answered with an error: a `Status` object with an HTTP code and a reason. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status code. */
  readonly status: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Expired`, … */
  readonly reason: string;
  /** How long the server asks to wait (429, 503); undefined: it did not say. */
  readonly retryAfterMs: number | undefined;
  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The API server was not reached, or did not answer within the deadline. Whether a write was carried out is unknown. */
export class ApiUnreachable extends Error {
  override readonly name = 'ApiUnreachable';
}

/** A write was refused here because this process may no longer hold the lease that allows it. */
export class NotLeader extends Error {
  override readonly name = 'NotLeader';
}

const hasStatus = (error: unknown, ...statuses: readonly number[]): error is ApiError =>
  error instanceof ApiError && statuses.includes(error.status);

export const isNotFound = (error: unknown): error is ApiError => hasStatus(error, 404);
/** The object changed since it was read. */
export const isConflict = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason !== 'AlreadyExists';
export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason === 'AlreadyExists';
/** The resourceVersion or continue token is too old: list again. */
export const isExpired = (error: unknown): error is ApiError => hasStatus(error, 410);
/** The object breaks a rule of its kind or of admission: trying again does not help. */
export const isInvalid = (error: unknown): error is ApiError => hasStatus(error, 400, 403, 422);
/** The server says that it has not carried the request out and may do so later. */
export const isBusy = (error: unknown): error is ApiError => hasStatus(error, 429, 503);

/** The error in the body of an answer, or in an ERROR event of a watch. */
export function apiError(status: number, body: unknown, retryAfterMs?: number): ApiError {
  const { code, reason, message, details } = (typeof body === 'object' && body !== null ? body : {}) as {
    code?: number;
    reason?: string;
    message?: string;
    details?: { retryAfterSeconds?: number };
  };
  const seconds = details?.retryAfterSeconds;
  return new ApiError(
    code ?? status,
    reason ?? 'Unknown',
    message ?? (typeof body === 'string' && body !== '' ? body.slice(0, 1024) : `HTTP ${status}`),
    retryAfterMs ?? (seconds === undefined ? undefined : seconds * 1000),
  );
}
