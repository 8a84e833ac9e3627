/** Stories of targets that overtake each other, sleep, and die ahead of all others. */
import type { Fault, Who } from './sim-acts.ts';
import { type Story, asking, brief, someWrite, told } from './sim-story.ts';

/** An old target that can still reach one replica is overtaken; the replica crashes while it promises (R1, R2, R3). */
export const overtaken: Story = (random, atMs, { leaseMs }) => {
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
export const forgottenPromise: Story = (random, atMs, { leaseMs }) => {
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
export const asleep: Story = (random, atMs, { leaseMs }) =>
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

/** One replica alone takes in far more than the others before its target dies (R9). */
export const farAhead: Story = (random, atMs) => {
  const alone = random.below(1_000);
  return told(
    { atMs, act: { kind: 'stall', target: 999, replica: -1 - alone, direction: 'down', forMs: 1_500 } },
    ...asking(atMs + 1, 600, 3, 999, someWrite(random)),
    { atMs: atMs + 900, act: { kind: 'killTarget', target: 999, restartMs: 1 } },
    { atMs: atMs + 900, act: { kind: 'pauseReplica', replica: alone, forMs: 2_500 } },
    ...asking(atMs + 1_200, 800, 10, 999, someWrite(random)),
  );
};

/** One replica alone hears the last writes of a target, which then dies; what it holds is dead, or must not be (R6, R7, R20). */
export const ahead: Story = (random, atMs) => {
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

/** Two begin at once (R8, R10). */
export const duel: Story = (random, atMs) =>
  told({ atMs, act: { kind: 'newTarget' } }, { atMs: atMs + brief(random), act: { kind: 'newTarget' } });
