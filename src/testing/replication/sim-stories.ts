/**
 * What goes wrong together: faults in the orders that are known to break a volume that lacks one of the rules
 * (docs/replication.md). Times and places still come from the seed.
 */
import type { Prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import type { Fault, Request, SimEvent, Which, Who } from './sim-plan.ts';

type Story = (random: Prng, atMs: number, timing: Timing) => Told;

/** In the rests there are no requests but the story's own: replicas then note that they have nothing to lose. */
interface Told {
  readonly events: SimEvent[];
  readonly rests: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

const told = (...events: SimEvent[]): Told => ({ events, rests: [] });

/** So long that everything is durable, and noted. */
const restMs = 1_700;

/** The same request again and again. */
const asking = (
  atMs: number,
  forMs: number,
  everyMs: number,
  target: Which,
  request: () => Request,
): SimEvent[] =>
  Array.from({ length: Math.ceil(forMs / everyMs) }, (_, i) => ({
    atMs: atMs + i * everyMs,
    act: { kind: 'request', target, request: request() },
  }));

const someWrite = (random: Prng) => (): Request => ({
  kind: 'write',
  block: random.below(1_000),
  count: 1,
  fua: false,
});
const someRead = (random: Prng) => (): Request => ({ kind: 'read', block: random.below(1_000), count: 1 });

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
  return told({ atMs, act: { kind: 'trigger', on, skip: random.below(random.pick([1, 3, 20])), faults } });
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
  return told(
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
  );
};

/**
 * Two replicas promise a new target while the old one has only the third; one of the two crashes as it promises, and the
 * old target reaches it again before the new one does (R1).
 */
const forgottenPromise: Story = (random, atMs, { leaseMs }) => {
  const [crashes, stays, third] = random.pick([
    [0, 400, 900],
    [400, 900, 0],
    [900, 0, 400],
  ] as const);
  const newMs = atMs + leaseMs + 50 + random.below(100);
  const apartMs = leaseMs + 150 + random.below(400);
  const faults: Fault[] = [{ kind: 'crash', replica: crashes, downMs: random.below(8) }];
  return told(
    { atMs, act: { kind: 'partition', target: 999, replica: crashes, forMs: apartMs } },
    { atMs, act: { kind: 'partition', target: 999, replica: stays, forMs: 2_500 } },
    { atMs: newMs, act: { kind: 'newTarget' } },
    { atMs: newMs, act: { kind: 'partition', target: 999, replica: third, forMs: 2_500 } },
    { atMs: newMs, act: { kind: 'trigger', on: 'report', skip: random.below(2), faults } },
    ...asking(newMs, 900, 8, 0, someWrite(random)),
  );
};

/** A target stands still just before it answers, for longer than its leases; another one takes over (R14, R27, R28). */
const asleep: Story = (random, atMs, { leaseMs }) =>
  told({
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
  });

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
  return told(
    ...crashes.map((act) => ({ atMs, act })),
    { atMs, act: next },
    {
      atMs: atMs + 1 + random.below(60),
      act: { kind: 'partition', target: 999, replica: spared, forMs: random.below(2_500) },
    },
  );
};

/** All but one have forgotten what they granted; the old target hears only that one and goes on answering (R27, R29). */
const forgotten: Story = (random, atMs, { leaseMs }) => {
  const spared = random.below(1_000);
  const startMs = atMs + restMs;
  return {
    rests: [{ fromMs: atMs, untilMs: startMs + leaseMs }],
    events: [
      ...asking(startMs, leaseMs, 15, 0, someRead(random)),
      { atMs: startMs, act: { kind: 'isolate', target: 999, spared, forMs: 2 * leaseMs } },
      { atMs: startMs + 1, act: { kind: 'crash', replica: -1 - spared, downMs: random.below(20) } },
      { atMs: startMs + 2, act: { kind: 'newTarget' } },
      { atMs: startMs + 3, act: { kind: 'partition', target: 999, replica: spared, forMs: 2 * leaseMs } },
    ],
  };
};

/** What is written while one is rebuilt rests on its completion; it crashes right after, and the source is away (R22d). */
const shortLived: Story = (random, atMs) => {
  const replica = random.below(1_000);
  const backMs = atMs + 400 + random.below(900);
  const target = 'it';
  const onComplete: Fault[] = [
    { kind: 'crash', replica: 'it', downMs: brief(random) },
    { kind: 'stall', target, replica: 'source', direction: 'down', forMs: 500 },
    { kind: 'later', afterMs: 10 + random.below(60), fault: { kind: 'killTarget', target, restartMs: 1 } },
    { kind: 'later', afterMs: 10, fault: { kind: 'pauseReplica', replica: 'source', forMs: 2_500 } },
  ];
  const leaves: Fault = { kind: 'partition', target, replica: 'rest', forMs: 500 + random.below(500) };
  const on = random.pick(['copied', 'snapshot']);
  return told(
    { atMs, act: { kind: random.pick(['crash', 'stop']), replica, downMs: backMs - atMs } },
    { atMs: backMs, act: { kind: 'trigger', on, skip: 0, faults: [leaves] } },
    { atMs: backMs, act: { kind: 'trigger', on: 'complete', skip: 0, faults: onComplete } },
    ...asking(backMs, 800, 10, 999, someWrite(random)),
  );
};

