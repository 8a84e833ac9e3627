/** Stories of replicas that crash and forget. */
import type { Fault, SimEvent } from './sim-acts.ts';
import { type Story, anything, asking, brief, restMs, someRead, someWrite, told } from './sim-story.ts';

/** Something happens to whom a message was about, or to the others, the moment it has been sent. */
export const atMessage: Story = (random, atMs, timing) => {
  const on = random.pick([
    'promise',
    'report',
    'attach',
    'rebuild',
    'source',
    'adopt',
    'proof',
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

/** Many crash at once and are back at once; who has not crashed is cut off from the next target (R5, R29). */
export const amnesia: Story = (random, atMs) => {
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
export const forgotten: Story = (random, atMs, { leaseMs }) => {
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
export const shortLived: Story = (random, atMs) => {
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
  const on = random.pick(['copied', 'proof']);
  return told(
    { atMs, act: { kind: random.pick(['crash', 'stop']), replica, downMs: backMs - atMs } },
    { atMs: backMs, act: { kind: 'trigger', on, skip: 0, faults: [leaves] } },
    { atMs: backMs, act: { kind: 'trigger', on: 'complete', skip: 0, faults: onComplete } },
    ...asking(backMs, 800, 10, 999, someWrite(random)),
  );
};

/** The first write after a rest: one of the two that have it crashes before that is noted, the other is away (R5). */
export const firstWords: Story = (random, atMs) => {
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

/** One alone takes in a resize, and forgets it; the volume grows later (R21). */
export const deadResize: Story = (random, atMs, { leaseMs }) => {
  const alone = random.below(1_000);
  const startMs = atMs + 700; // the window has room again
  const forMs = leaseMs + 300; // the others have promised the next target by then, and refuse it
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
        act: { kind: 'stall', target: 999, replica: -1 - alone, direction: 'down', forMs },
      },
      { atMs: startMs + 10, act: grow(4) },
      { atMs: startMs + 100, act: { kind: 'killTarget', target: 999, restartMs: 1 } },
      { atMs: startMs + 100, act: { kind: 'pauseReplica', replica: alone, forMs: 900 } },
      { atMs: startMs + 2_600 + random.below(500), act: grow(1 + random.below(6)) },
    ],
  };
};
