/** The commands of one connection that the express lane does not take: they wait for their turn, run, and are over. */
import type { Session } from './iscsi/session.ts';
import type { SessionEffect } from './iscsi/session-events.ts';
import type { Task, TaskOutcome } from './iscsi/task.ts';
import type { LogicalUnit } from './scsi/logical-unit.ts';
import type { Nexus } from './scsi/nexus.ts';
import type { Admission } from './server-admission.ts';
import type { TargetCounters } from './server-counters.ts';
import type { ExpressLane } from './server-express.ts';
import type { ServerLimits } from './server-limits.ts';
import type { Outbox } from './server-outbox.ts';

interface CommandQueueOptions {
  readonly session: Session;
  readonly outbox: Outbox;
  readonly express: ExpressLane;
  readonly unit: LogicalUnit;
  readonly admission: Admission;
  readonly counters: TargetCounters;
  readonly limits: ServerLimits;
  readonly apply: (effects: readonly SessionEffect[]) => void;
}

interface Queued {
  readonly task: Task;
  readonly data: Uint8Array;
}

const noOutcome: TaskOutcome = { status: 0, transferBytes: 0 };

export class CommandQueue {
  readonly #o: CommandQueueOptions;
  readonly #waiting: Queued[] = [];
  readonly #running = new Map<Task, Promise<void>>();
  readonly #pump = () => this.startWaiting();
  /** Undefined in a discovery session, and before the login is over. */
  nexus: Nexus | undefined;
  #held = false;
  #closed = false;

  constructor(options: CommandQueueOptions) {
    this.#o = options;
  }

  /** A command that comes now has to wait. */
  get isBlocked(): boolean {
    return this.#held || this.#waiting.length > 0;
  }

  /** Nothing waits, nothing runs. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.#waiting.length === 0 && this.#o.express.isIdle;
  }

  /** `startWaiting` starts it. */
  add(task: Task, data: Uint8Array): void {
    this.#waiting.push({ task, data });
  }

  /** Nothing is started before `turn` settles. */
  holdUntil(turn: Promise<unknown>): void {
    this.#held = true;
    void turn.then(() => {
      this.#held = false;
      this.startWaiting();
    });
  }

  /** The session is over: nothing more is started, and nobody is answered. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
  }

  startWaiting(): void {
    const { admission, limits, outbox, express } = this.#o;
    while (this.#waiting.length > 0 && !this.#held && !this.#closed) {
      const next = this.#waiting[0];
      if (next === undefined || outbox.unsentBytes > limits.unsentBytesMax) return;
      const bytes = Math.max(next.data.byteLength, next.task.read ? next.task.expectedBytes : 0);
      if (!admission.enter(bytes, this.#running.size === 0 && express.isIdle, this.#pump)) return;
      this.#waiting.shift();
      this.#start(next, bytes);
    }
  }

  #start({ task, data }: Queued, bytes: number): void {
    const { session, unit, admission, counters, apply } = this.#o;
    const { nexus } = this;
    if (nexus === undefined) return;
    counters.count(task.cdb[0] ?? 0, task.read ? task.expectedBytes : data.byteLength);
    const { lun, cdb, attribute, expectedBytes } = task;
    const isAborted = () => session.isAborted(task);
    const roomBytes = task.read ? expectedBytes : 0;
    const request = { lun, cdb, attribute, dataOut: data, roomBytes, isAborted };
    const end = unit.execute(nexus, request).then((outcome) => {
      this.#running.delete(task);
      admission.leave(bytes);
      if (!this.#closed && !isAborted()) outcome.answered?.();
      apply(session.step({ type: 'done', task, outcome }));
    });
    this.#running.set(task, end);
  }

  /** Out of the queue with all of them first: the end of one lets those behind it start. */
  #dropAborted(): void {
    const { session, apply } = this.#o;
    const waiting = this.#waiting.splice(0);
    const isAborted = ({ task }: Queued) => session.isAborted(task);
    this.#waiting.push(...waiting.filter((queued) => !isAborted(queued)));
    for (const { task } of waiting.filter(isAborted))
      apply(session.step({ type: 'done', task, outcome: noOutcome }));
  }

  /** Somebody else's reset. The answer settles when none of the tasks on `lun` (undefined: all) runs any more. */
  abort(lun: number | undefined): Promise<unknown> {
    const { session, express, apply } = this.#o;
    const ends = express.ends();
    const running = [...this.#running.entries()].filter(([task]) => lun === undefined || task.lun === lun);
    apply(session.step({ type: 'abortTasks', lun }));
    this.#dropAborted();
    const plain = lun === undefined || lun === 0 ? ends : [];
    return Promise.all([...running.map(([, end]) => end), ...plain]);
  }

  /** Settles when none of these tasks runs any more; those that only wait are dropped. */
  finished(tasks: readonly Task[]): Promise<unknown> {
    this.#dropAborted();
    const { express } = this.#o;
    return Promise.all(tasks.flatMap((task) => this.#running.get(task) ?? express.endOf(task) ?? []));
  }

  /** Settles when nothing of this session runs any more. */
  idle(): Promise<unknown> {
    return Promise.all([...this.#running.values(), ...this.#o.express.ends()]);
  }
}
