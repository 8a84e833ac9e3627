/** The processes of a local volume, by name. One that dies is left dead: what happens then is what users and tests want to see. */
import { CommandError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { OneByOne } from '../shared/one-by-one.ts';
import { Child } from './child.ts';
import { localLimits } from './options.ts';
import { configFile, type Places } from './processes.ts';

export interface ChildrenOptions {
  readonly places: Places;
  /** Descriptor that holds the lock of D. */
  readonly lock: number;
  readonly log: Log;
  /** What it is to run as; undefined: it is not wanted any more. */
  readonly roleOf: (name: string) => 'pool' | 'target' | undefined;
  readonly onServing: (name: string, portal: string) => void;
  readonly onEnd: (child: Child, how: string) => void;
}

export class Children {
  readonly #o: ChildrenOptions;
  readonly #children = new Map<string, Child>();
  /** Starts and stops of one child do not overlap. */
  readonly #turns = new Map<string, OneByOne>();
  #isClosed = false;

  constructor(options: ChildrenOptions) {
    this.#o = options;
  }

  /** Undefined: it does not live. */
  pidOf(name: string): number | undefined {
    return this.#children.get(name)?.pid;
  }

  /** Nobody is started any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves once it answers. */
  async launch(name: string): Promise<void> {
    await this.#launch(name).started(localLimits.startMs);
  }

  /** Starts it again, after an orderly stop if it lives. Answers its pid once it answers. */
  async restart(name: string): Promise<number> {
    const turns = this.#turns.get(name) ?? new OneByOne();
    this.#turns.set(name, turns);
    return await turns.run(async () => {
      await this.stop(name);
      const child = this.#launch(name);
      await child.started(localLimits.startMs);
      return child.pid;
    });
  }

  /** Answers whether it ended in order, or did not live. */
  async stop(name: string): Promise<boolean> {
    return (await this.#children.get(name)?.stop(localLimits.stopMs)) ?? true;
  }

  #launch(name: string): Child {
    const { places, lock, log, roleOf, onServing, onEnd } = this.#o;
    if (this.#isClosed) throw new CommandError(`${name} is not started: everything is being stopped`);
    const child: Child = new Child({
      name,
      argv: [roleOf(name) ?? 'target', '--config', configFile(places, name)],
      lock,
      onReport: (report) => {
        if (report.event === 'serving') onServing(name, report.portal);
      },
      onEnd: (how) => {
        if (this.#children.get(name) === child) this.#children.delete(name);
        if (!this.#isClosed && roleOf(name) !== undefined)
          log.error('process ended', { process: name, pid: child.pid, how });
        onEnd(child, how);
      },
    });
    this.#children.set(name, child);
    log.info('process started', { process: name, pid: child.pid });
    return child;
  }
}
