/** What stories are made of: faults and requests in an order, at times that the seed decides. */
import type { Prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import type { Fault, Request, SimEvent, Which, Who } from './sim-acts.ts';

export type Story = (random: Prng, atMs: number, timing: Timing) => Told;

/** In the rests there are no requests but the story's own: replicas then note that they have nothing to lose. */
export interface Told {
  readonly events: SimEvent[];
  readonly rests: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

export const told = (...events: SimEvent[]): Told => ({ events, rests: [] });

/** So long that everything is durable, and noted. */
export const restMs = 1_700;

/** The same request again and again. */
export const asking = (
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

export const someWrite = (random: Prng) => (): Request => ({
  kind: 'write',
  block: random.below(1_000),
  count: 1,
  fua: false,
});
export const someRead = (random: Prng) => (): Request => ({
  kind: 'read',
  block: random.below(1_000),
  count: 1,
});

export const brief = (random: Prng) => random.below(random.pick([2, 40, 300]));

/** Any fault, to somebody whom a trigger was about. */
export function anything(random: Prng, { leaseMs }: Timing): Fault {
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
