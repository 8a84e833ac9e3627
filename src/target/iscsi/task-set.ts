/** The commands of a session that are not over, by their tags, and what was aborted of them (RFC 7143 §11.5). */
import type { DataOutTransfer } from './data-out.ts';
import type { Task, TaskState } from './task.ts';

type Collecting = Extract<TaskState, { mode: 'collecting' }>;

export class TaskSet {
  readonly #tasks = new Map<number, TaskState>();
  /** Aborted tasks that still run; their tags may already be in use again. */
  readonly #aborted = new Set<Task>();

  has(tag: number): boolean {
    return this.#tasks.size > 0 && this.#tasks.has(tag);
  }

  /** Undefined: there is none of this tag that waits for its data. */
  collecting(tag: number): Collecting | undefined {
    const state = this.#tasks.get(tag);
    return state?.mode === 'collecting' ? state : undefined;
  }

  collect(task: Task, transfer: DataOutTransfer): void {
    this.#tasks.set(task.tag, { mode: 'collecting', task, transfer });
  }

  run(task: Task): void {
    this.#tasks.set(task.tag, { mode: 'running', task });
  }

  /** It is over; false: it was aborted, or all were dropped, and nobody is answered. */
  end(task: Task): boolean {
    if (this.#aborted.size > 0 && this.#aborted.delete(task)) return false;
    return this.#tasks.delete(task.tag);
  }

  /** It was aborted while it ran or waited to run: its outcome is still awaited, but answered to nobody. */
  isAborted(task: Task): boolean {
    return this.#aborted.has(task);
  }

  /** Undefined: there is no such task, or it has ended already. */
  abort(tag: number, lun: number): TaskState | undefined {
    const state = this.#tasks.get(tag);
    if (state === undefined || state.task.lun !== lun) return undefined;
    return this.#abort(state);
  }

  /** All on `lun` (undefined: on any). */
  abortAll(lun: number | undefined): readonly TaskState[] {
    const states = [...this.#tasks.values()].filter((state) => lun === undefined || state.task.lun === lun);
    return states.map((state) => this.#abort(state));
  }

  /** The session is over. */
  clear(): void {
    this.#tasks.clear();
  }

  /** One that runs is over only when its outcome is known. */
  #abort(state: TaskState): TaskState {
    this.#tasks.delete(state.task.tag);
    if (state.mode !== 'collecting') this.#aborted.add(state.task);
    return state;
  }
}
