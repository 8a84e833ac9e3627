/** What goes wrong together: faults in the orders that are known to break a volume that lacks one of the rules. */
import type { Prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import type { SimEvent } from './sim-plan.ts';

export function stories(random: Prng, untilMs: number, timing: Timing): SimEvent[] {
  void random;
  void untilMs;
  void timing;
  return [];
}
