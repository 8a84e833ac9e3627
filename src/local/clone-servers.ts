/** Snapshots that are served as volumes of their own, each by a target of its own on the pools of the volume. */
import { CommandError, UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { OneByOne } from '../shared/one-by-one.ts';
import type { Children } from './children.ts';
import { freeCloneName, makeClone, removeClone, snapshotNamed, stateOfClone } from './clones.ts';
import type { CloneState } from './home.ts';
import type { KeptState } from './kept-state.ts';
import { writeKeys } from './keys.ts';
import { adminSocket, targetIqn, writeTargetConfig, type Choices, type Places } from './processes.ts';

/** What there is to know of a clone that serves. */
export interface CloneSeen {
  readonly name: string;
  readonly portal: string;
  readonly iqn: string;
  readonly lun: number;
  readonly pid: number;
  readonly admin: string;
}

export interface CloneServersOptions {
  readonly places: Places;
  readonly choices: Choices;
  readonly state: KeptState;
  readonly children: Children;
  readonly log: Log;
}

export class CloneServers {
  readonly #o: CloneServersOptions;
  /** One clone is made after the other. */
  readonly #turns = new OneByOne();
  readonly #serving = new Map<string, PromiseWithResolvers<string>>();

  constructor(options: CloneServersOptions) {
    this.#o = options;
  }

  get all(): readonly CloneState[] {
    return this.#o.state.now.clones ?? [];
  }

  get names(): string[] {
    return this.all.map(({ name }) => name);
  }

  /** Starts those that there are; what becomes of them stands in the log. */
  start(): void {
    for (const clone of this.all)
      this.#launch(clone).catch((error: unknown) => this.#o.log.error(String(error)));
  }

  /** A snapshot as a volume, served at `listen`. */
  async make(snapshot: string, listen: string): Promise<CloneSeen> {
    const { places, state, children } = this.#o;
    freeCloneName(state.now);
    return await this.#turns.run(async () => {
      const clone = await makeClone(places, state.now, await snapshotNamed(places, snapshot), listen);
      state.keep({ ...state.now, clones: [...this.all, clone] });
      writeKeys(places.home, state.now);
      const portal = await this.#launch(clone);
      const { name, volume } = clone;
      const pid = children.pidOf(name) ?? 0;
      return { name, portal, iqn: targetIqn(volume), lun: 0, pid, admin: adminSocket(places, name) };
    });
  }

  /** Ends a clone for good. Asked again when a pool did not answer, it goes on where it was. */
  async remove(name: string): Promise<{ readonly name: string }> {
    const { places, state, children } = this.#o;
    return await this.#turns.run(async () => {
      const clone = this.all.find((one) => one.name === name);
      if (!clone) throw new UsageError(`NAME ${name} is no clone: give one of ${this.names.join(', ')}`);
      await children.stop(name);
      await removeClone(places, clone);
      state.keep({ ...state.now, clones: this.all.filter((one) => one !== clone) });
      return { name };
    });
  }

  /** A restarted one takes the same port. */
  serves(name: string, portal: string): void {
    const { state } = this.#o;
    const clones = this.all.map((clone) => (clone.name === name ? { ...clone, listen: portal } : clone));
    state.keep({ ...state.now, clones });
    for (const clone of clones.filter((one) => one.name === name)) this.#writeConfig(clone);
    this.#serving.get(name)?.resolve(portal);
  }

  /** Only who waits for its first start hears of it. */
  ended(name: string, how: string): void {
    this.#serving.get(name)?.reject(new CommandError(`${name} ended (${how}): see its log above`));
  }

  /** Resolves with its portal once I/O is served. */
  async #launch(clone: CloneState): Promise<string> {
    const serving = Promise.withResolvers<string>();
    serving.promise.catch(() => undefined);
    this.#serving.set(clone.name, serving);
    this.#writeConfig(clone);
    await this.#o.children.launch(clone.name);
    return await serving.promise;
  }

  #writeConfig(clone: CloneState): void {
    const { places, choices, state } = this.#o;
    writeTargetConfig(places, clone.name, stateOfClone(state.now, clone), clone.listen, choices);
  }
}
