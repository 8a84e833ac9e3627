/** A replica tells of its pool's room as the pool's daemon does: by the time, and by what is taken in meanwhile. */
import { SpaceWatch } from '../../pool-manager/replica-server-space.ts';
import type { Replica } from '../../replication/replica/replica.ts';
import type { SimPool } from './sim-pool.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimRoom } from './sim-room.ts';

const lookMs = 50;

export class SimSpace {
  readonly #watch: SpaceWatch;
  readonly #process: SimProcess;
  readonly #core: Replica;
  readonly #step: (run: () => void) => void;
  #takenBytes = 0;

  /** Of one process; `step` is one synchronous run of it. */
  constructor(pool: SimPool | SimRoom, process: SimProcess, core: Replica, step: (run: () => void) => void) {
    this.#watch = new SpaceWatch(pool);
    this.#process = process;
    this.#core = core;
    this.#step = step;
  }

  /** From now on, as long as `isOn`. */
  begin(isOn: () => boolean): void {
    const look = () => {
      if (isOn()) this.#step(() => this.#watch.look(this.#process.nowMs, [this.#core]));
    };
    look();
    this.#process.every(lookMs, lookMs, look);
  }

  /** What has come over links since. */
  batchEnded(): void {
    const { takenBytes } = this.#core;
    if (takenBytes > this.#takenBytes) this.took(takenBytes - this.#takenBytes);
    this.#takenBytes = takenBytes;
  }

  /** The pool took in so much, of whomever. */
  took(bytes: number): void {
    this.#step(() => this.#watch.took(bytes, this.#process.nowMs, () => [this.#core]));
  }
}
