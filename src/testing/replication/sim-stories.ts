/**
 * What goes wrong together: faults in the orders that are known to break a volume that lacks one of the rules
 * (docs/replication.md). Times and places still come from the seed.
 */
import type { Prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import { amnesia, atMessage, deadResize, firstWords, forgotten, shortLived } from './sim-stories-crashes.ts';
import {
  deadSource,
  edgeOfWindow,
  freshCopy,
  interruptedRebuild,
  lastCopy,
  lateCopies,
} from './sim-stories-rebuilds.ts';
import { ahead, asleep, duel, farAhead, forgottenPromise, overtaken } from './sim-stories-targets.ts';
import type { Story, Told } from './sim-story.ts';

const known: readonly Story[] = [
  atMessage,
  atMessage,
  atMessage,
  overtaken,
  forgottenPromise,
  asleep,
  amnesia,
  firstWords,
  farAhead,
  deadResize,
  forgotten,
  shortLived,
  ahead,
  interruptedRebuild,
  interruptedRebuild,
  deadSource,
  lastCopy,
  lateCopies,
  freshCopy,
  edgeOfWindow,
  duel,
];

export function stories(random: Prng, untilMs: number, timing: Timing): Told {
  const count = random.pick([0, 1, 2, 4, 6]);
  const all = Array.from({ length: count }, () => random.pick(known)(random, random.below(untilMs), timing));
  return { events: all.flatMap(({ events }) => events), rests: all.flatMap(({ rests }) => rests) };
}
