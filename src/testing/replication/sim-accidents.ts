/** Faults that come by chance, drawn from the seed. */
import { prng, type Prng } from '../../shared/prng.ts';
import type { Fault, SimEvent } from './sim-acts.ts';
import { deviceFaults } from './sim-devices.ts';

/** Not every run has every fault, and some have many of one kind. */
export function accidents(random: Prng, untilMs: number, wildClocks: boolean): SimEvent[] {
  const events: SimEvent[] = [];
  const often = (perSecondMax: number, make: () => Fault) => {
    if (random.chance(0.5)) return;
    const count = random.below(1 + Math.floor((perSecondMax * untilMs) / 1_000));
    for (let n = 0; n < count; n++) events.push({ atMs: random.below(untilMs), act: make() });
  };
  const who = () => random.below(1_000);
  const someMs = (most: number) => random.below(most);
  often(1.2, () => ({ kind: 'crash', replica: who(), downMs: someMs(random.pick([50, 2_500])) }));
  often(0.12, () => ({ kind: 'blackout', downMs: someMs(400) }));
  often(0.15, () => ({ kind: 'lose', replica: who() }));
  often(0.3, () => ({ kind: 'stop', replica: who(), downMs: someMs(1_500) }));
  often(1.2, () => ({ kind: 'cut', target: who(), replica: who() }));
  const direction = () => random.pick(['up', 'down'] as const);
  often(0.8, () => ({
    kind: 'stall',
    target: who(),
    replica: who(),
    direction: direction(),
    forMs: someMs(1_500),
  }));
  often(0.8, () => ({ kind: 'partition', target: who(), replica: who(), forMs: someMs(2_500) }));
  often(0.6, () => ({ kind: 'isolate', target: who(), spared: who(), forMs: someMs(2_500) }));
  often(0.5, () => ({ kind: 'pauseReplica', replica: who(), forMs: someMs(1_200) }));
  often(0.5, () => ({ kind: 'pauseTarget', target: who(), forMs: someMs(2_000) }));
  often(0.3, () => ({ kind: 'freezeReplica', replica: who(), forMs: someMs(1_500) }));
  if (wildClocks) often(0.6, () => ({ kind: 'freezeTarget', target: who(), forMs: someMs(3_000) }));
  often(0.5, () => ({ kind: 'killTarget', target: who(), restartMs: someMs(600) }));
  often(0.5, () => ({ kind: 'newTarget' }));
  often(0.5, () => ({ kind: random.pick(['dropEntry', 'repeatEntry']), target: 999, replica: who() }));
  often(0.5, () => ({ kind: 'corruptCopy', count: 1 + random.below(2) }));
  if (random.chance(0.3)) often(0.8, () => ({ kind: 'badBlock', replica: who(), block: who() }));
  const change = () => random.pick(['add', 'remove', 'replace', 'replace'] as const);
  often(1, () => ({ kind: 'members', change: change(), which: who() }));
  often(0.3, () => ({ kind: 'fullPool', replica: who(), forMs: someMs(2_500) }));
  often(0.3, () => ({ kind: 'slowDisk', replica: who(), factor: 20, forMs: someMs(3_000) }));
  often(0.3, () => ({ kind: 'slowLink', replica: who(), factor: 20, forMs: someMs(3_000) }));
  return events;
}

/** Pools go back to older roots, and somebody brings their replicas in again. */
export function rewindAccidents(seed: number, untilMs: number): SimEvent[] {
  const random = prng(seed ^ 0xbac4);
  const times = random.pick([0, 0, 0, 1, 1, 2]);
  return Array.from({ length: times }, () => random.below(untilMs)).flatMap((atMs): SimEvent[] => [
    {
      atMs,
      act: {
        kind: 'rewind',
        replica: random.below(1_000),
        back: random.below(1_000),
        downMs: random.below(300),
      },
    },
    {
      atMs: atMs + random.below(1_500),
      act: { kind: 'members', change: 'replace', which: random.below(1_000) },
    },
  ]);
}

/** Devices of some pools err, most of the time one of them. */
export function deviceAccidents(seed: number, untilMs: number): SimEvent[] {
  const random = prng(seed ^ 0xd15c);
  return Array.from({ length: random.pick([0, 0, 1, 3, 8]) }, () => ({
    atMs: random.below(untilMs),
    act: {
      kind: 'deviceFault',
      replica: random.below(1_000),
      what: random.pick(deviceFaults),
      forMs: random.below(2_000),
    },
  }));
}

/** So seldom that most runs are without. */
const givenUpChance = 0.08;

/** In some runs those that are left are no quorum, and somebody goes on with them (R36). */
export function givenUp(seed: number, untilMs: number, rewinds: boolean): SimEvent[] {
  const random = prng(seed ^ 0x6173);
  if (!random.chance(givenUpChance)) return [];
  const times = random.pick([1, 1, 2]);
  return Array.from({ length: times }, () => ({
    atMs: random.below(random.pick([400, untilMs])),
    act: {
      kind: 'giveUp',
      survivors: random.below(1_000),
      from: random.below(1_000),
      behindMs: random.pick([0, 0, 100, 700]),
      crash: random.chance(0.3),
      rival: random.chance(0.3),
      comeback: random.pick(['never', 'never', 'as it was', rewinds ? 'rewound' : 'never']),
      backMs: random.pick([100, 1_500, 6_000]),
    },
  }));
}
