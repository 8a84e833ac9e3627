/** Stories of rebuilds whose source, link or target goes away. */
import { blockBytes } from '../../shared/block-size.ts';
import type { Prng } from '../../shared/prng.ts';
import type { Fault, Request, SimEvent, Who } from './sim-acts.ts';
import { type Story, anything, asking, brief, someWrite, told } from './sim-story.ts';

/** Somebody comes back after long, and what it is rebuilt from goes away meanwhile (R19, R22, R23). */
export const interruptedRebuild: Story = (random, atMs, timing) => {
  const replica = random.below(1_000);
  const downMs = 300 + random.below(1_500);
  const on = random.pick(['rebuild', 'progress', 'copied', 'dropBase', 'proof', 'complete', 'source']);
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
export const deadSource: Story = (random, atMs) => {
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
export const lastCopy: Story = (random, atMs) => {
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

/**
 * A quorum waits for a replica that is rebuilt, everybody else is cut off; just when it is complete it crashes, and the
 * one that it was copied from is gone for good (R22d).
 */
export const freshCopy: Story = (random, atMs) => {
  const replica = random.below(1_000);
  const backMs = atMs + 500 + random.below(700);
  const alone: Fault = { kind: 'partition', target: 'it', replica: 'rest', forMs: 1_200 };
  const atOnce = random.below(12);
  const flushed = (): Request => ({ kind: 'write', block: random.below(1_000), count: 1, fua: true });
  return told(
    { atMs, act: { kind: 'crash', replica, downMs: backMs - atMs } },
    { atMs: backMs, act: { kind: 'trigger', on: 'rebuild', skip: 0, faults: [alone] } },
    {
      atMs: backMs,
      act: {
        kind: 'trigger',
        on: 'complete',
        skip: 0,
        faults: [
          { kind: 'later', afterMs: atOnce, fault: { kind: 'crash', replica: 'it', downMs: brief(random) } },
          { kind: 'later', afterMs: atOnce, fault: { kind: 'lose', replica: 'source' } },
        ],
      },
    },
    ...asking(atMs, 1_500, 12, 999, flushed),
  );
};

/** The link of a replica that is rebuilt breaks again and again, while answers of its source are on their way (R22e). */
export const lateCopies: Story = (random, atMs) => {
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

/** Somebody comes back when the first entry that it lacks is about to leave the window (R17). */
export const edgeOfWindow: Story = (random, atMs, timing) => {
  const replica = random.below(1_000);
  const everyMs = 12;
  const entries = Math.floor(timing.windowBytesMax / blockBytes) + random.below(8) - 4;
  const forMs = Math.min(Math.max(1, entries) * everyMs, 800);
  return told(
    { atMs, act: { kind: 'partition', target: 999, replica, forMs } },
    ...asking(atMs - 100, forMs + 300, everyMs, 999, someWrite(random)),
  );
};
