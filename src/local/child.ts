/** One process of a local volume. It ends by itself when this one does (src/shared/edge/parent.ts). */
import { spawn, type ChildProcess } from 'node:child_process';
import { isChildReport, type ChildReport } from '../shared/edge/parent.ts';
import { CommandError, UsageError } from '../shared/exit-codes.ts';

export interface ChildOptions {
  readonly name: string;
  /** The role and its options. */
  readonly argv: readonly string[];
  /** Descriptor that holds the lock of D: the child holds it too. */
  readonly lock: number;
  readonly onReport: (report: ChildReport) => void;
  readonly onEnd: (how: string) => void;
}

export class Child {
  readonly name: string;
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<string>();
  #usage: string | undefined;
  #hasStarted = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const [script = ''] = process.argv.slice(1);
    this.#process = spawn(process.execPath, [...process.execArgv, script, ...options.argv], {
      // stdout is this command's own; a group of its own keeps Ctrl-C from reaching all of them at once.
      stdio: ['ignore', 2, 2, 'ipc', options.lock],
      detached: true,
    });
    this.pid = this.#process.pid ?? 0;
    this.#started.promise.catch(() => undefined);
    this.#process.on('message', (message) => {
      if (!isChildReport(message)) return;
      if (message.event === 'started') {
        this.#hasStarted = true;
        this.#started.resolve();
      }
      if (message.event === 'usage') this.#usage = message.message;
      options.onReport(message);
    });
    this.#process.once('error', (error) => this.#end(options, error.message));
    // 'close' comes after the channel has been read to its end: no report is missed.
    this.#process.once('close', (code, signal) =>
      this.#end(options, signal === null ? `exit status ${code}` : signal),
    );
  }

  #end(options: ChildOptions, how: string): void {
    this.#started.reject(
      this.#usage === undefined
        ? new CommandError(`${this.name} ended (${how}) before it had started: see its log above`)
        : new UsageError(this.#usage),
    );
    this.#ended.resolve(how);
    options.onEnd(how);
  }

  /** How it ended. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** What it said was wrong with its configuration. */
  get usage(): string | undefined {
    return this.#usage;
  }

  /** Resolves when its admin calls are answered; rejects with CommandError or UsageError. */
  async started(withinMs: number): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new CommandError(`${this.name} did not start within ${withinMs / 1_000} s`)),
      withinMs,
    );
    try {
      await Promise.race([this.#started.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** SIGTERM, and SIGKILL when that takes longer than `withinMs`. Answers whether it ended in order. */
  async stop(withinMs: number): Promise<boolean> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), withinMs);
    const how = await this.#ended.promise;
    clearTimeout(timer);
    // Before it has started there is nothing to leave tidy, nor perhaps a handler for the signal.
    return how === 'exit status 0' || (how === 'SIGTERM' && !this.#hasStarted);
  }
}
