/** The way of a request to a target and of its answer back: that goes out some time later, and only while the lease holds (R28). */
import type { DoorAnswer } from './sim-door.ts';
import type { SimTarget } from './sim-target.ts';
import type { SimWorld } from './sim-world.ts';

/** How long an answer that the lease does not allow is held back before its connection is dropped. */
const holdMsMax = 3_000;
/** Requests of one target that are open at once: an initiator's command window. */
export const openMax = 200;

export interface Question<T> {
  /** For the trace. */
  readonly what: string;
  readonly ask: (answer: DoorAnswer<T>) => void;
  /** Told when the coordinator answers; gives back what the initiator makes of the answer when it has come. */
  readonly granted: (value: T) => () => void;
  /** Whether a refused request has a number all the same; absent: it never has. */
  readonly numbered?: () => boolean;
}

export class SimEdge {
  readonly #world: SimWorld;
  readonly #open = new Map<SimTarget, number>();
  /** That have come. */
  answers = 0;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  hasRoom(target: SimTarget): boolean {
    return (this.#open.get(target) ?? 0) < openMax;
  }

  ask<T>(target: SimTarget, { what, ask, granted, numbered }: Question<T>): void {
    const world = this.#world;
    this.#open.set(target, (this.#open.get(target) ?? 0) + 1);
    world.trace('client', `asks ${target.name}: ${what}`);
    target.process.run(() =>
      ask((result) => {
        this.#open.set(target, (this.#open.get(target) ?? 0) - 1);
        if (result.ok) return this.#deliver(target, what, granted(result.value));
        const { problem } = result;
        world.trace('client', `${problem}: ${what}`);
        if (problem === 'noSpace') world.reach.hit('no space');
        if (problem === 'busy')
          world.reach.hit(numbered?.() === true ? 'R15 busy with a number' : 'R16 busy');
      }),
    );
  }

  #deliver(target: SimTarget, what: string, received: () => void): void {
    const world = this.#world;
    const { coordinator, process, witness } = target;
    const untilMs = world.scheduler.nowMs + holdMsMax;
    world.saidBy('answer', target);
    const attempt = (): void => {
      if (coordinator.mayAnswer(process.nowMs)) {
        this.answers += 1;
        witness.answers();
        world.truth.mayRest(coordinator.status().epoch);
        world.trace('client', `hears: ${what}`);
        return received();
      }
      world.reach.hit('R14 answer without lease');
      if (world.scheduler.nowMs < untilMs) world.scheduler.after(30, () => process.run(attempt));
      else world.reach.hit('R28 dropped');
    };
    world.scheduler.after(world.random.below(4), () => process.run(attempt));
  }
}
