/**
 * When checkpoints are made: one at a time; whoever asks while one is under way gets the next one. Besides, one begins
 * by itself when something has changed for some seconds, and a few follow the last change, so that what is held for
 * older roots comes back. What the cleaner emptied comes back by roots of the table alone as well, which are cheap, and
 * are made while a whole checkpoint builds trees too: writers who wait for room do not wait for trees.
 */
import { assert } from '../../../shared/assert.ts';
import { untilBeatMs } from '../../../shared/beats.ts';
import type { Clock } from '../../../shared/clock.ts';

/** `table`: of what was moved; `last`: whole, and nothing follows it. */
export type CheckpointKind = 'whole' | 'table' | 'last';

export interface CheckpointsOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  /** Where nothing has changed for long it looks at the beats of this period, with whatever else the process does then. */
  readonly restMs: number;
  /** Makes one. */
  run(kind: CheckpointKind): Promise<void>;
  /** Whether the next root would differ from the last one. */
  isDirty(): boolean;
  /** Every `everyMs`, whether something has changed or not. */
  onLook(): void;
  /** Nothing has changed for a while. */
  onIdle(): void;
  onFailure(error: Error): void;
}

interface Round {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** After the last change: what it freed is held for two roots. */
const idleRounds = 3;

export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #next: Round | undefined;
  /** A root of the table is wanted; a whole one will do. */
  #table: Round | undefined;
  #isRunning = false;
  /** Trees are being built: roots of the table may be made. */
  #isBeside = false;
  #wakeBeside: () => void = () => undefined;
  /** The last one is under way, or was made. */
  isFinishing = false;
  #failure: Error | undefined;
  #isAbandoned = false;
  #hasBegun = false;
  /** The first root is durable. */
  readonly #begun = newRound();
  #idleLeft = idleRounds;
  #cancelTimer: () => void = () => undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Trees are being built for one, and what is made meanwhile are roots of the table. */
  get isBeside(): boolean {
    return this.#isBeside;
  }

  /** The first one, which nothing comes before: until it is durable no other is made. Then the timer runs. */
  async begin(kind: 'whole' | 'table'): Promise<void> {
    assert(!this.#hasBegun, 'a pool begins once');
    this.#hasBegun = true;
    if (kind === 'whole') await this.after();
    else {
      this.wantTable();
      await this.#table?.done;
    }
    this.#begun.resolve();
    this.#start();
  }

  /** The same as `after`, of a pool that may not have begun yet. */
  async rooted(): Promise<void> {
    await this.#begun.done;
    await this.after();
  }

  #start(): void {
    if (this.#failure !== undefined) return;
    const { clock, everyMs, restMs } = this.#options;
    const afterMs = this.#idleLeft > 0 ? everyMs : untilBeatMs(clock.nowMs(), restMs);
    this.#cancelTimer = clock.after(afterMs, () => {
      this.#look();
      this.#start();
    });
  }

  #look(): void {
    this.#options.onLook();
    if (this.#options.isDirty()) this.#idleLeft = idleRounds;
    else this.#options.onIdle();
    if (this.#idleLeft <= 0) return;
    this.#idleLeft--;
    this.want();
  }

  /** A checkpoint that cuts after now, or has been asked for already. None before the pool has begun: the first one has it all. */
  want(): void {
    if (this.isFinishing || !this.#hasBegun) return;
    this.after().catch(() => undefined); // whoever waits for it hears it; the failure is told besides
  }

  /** A root of the table, after the one under way. None before the pool has begun. */
  wantTable(): void {
    if (this.isFinishing || this.#failure !== undefined || !this.#hasBegun) return;
    this.#table ??= newRound();
    if (!this.#isRunning) void this.#run();
    this.#wakeBeside();
  }

  /** For a whole one that builds trees: see CheckpointParts.beside. */
  async tableRootsBeside(building: Promise<void>): Promise<void> {
    this.#isBeside = true;
    const ended = () => {
      this.#isBeside = false;
      this.#wakeBeside();
    };
    building.then(ended, ended);
    while (this.#isBeside) {
      if (this.#failure !== undefined) throw this.#failure;
      const table = this.#table;
      this.#table = undefined;
      if (table === undefined) await new Promise<void>((resolve) => (this.#wakeBeside = resolve));
      else await this.#make('table', table);
    }
    if (this.#failure !== undefined) throw this.#failure;
    await building;
  }

  /** Resolves when a checkpoint is durable that was cut after now. */
  async after(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(!this.isFinishing, 'nothing is asked of a pool that is being closed');
    this.#next ??= newRound();
    const { done } = this.#next;
    if (!this.#isRunning) void this.#run();
    await done;
  }

  /** Waits for what is under way and makes a last, clean one; none is made after that. */
  async finish(): Promise<void> {
    this.#cancelTimer();
    while (this.#isRunning) await this.after();
    if (this.#failure !== undefined) throw this.#failure;
    this.#isRunning = true; // nobody starts another one beside it, or later
    this.isFinishing = true;
    await this.#options.run('last');
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#cancelTimer();
    this.#next?.reject(error);
    this.#table?.reject(error);
    this.#begun.reject(error);
    this.#next = this.#table = undefined;
  }

  /** None is made any more, and whoever waits is not answered. */
  abandon(error: Error): void {
    this.#failure = error;
    this.#isAbandoned = true;
    this.#cancelTimer();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while ((this.#next ?? this.#table) !== undefined && this.#failure === undefined) {
      await Promise.resolve(); // who asks in the same run shares it
      const round = this.#next;
      const table = this.#table;
      this.#next = this.#table = undefined;
      await this.#make(round === undefined ? 'table' : 'whole', round, table);
      if (this.#isAbandoned) return;
    }
    this.#isRunning = false;
  }

  /** Whoever waits for it is answered. */
  async #make(kind: 'whole' | 'table', ...rounds: readonly (Round | undefined)[]): Promise<void> {
    try {
      await this.#options.run(kind);
      for (const round of rounds) round?.resolve();
    } catch (error) {
      if (this.#isAbandoned) return;
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const round of rounds) round?.reject(failure);
      this.#options.onFailure(failure);
    }
  }
}

function newRound(): Round {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => undefined);
  return { done, resolve, reject };
}
