/**
 * Requests that change the volume: first waiting for a number, then for a quorum, then for the lease.
 *
 * A request that waits too long hears `busy`. Without a number it never happened. With one its entry stays in the
 * history all the same (R15): a later write to the same blocks wins.
 */
import type { EntryBody } from '../messages.ts';
import { Queue } from '../queue.ts';

export type Problem = 'busy' | 'noSpace' | 'unreadable';
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };
export type Answer<T> = (result: Result<T>) => void;

/** Received by a quorum in sync, or durable on it. */
export type Need = 'received' | 'durable';

interface Request {
  readonly body: EntryBody;
  readonly need: Need;
  readonly deadlineMs: number;
  readonly answer: Answer<void>;
}

/** With its number from `admit` on. */
type Numbered = Request & { number: number };

const done: Result<void> = { ok: true, value: undefined };

export class Requests {
  readonly #waiting = new Queue<Numbered>();
  readonly #numbered: Readonly<Record<Need, Queue<Numbered>>> = {
    received: new Queue(),
    durable: new Queue(),
  };
  readonly #ready = new Queue<Answer<void>>();

  /** Without a number yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  submit({ body, need, deadlineMs, answer }: Request): void {
    this.#waiting.push({ body, need, deadlineMs, answer, number: 0 });
  }

  /** Gives numbers, in the order of submission, as long as `mayIssue`. */
  admit(mayIssue: () => boolean, issue: (body: EntryBody) => number): void {
    for (let request = this.#waiting.first; request && mayIssue(); request = this.#waiting.first) {
      this.#waiting.shift();
      request.number = issue(request.body);
      this.#numbered[request.need].push(request);
    }
  }

  settle(settled: number, flushed: number): void {
    this.#settle('received', settled);
    this.#settle('durable', flushed);
  }

  /** Called while the lease holds: nothing is answered otherwise (R14). */
  answerReady(): void {
    for (let answer = this.#ready.shift(); answer; answer = this.#ready.shift()) answer(done);
  }

  expire(nowMs: number): void {
    for (const queue of [this.#waiting, this.#numbered.received, this.#numbered.durable]) {
      while ((queue.first?.deadlineMs ?? Infinity) <= nowMs)
        queue.shift()?.answer({ ok: false, problem: 'busy' });
    }
  }

  /** This target never answers again. */
  failAll(problem: Problem): void {
    const queues = [this.#waiting, this.#numbered.received, this.#numbered.durable];
    for (const queue of queues) {
      for (let request = queue.shift(); request; request = queue.shift())
        request.answer({ ok: false, problem });
    }
    for (let answer = this.#ready.shift(); answer; answer = this.#ready.shift())
      answer({ ok: false, problem });
  }

  #settle(need: Need, upTo: number): void {
    const queue = this.#numbered[need];
    while ((queue.first?.number ?? Infinity) <= upTo) {
      const request = queue.shift();
      if (request) this.#ready.push(request.answer);
    }
  }
}
