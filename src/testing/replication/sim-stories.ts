/**
 * What goes wrong together: faults in the orders that are known to break a volume that lacks one of the rules
 * (docs/replication.md). Times and places still come from the seed.
 */
import type { Prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import type { Fault, SimEvent, Who } from './sim-plan.ts';

type Story = (random: Prng, atMs: number, timing: Timing) => SimEvent[];

const brief = (random: Prng) => random.below(random.pick([2, 40, 300]));

/** Something happens to whom a message was about, or to the others, the moment it has been sent. */
const atMessage: Story = (random, atMs, timing) => {
  const on = random.pick([
    'promise',
    'report',
    'attach',
    'rebuild',
    'source',
    'adopt',
    'snapshot',
    'complete',
    'copied',
    'received',
    'durable',
    'inSync',
    'renewed',
    'wait',
    'refuse',
    'serving',
    'answer',
    'dropBase',
    'commit',
  ]);
  const faults = Array.from({ length: 1 + random.below(2) }, () => anything(random, timing));
  return [{ atMs, act: { kind: 'trigger', on, skip: random.below(random.pick([1, 3, 20])), faults } }];
};

function anything(random: Prng, { leaseMs }: Timing): Fault {
  const who = random.pick<Who>(['it', 'it', 'others', 'source', random.below(1_000)]);
  const forMs = random.below(3 * leaseMs);
  const downMs = brief(random);
  return random.pick<Fault>([
    { kind: 'crash', replica: who, downMs },
    { kind: 'crash', replica: who, downMs: forMs },
    { kind: 'blackout', downMs },
    { kind: 'lose', replica: who },
    { kind: 'cut', target: 'it', replica: who },
    { kind: 'partition', target: 'it', replica: who, forMs },
    { kind: 'stall', target: 'it', replica: who, direction: random.pick(['up', 'down']), forMs },
    { kind: 'pauseReplica', replica: who, forMs },
    { kind: 'pauseTarget', target: 'it', forMs },
    { kind: 'killTarget', target: 'it', restartMs: downMs },
    { kind: 'newTarget' },
    { kind: 'stop', replica: who, downMs },
  ]);
}

/** An old target that can still reach one replica is overtaken; the replica crashes while it promises (R1, R2, R3). */
const overtaken: Story = (random, atMs, { leaseMs }) => {
  const between = random.below(1_000);
  const cutMs = leaseMs + 100 + random.below(400);
  const stalls = random.chance(0.5);
  const away: Fault = stalls
    ? { kind: 'stall', target: 0, replica: between, direction: 'down', forMs: cutMs + random.below(300) }
    : { kind: 'partition', target: 0, replica: between, forMs: cutMs };
  return [
    { atMs, act: away },
    { atMs: atMs + random.below(200), act: { kind: 'newTarget' } },
    {
      atMs,
      act: {
        kind: 'trigger',
        on: random.pick(['promise', 'report', 'attach']),
        skip: random.below(4),
        faults: [{ kind: 'crash', replica: random.pick<Who>(['it', between]), downMs: brief(random) }],
      },
    },
  ];
};

/** A target stands still just before it answers, for longer than its leases; another one takes over (R14, R27, R28). */
const asleep: Story = (random, atMs, { leaseMs }) => [
  {
    atMs,
    act: {
      kind: 'trigger',
      on: 'answer',
      skip: random.below(5),
      faults: [
        { kind: 'pauseTarget', target: 'it', forMs: 2 * leaseMs + random.below(1_000) },
        { kind: 'newTarget' },
      ],
    },
  },
];

/** Many crash at once and are back at once; who has not crashed is cut off from the next target (R5, R29). */
const amnesia: Story = (random, atMs) => {
  const spared = random.below(1_000);
  const crashes: Fault[] = [random.below(1_000), random.below(1_000)].map((replica) => ({
    kind: 'crash',
    replica,
    downMs: brief(random),
  }));
  const next: Fault = random.chance(0.5)
    ? { kind: 'killTarget', target: 999, restartMs: brief(random) }
    : { kind: 'newTarget' };
  return [
    ...crashes.map((act) => ({ atMs, act })),
    { atMs, act: next },
    {
      atMs: atMs + 1 + random.below(60),
      act: { kind: 'partition', target: 999, replica: spared, forMs: random.below(2_500) },
    },
  ];
};

/** One replica alone hears the last writes of a target, which then dies; what it holds is dead, or must not be (R6, R7, R20). */
const ahead: Story = (random, atMs) => {
  const alone = random.below(1_000);
  const forMs = 200 + random.below(600);
  const endMs = atMs + forMs + random.below(200);
  const fault: Fault = random.chance(0.5)
    ? { kind: 'isolate', target: 999, spared: alone, forMs }
    : { kind: 'stall', target: 999, replica: alone, direction: 'up', forMs };
  return [
    { atMs, act: fault },
    { atMs: endMs, act: { kind: 'killTarget', target: 999, restartMs: brief(random) } },
    ...(random.chance(0.5)
      ? [{ atMs: endMs + 1, act: { kind: 'pauseReplica', replica: alone, forMs: 800 } as const }]
      : [{ atMs: endMs + 1, act: { kind: 'crash', replica: alone, downMs: brief(random) } as const }]),
  ];
};

/** Somebody comes back after long, and what it is rebuilt from goes away meanwhile (R19, R22, R23). */
const interruptedRebuild: Story = (random, atMs, timing) => {
  const replica = random.below(1_000);
  const downMs = 300 + random.below(1_500);
  const on = random.pick(['rebuild', 'progress', 'copied', 'dropBase', 'snapshot', 'complete', 'source']);
  const faults = Array.from({ length: 1 + random.below(2) }, () =>
    random.chance(0.4) ? endOfSource(random) : anything(random, timing),
  );
  return [
    { atMs, act: { kind: 'crash', replica, downMs } },
    {
      atMs: atMs + downMs,
      act: { kind: 'trigger', on, skip: random.below(random.pick([1, 8])), faults },
    },
  ];
};

const endOfSource = (random: Prng): Fault =>
  random.pick<Fault>([
    { kind: 'lose', replica: 'source' },
    { kind: 'crash', replica: 'source', downMs: brief(random) },
    { kind: 'stop', replica: 'source', downMs: brief(random) },
  ]);

/** A target is cut off from all but the source of a rebuild, goes on writing there, and dies with it (R23). */
const deadSource: Story = (random, atMs) => {
  const replica = random.below(1_000);
  const downMs = 300 + random.below(900);
  const skip = random.below(4);
  return [
    { atMs, act: { kind: 'crash', replica, downMs } },
    {
      atMs: atMs + downMs,
      act: {
        kind: 'trigger',
        on: 'rebuild',
        skip: 0,
        faults: [
          { kind: 'slowLink', replica: 'it', factor: 10, forMs: 400 },
          { kind: 'stall', target: 'it', replica: 'rest', direction: 'down', forMs: 900 },
        ],
      },
    },
    {
      atMs: atMs + downMs + 20,
      act: {
        kind: 'trigger',
        on: 'progress',
        skip,
        faults: [
          { kind: 'killTarget', target: 'it', restartMs: brief(random) },
          { kind: 'pauseReplica', replica: 'source', forMs: 1_200 },
        ],
      },
    },
  ];
};

/** The base of a replica is the last complete copy that is left (R19). */
const lastCopy: Story = (random, atMs) => {
  const away = random.below(1_000);
  const alone = random.below(1_000);
  const forMs = 150 + random.below(300);
  const on = random.pick(['rebuild', 'dropBase', 'progress']);
  return [
    { atMs, act: { kind: 'partition', target: 999, replica: away, forMs: 700 } },
    { atMs: atMs + 300, act: { kind: 'isolate', target: 999, spared: alone, forMs } },
    { atMs: atMs + 310 + forMs, act: { kind: 'killTarget', target: 999, restartMs: brief(random) } },
    {
      atMs: atMs + 311 + forMs,
      act: {
        kind: 'trigger',
        on,
        skip: random.below(3),
        faults: [{ kind: 'lose', replica: random.pick<Who>(['source', alone]) }],
      },
    },
  ];
};

/** Two begin at once (R8, R10). */
const duel: Story = (random, atMs) => [
  { atMs, act: { kind: 'newTarget' } },
  { atMs: atMs + brief(random), act: { kind: 'newTarget' } },
];

const all: readonly Story[] = [
  atMessage,
  atMessage,
  atMessage,
  overtaken,
  asleep,
  amnesia,
  ahead,
  interruptedRebuild,
  interruptedRebuild,
  deadSource,
  lastCopy,
  duel,
];

export function stories(random: Prng, untilMs: number, timing: Timing): SimEvent[] {
  const count = random.pick([0, 1, 2, 4, 6]);
  return Array.from({ length: count }, () => random.pick(all)(random, random.below(untilMs), timing)).flat();
}
