/**
 * Comparing the replicas (R25): what a target finds different at one entry, or in one snapshot, has to have a device to blame, for
 * entries alone never make replicas differ.
 */
import type { Coordinator } from '../../replication/coordinator/coordinator.ts';
import type { Mend } from '../../replication/coordinator/scrub-mends.ts';
import type { ScrubStatus } from '../../replication/status.ts';
import type { Door } from './sim-door.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

export class SimScrubs {
  readonly #world: SimWorld;
  readonly #coordinator: Coordinator;
  readonly #door: Door;
  #shown: ScrubStatus | undefined;

  constructor(world: SimWorld, coordinator: Coordinator, door: Door) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#door = door;
  }

  start(): void {
    if (!this.#coordinator.serving || this.#coordinator.status().scrub.state === 'running') return;
    this.#world.reach.hit('R25 scrub begins');
    this.#coordinator.scrub((range, from, done) => this.#mend(range, from, done));
  }

  /** Throws Violation when it says of blocks that they differ, and no device explains it. */
  check(scrub: ScrubStatus): void {
    if (scrub === this.#shown) return;
    const before = this.#shown;
    this.#shown = scrub;
    const { reach, hasBad } = this.#world;
    const { state, left, different, message } = scrub;
    hold(
      hasBad || left + different === 0,
      `R25: replicas are found different, and no device is bad: ${message}`,
    );
    if (state === 'running' && message.startsWith('waits') && before?.message !== message)
      reach.hit('R25 scrub waits for replicas');
    if (state === 'done' && before?.state === 'running') reach.hit('R25 scrub ends');
  }

  readonly #mend: Mend = (range, from, done) => {
    const { reach, hasBad } = this.#world;
    hold(
      hasBad,
      `R25: blocks ${range.block}+${range.count} are to be as ${from} has them, and no device is bad`,
    );
    const { mend } = this.#door;
    if (!mend) return done(false);
    mend(range, from, (mended) => {
      reach.hit(mended ? 'R25 scrub writes anew' : 'R25 scrub could not write anew');
      done(mended);
    });
  };
}
