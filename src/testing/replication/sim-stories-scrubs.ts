/** Stories of replicas that are compared while everything else happens: by themselves, with a bad block, with somebody who goes. */
import { prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import type { Fault, SimEvent } from './sim-acts.ts';
import { anything } from './sim-story.ts';

/** In some runs none, in some one or a few, in some many. */
export function scrubEvents(seed: number, untilMs: number, timing: Timing): SimEvent[] {
  const random = prng(seed ^ 0x5c2b);
  return Array.from({ length: random.pick([0, 0, 1, 2, 6]) }).flatMap((): SimEvent[] => {
    const atMs = random.below(untilMs);
    const scrub: SimEvent = {
      atMs,
      act: { kind: 'request', target: 999, request: { kind: 'scrub' } },
    };
    const bad: Fault = { kind: 'badBlock', replica: random.below(1_000), block: random.below(1_000) };
    const on = random.pick(['digest', 'digests', 'digests', 'dropProof']);
    const faults = [anything(random, timing)];
    const skip = random.below(random.pick([1, 4]));
    return [
      ...(random.chance(0.3) ? [{ atMs, act: bad }] : []),
      ...(random.chance(0.4) ? [{ atMs, act: { kind: 'trigger', on, skip, faults } as const }] : []),
      scrub,
    ];
  });
}