/** The first write after a rest: one of the two that have it crashes before that is noted, the other is away (R5). */
const firstWords: Story = (random, atMs) => {
  const [crashes, leaves, behind] = random.pick([
    [0, 400, 900],
    [400, 900, 0],
    [900, 0, 400],
  ] as const);
  const startMs = atMs + restMs;
  const faults: Fault[] = [
    { kind: 'crash', replica: crashes, downMs: brief(random) },
    { kind: 'pauseReplica', replica: leaves, forMs: 2_500 },
    { kind: 'later', afterMs: 12, fault: { kind: 'killTarget', target: 'it', restartMs: random.below(100) } },
  ];
  return {
    rests: [{ fromMs: atMs, untilMs: startMs + 200 }],
    events: [
      { atMs: startMs, act: { kind: 'stall', target: 999, replica: behind, direction: 'down', forMs: 700 } },
      { atMs: startMs, act: { kind: 'trigger', on: 'answer', skip: 0, faults } },
      ...asking(startMs + 1, 20, 10, 999, someWrite(random)),
    ],
  };
};

/** One replica alone takes in far more than the others before its target dies (R9). */
const farAhead: Story = (random, atMs) => {
  const alone = random.below(1_000);
  return told(
    { atMs, act: { kind: 'stall', target: 999, replica: -1 - alone, direction: 'down', forMs: 1_500 } },
    ...asking(atMs + 1, 600, 3, 999, someWrite(random)),
    { atMs: atMs + 900, act: { kind: 'killTarget', target: 999, restartMs: 1 } },
    { atMs: atMs + 900, act: { kind: 'pauseReplica', replica: alone, forMs: 2_500 } },
    ...asking(atMs + 1_200, 800, 10, 999, someWrite(random)),
  );
};

/** One alone takes in a resize, and forgets it; the volume grows later (R21). */
const deadResize: Story = (random, atMs) => {
  const alone = random.below(1_000);
  const startMs = atMs + 700; // the window has room again
  const grow = (blocks: number): SimEvent['act'] => ({
    kind: 'request',
    target: 999,
    request: { kind: 'resize', blocks },
  });
  return {
    rests: [{ fromMs: atMs, untilMs: startMs + 100 }],
    events: [
      {
        atMs: startMs,
        act: { kind: 'stall', target: 999, replica: -1 - alone, direction: 'down', forMs: 400 },
      },
      { atMs: startMs + 10, act: grow(4) },
      { atMs: startMs + 100, act: { kind: 'killTarget', target: 999, restartMs: 1 } },
      { atMs: startMs + 100, act: { kind: 'pauseReplica', replica: alone, forMs: 900 } },
      { atMs: startMs + 2_600 + random.below(500), act: grow(1 + random.below(6)) },
    ],
  };
};

/** One replica alone hears the last writes of a target, which then dies; what it holds is dead, or must not be (R6, R7, R20). */
const ahead: Story = (random, atMs) => {
  const alone = random.below(1_000);
  const forMs = 200 + random.below(600);
  const endMs = atMs + forMs + random.below(200);
  const fault: Fault = random.chance(0.5)
    ? { kind: 'isolate', target: 999, spared: alone, forMs }
    : { kind: 'stall', target: 999, replica: alone, direction: 'up', forMs };
  return told(
    { atMs, act: fault },
    { atMs: endMs, act: { kind: 'killTarget', target: 999, restartMs: brief(random) } },
    ...(random.chance(0.5)
      ? [{ atMs: endMs + 1, act: { kind: 'pauseReplica', replica: alone, forMs: 800 } as const }]
      : [{ atMs: endMs + 1, act: { kind: 'crash', replica: alone, downMs: brief(random) } as const }]),
  );
};

/** Somebody comes back after long, and what it is rebuilt from goes away meanwhile (R19, R22, R23). */
const interruptedRebuild: Story = (random, atMs, timing) => {
  const replica = random.below(1_000);
  const downMs = 300 + random.below(1_500);
  const on = random.pick(['rebuild', 'progress', 'copied', 'dropBase', 'snapshot', 'complete', 'source']);
  const faults = Array.from({ length: 1 + random.below(2) }, () =>
    random.chance(0.4) ? endOfSource(random) : anything(random, timing),
  );
  return told(
    { atMs, act: { kind: 'crash', replica, downMs } },
    {
      atMs: atMs + downMs,
      act: { kind: 'trigger', on, skip: random.below(random.pick([1, 8])), faults },
    },
  );
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
  return told(
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
  );
};

/** The base of a replica is the last complete copy that is left (R19). */
const lastCopy: Story = (random, atMs) => {
  const away = random.below(1_000);
  const alone = random.below(1_000);
  const forMs = 150 + random.below(300);
  const on = random.pick(['rebuild', 'dropBase', 'progress']);
  return told(
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
  );
};

/** The link of a replica that is rebuilt breaks again and again, while answers of its source are on their way (R22e). */
const lateCopies: Story = (random, atMs) => {
  const replica = random.below(1_000);
  const backMs = atMs + 500 + random.below(900);
  const cut: Fault = { kind: 'cut', target: 'it', replica: 'it' };
  const breaks = [0, 1, 2, 3].map((skip): SimEvent => {
    const faults: Fault[] = [{ kind: 'later', afterMs: 20 + random.below(200), fault: cut }];
    return { atMs: backMs, act: { kind: 'trigger', on: 'rebuild', skip, faults } };
  });
  return told(
    { atMs, act: { kind: 'crash', replica, downMs: backMs - atMs } },
    ...breaks,
    ...asking(backMs, 1_500, 6, 999, someWrite(random)),
  );
};

/** Two begin at once (R8, R10). */
const duel: Story = (random, atMs) =>
  told({ atMs, act: { kind: 'newTarget' } }, { atMs: atMs + brief(random), act: { kind: 'newTarget' } });

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
  duel,
];

export function stories(random: Prng, untilMs: number, timing: Timing): Told {
  const count = random.pick([0, 1, 2, 4, 6]);
  const all = Array.from({ length: count }, () => random.pick(known)(random, random.below(untilMs), timing));
  return { events: all.flatMap(({ events }) => events), rests: all.flatMap(({ rests }) => rests) };
}
