/** Commands on snapshots, as an operator of the volume gives them, and what their answers promise (R24). */
import type { SnapshotAnswer } from '../../replication/coordinator/snapshot-commands.ts';
import type { SnapshotInfo } from '../../replication/record.ts';
import { prng } from '../../shared/prng.ts';
import type { SimEvent } from './sim-acts.ts';
import type { Place } from './sim-order.ts';
import type { SimTarget } from './sim-target.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

export interface SnapshotRequest {
  readonly kind: 'snapshot';
  readonly what: 'take' | 'delete' | 'revert';
  /** Which of those there are, as a part of a thousand. */
  readonly which: number;
}

/** Of a seed: many have none, few return to one. */
export function snapshotEvents(seed: number, untilMs: number): SimEvent[] {
  const random = prng(seed ^ 0x5ea5);
  if (random.chance(0.3)) return [];
  const reverts = random.chance(0.5);
  const pauseMs = random.pick([60, 200, 600]);
  const events: SimEvent[] = [];
  for (let atMs = random.below(pauseMs); atMs < untilMs; atMs += random.below(2 * pauseMs)) {
    const choice = random.below(100);
    const what = choice < 60 ? 'take' : choice < 80 || !reverts ? 'delete' : 'revert';
    const request: SnapshotRequest = { kind: 'snapshot', what, which: random.below(1_000) };
    events.push({ atMs, act: { kind: 'request', target: 999, request } });
  }
  return events;
}

/** There are never more: each is copied by itself, which takes its time where copying is slow. */
export const snapshotsMost = 3;

interface AskedReturn {
  readonly to: SnapshotInfo;
  readonly startMs: number;
  finishMs: number;
  /** Of its entry, once it was answered. */
  place?: Place;
}

export class SimSnapshots {
  readonly #world: SimWorld;
  #taken = 0;
  /** Returns to snapshots that were asked for, whether they came to be or not. */
  readonly returns: AskedReturn[] = [];

  constructor(world: SimWorld) {
    this.#world = world;
  }

  send(target: SimTarget, { what, which }: SnapshotRequest): void {
    const serving = this.#world.alive.findLast(({ coordinator }) => coordinator.serving) ?? target;
    serving.process.run(() => this.#ask(serving, what, which));
  }

  #ask(target: SimTarget, wanted: SnapshotRequest['what'], which: number): void {
    const { coordinator, door, process } = target;
    const { snapshots } = coordinator;
    const what = wanted === 'take' && snapshots.length >= snapshotsMost ? 'delete' : wanted;
    const found = snapshots[Math.floor((which * snapshots.length) / 1_000)];
    const { nowMs } = process;
    if (what === 'take') {
      this.#taken += 1;
      const name = `s${this.#taken}`;
      return coordinator.takeSnapshot(name, this.#taken, nowMs, this.#answer(target, what, name));
    }
    if (!found) return;
    const answer = this.#answer(target, what, found.name);
    if (what === 'delete') return coordinator.deleteSnapshot(found.name, nowMs, answer);
    const { scheduler, truth } = this.#world;
    const asked: AskedReturn = { to: found, startMs: scheduler.nowMs, finishMs: Infinity };
    this.returns.push(asked);
    door.revert(found.name, (result) => {
      if (result.ok) {
        asked.finishMs = scheduler.nowMs;
        const { epoch, flushed } = coordinator.status();
        const place = truth.returnTo(found, epoch, flushed);
        hold(place !== undefined, `R24: a return to ${found.name} is answered, and nobody made it`);
        asked.place = place;
      }
      answer(result);
    });
  }

  #answer(target: SimTarget, kind: SnapshotRequest['what'], name: string): SnapshotAnswer {
    const what = `${kind} ${name}`;
    const { truth, reach } = this.#world;
    this.#world.trace('client', `asks ${target.name}: ${what}`);
    return (result) => {
      this.#world.trace('client', `${result.ok ? 'hears' : result.problem}: ${what}`);
      if (!result.ok) return;
      const { coordinator } = target;
      const { epoch, flushed } = coordinator.status();
      reach.hit(`R24 ${kind}`);
      truth.answered(epoch, flushed, 'flushed');
      truth.checkShown(epoch, flushed, coordinator.snapshots);
    };
  }
}
