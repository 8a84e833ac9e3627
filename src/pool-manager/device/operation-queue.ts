/**
 * Operations of one device: so many at a time, the others wait in order, and each has a deadline from its beginning.
 *
 * Node runs file I/O on a few threads of the process. A device that hangs must not take all of them: so it gets a share
 * (io-threads.ts). Two more may run of what others wait for: flushes and writes through.
 */
import { performance } from 'node:perf_hooks';

const urgentOperationsMax = 2;
/** How often it is looked whether an operation is late, within its deadline. */
const looksPerDeadline = 8;

export type Done = (error: Error | null, bytes: number) => void;

export interface Operation {
  readonly what: 'read' | 'write' | 'write through' | 'flush';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Begins; `done` is called once. */
  readonly start: (done: Done) => void;
  /** Undefined: done as asked. */
  readonly settle: (error: Error | undefined) => void;
}

interface Running {
  readonly operation: Operation;
  readonly isUrgent: boolean;
  /** Its place in `#slots`. */
  readonly slot: number;
  readonly beganMs: number;
  /** Its deadline has passed: it is answered, and its descriptor may be in use still. */
  isLate: boolean;
}

export class OperationQueue {
  readonly #operationsMax: number;
  readonly #deadlineMs: number;
  readonly #onLate: (operation: Operation) => Error;
  /**
   * What runs. Not a Set: where members come and go V8 replaces its table over and over, and the old tables keep all that
   * was ever in them until the next full collection.
   */
  readonly #slots: (Running | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  #running = 0;
  #ordinary = 0;
  readonly #waiting: Operation[] = [];
  readonly #waitingUrgently: Operation[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Time that counts, and when it was last looked at. */
  #countedMs = 0;
  #lookedMs = performance.now();
  #failure: Error | undefined;
  #idle: (() => void)[] = [];

  /** `onLate` says why the device has failed, when an operation missed its deadline. */
  constructor(options: {
    readonly operationsMax: number;
    readonly deadlineMs: number;
    readonly onLate: (operation: Operation) => Error;
  }) {
    this.#operationsMax = options.operationsMax;
    this.#deadlineMs = options.deadlineMs;
    this.#onLate = options.onLate;
  }

  /** Operations that the kernel may be at work on. */
  get running(): number {
    return this.#running;
  }

  add(operation: Operation): void {
    const isUrgent = operation.what === 'flush' || operation.what === 'write through';
    if (this.#failure !== undefined) operation.settle(this.#failure);
    else if (this.#mayBegin(isUrgent) && (isUrgent || this.#waiting.length === 0))
      this.#begin(operation, isUrgent);
    else (isUrgent ? this.#waitingUrgently : this.#waiting).push(operation);
  }

  /** Nothing begins any more; what waits is answered so. What runs may never come back. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { settle } of [...this.#waiting.splice(0), ...this.#waitingUrgently.splice(0)])
      settle(this.#failure);
    this.#wake();
  }

  /** Resolves when nothing runs, or the device has failed. */
  async drained(): Promise<void> {
    while (this.#running > 0 && this.#failure === undefined)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #mayBegin(isUrgent: boolean): boolean {
    const total = this.#operationsMax + urgentOperationsMax;
    return this.#running < total && (isUrgent || this.#ordinary < this.#operationsMax);
  }

  #begin(operation: Operation, isUrgent: boolean): void {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const running: Running = { operation, isUrgent, slot, beganMs: this.#nowMs(), isLate: false };
    this.#slots[slot] = running;
    this.#running++;
    if (!isUrgent) this.#ordinary++;
    this.#timer ??= this.#watch(this.#stepMs);
    operation.start((error, bytes) => this.#ended(running, error, bytes));
  }

  #ended({ operation, isUrgent, slot, isLate }: Running, error: Error | null, bytes: number): void {
    this.#slots[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#running--;
    if (!isUrgent) this.#ordinary--;
    if (!isLate) operation.settle(error ?? shortOf(operation, bytes));
    this.#next();
    if (this.#running === 0) this.#rest();
  }

  #next(): void {
    if (this.#failure !== undefined) return;
    while (this.#waitingUrgently.length > 0 && this.#mayBegin(true)) {
      const urgent = this.#waitingUrgently.shift();
      if (urgent !== undefined) this.#begin(urgent, true);
    }
    while (this.#waiting.length > 0 && this.#mayBegin(false)) {
      const ordinary = this.#waiting.shift();
      if (ordinary !== undefined) this.#begin(ordinary, false);
    }
  }

  /** One timer for all: it is about the oldest. */
  #watch(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#look(), Math.max(1, delayMs));
  }

  /** When one is late the device has failed, and all others are answered too. */
  #look(): void {
    this.#timer = undefined;
    const running = this.#slots.filter((each) => each !== undefined).filter(({ isLate }) => !isLate);
    const oldestFirst = running.toSorted((a, b) => a.beganMs - b.beganMs);
    const [oldest] = oldestFirst;
    const nowMs = this.#nowMs();
    if (oldest === undefined) return;
    const leftMs = oldest.beganMs + this.#deadlineMs - nowMs;
    if (leftMs > 0 && this.#failure === undefined) {
      this.#timer = this.#watch(Math.min(leftMs, this.#stepMs));
      return;
    }
    for (const each of oldestFirst) {
      if (each.isLate) continue;
      each.isLate = true;
      this.fail(this.#onLate(each.operation));
      each.operation.settle(this.#failure);
    }
  }

  /**
   * While the process stands still (it was stopped, or computes) nothing that a device answers is heard: of such a gap only
   * the length of two looks counts.
   */
  #nowMs(): number {
    const nowMs = performance.now();
    this.#countedMs += Math.min(nowMs - this.#lookedMs, 2 * this.#stepMs);
    this.#lookedMs = nowMs;
    return this.#countedMs;
  }

  get #stepMs(): number {
    return this.#deadlineMs / looksPerDeadline;
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wake();
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }
}

const shortOf = ({ lengthBytes }: Operation, bytes: number): Error | undefined =>
  bytes === lengthBytes ? undefined : new Error(`only ${bytes} bytes`);
