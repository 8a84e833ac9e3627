/** What a local volume consists of, as it stands in D: written down before anything is done by it. */
import { writeState, type LocalState } from './home.ts';

export class KeptState {
  readonly #home: string;
  #now: LocalState;

  constructor(home: string, now: LocalState) {
    this.#home = home;
    this.#now = now;
  }

  get now(): LocalState {
    return this.#now;
  }

  keep(state: LocalState): void {
    this.#now = state;
    writeState(this.#home, state);
  }
}
