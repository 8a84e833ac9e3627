/** An API server that a test plays: it answers each request with what the test says, and watches with what it sends. */
import type { ApiConnection, ApiRequest } from '../reconcilers/runtime/connection.ts';
import { ApiUnreachable } from '../reconcilers/runtime/api-error.ts';

type Answer = (request: ApiRequest) => unknown;

/** One open watch. */
export class OpenWatch {
  readonly request: ApiRequest;
  readonly #events: unknown[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(request: ApiRequest) {
    this.request = request;
    request.signal?.addEventListener('abort', () => this.end(new ApiUnreachable('aborted')));
  }
  get version(): string {
    return /resourceVersion=([^&]*)/.exec(this.request.path)?.[1] ?? '';
  }
  send(type: string, object: object): void {
    this.#events.push({ type, object });
    this.#wake();
  }
  /** The server closes the watch, or (with an error) the connection breaks. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake();
  }
  async *events(): AsyncGenerator<unknown> {
    for (;;) {
      while (this.#events.length > 0) yield this.#events.shift();
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

export class ScriptedApi implements ApiConnection {
  readonly requests: ApiRequest[] = [];
  readonly watches: OpenWatch[] = [];
  answer: Answer;
  /** Thrown by the next watches instead of opening them. */
  readonly watchErrors: unknown[] = [];

  constructor(answer: Answer) {
    this.answer = answer;
  }
  async send(request: ApiRequest): Promise<unknown> {
    this.requests.push(request);
    await Promise.resolve();
    return structuredClone(this.answer(request));
  }
  async *watch(request: ApiRequest): AsyncGenerator<unknown> {
    const error = this.watchErrors.shift();
    if (error !== undefined) throw error;
    const watch = new OpenWatch(request);
    this.watches.push(watch);
    yield* watch.events();
  }
  get watching(): OpenWatch {
    const last = this.watches.at(-1);
    if (last === undefined) throw new Error('nobody watches');
    return last;
  }
  close(): void {}
}
