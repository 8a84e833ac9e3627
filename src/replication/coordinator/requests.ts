/**
 * Requests that change the volume: first waiting for a number, then for a quorum, then for the lease.
 *
 * A request that waits too long hears `busy`. Without a number it never happened. With one its entry stays in the
 * history all the same (R15): a later write to the same blocks wins.
 */
import type { DatalessBody } from '../messages.ts';
import { Queue } from '../queue.ts';
import type { WriteBody } from './window.ts';

export type Problem = 'busy' | 'noSpace' | 'unreadable';
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };
export type Answer<T> = (result: Result<T>) => void;

/** Received by a quorum in sync, or durable on it. */
export type Need = 'received' | 'durable';

interface Waiting {
  readonly need: Need;
  deadlineMs: number;
  /** 0 until it has one. */
  number: number;
  answer(result: Result<void>): void;
}

/** A write: its asker's object, from the request until the answer. */
export interface WriteRequest extends Waiting, WriteBody {
  readonly body: undefined;
}

interface OtherRequest extends Waiting {
  readonly body: DatalessBody;
}

export type Request = WriteRequest | OtherRequest;

const done: Result<void> = { ok: true, value: undefined };

export class Requests {
  readonly #waiting = new Queue<Request>();
  readonly #numbered: Readonly<Record<Need, Queue<Request>>> = {
    received: new Queue(),
    durable: new Queue(),
  };
  /** Done; to be answered under the lease. */
  readonly #ready = new Queue<Request>();
  /** No request has to be answered before. */
  #nothingDueBeforeMs = Infinity;

  /** Without a number yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  submit(request: Request): void {
    if (request.deadlineMs < this.#nothingDueBeforeMs) this.#nothingDueBeforeMs = request.deadlineMs;
    this.#waiting.push(request);
  }

  /** Gives numbers, in the order of submission, as long as `mayIssue`; `issue` may answer a request instead. */
  admit(mayIssue: (request: Request) => boolean, issue: (request: Request) => number | undefined): void {
    for (let request = this.#waiting.first; request && mayIssue(request); request = this.#waiting.first) {
      this.#waiting.shift();
      const number = issue(request);
      if (number === undefined) continue;
      request.number = number;
      this.#numbered[request.need].push(request);
    }
  }

  settle(settled: number, flushed: number): void {
    this.#settle('received', settled);
    this.#settle('durable', flushed);
  }

  /** Called while the lease holds: nothing is answered otherwise (R14). */
  answerReady(): void {
    for (let request = this.#ready.shift(); request; request = this.#ready.shift()) request.answer(done);
  }

  /** What waits too long hears busy, whatever it waits for. Some began before they were submitted, and are due sooner. */
  expire(nowMs: number): void {
    if (nowMs < this.#nothingDueBeforeMs) return;
    let nextMs = Infinity;
    const isDue = ({ deadlineMs }: Request): boolean => {
      if (deadlineMs > nowMs) nextMs = Math.min(nextMs, deadlineMs);
      return deadlineMs <= nowMs;
    };
    const due = this.#queues().flatMap((queue) => queue.takeOut(isDue));
    this.#nothingDueBeforeMs = nextMs;
    for (const request of due) request.answer({ ok: false, problem: 'busy' });
  }

  /** Nobody waits any longer. */
  failAll(problem: Problem): void {
    for (const queue of this.#queues())
      for (const request of queue.takeOut(() => true)) request.answer({ ok: false, problem });
  }

  #queues(): readonly Queue<Request>[] {
    return [this.#waiting, this.#numbered.received, this.#numbered.durable, this.#ready];
  }

  #settle(need: Need, upTo: number): void {
    const queue = this.#numbered[need];
    while ((queue.first?.number ?? Infinity) <= upTo) {
      const request = queue.shift();
      if (request) this.#ready.push(request);
    }
  }
}
