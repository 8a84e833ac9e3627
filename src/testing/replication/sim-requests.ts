/** What initiators ask for in a run, drawn from the seed. */
import { prng, type Prng } from '../../shared/prng.ts';
import type { Request, SimEvent } from './sim-acts.ts';

/** Not equally often in all runs. */
export function requests(random: Prng, untilMs: number): SimEvent[] {
  const events: SimEvent[] = [];
  const pauseMs = random.pick([4, 12, 40]);
  const flushes = random.pick([0, 2, 8]);
  for (let atMs = 0; atMs < untilMs; atMs += random.below(2 * pauseMs)) {
    const target = random.chance(0.5) ? random.below(1_000) : 999;
    events.push({ atMs, act: { kind: 'request', target, request: request(random, flushes) } });
  }
  return events;
}

function request(random: Prng, flushes: number): Request {
  const choice = random.below(100);
  const block = random.below(1_000);
  const count = 1 + random.below(3);
  if (choice < 45) return { kind: 'write', block, count, fua: random.chance(flushes / 80) };
  if (choice < 82) return { kind: 'read', block, count };
  if (choice < 82 + flushes) return { kind: 'flush' };
  if (choice < 96) return { kind: 'unmap', block, count: 1 + random.below(6) };
  if (choice < 99) return { kind: 'setValue', value: random.below(1_000) };
  return { kind: 'resize', blocks: 1 + random.below(3) };
}

/** What only initiators that speak SCSI ask for. */
export function scsiRequests(seed: number, untilMs: number): SimEvent[] {
  const random = prng(seed ^ 0x5c51);
  const events: SimEvent[] = [];
  const everyMs = random.pick([40, 150]);
  for (let atMs = 0; atMs < untilMs; atMs += random.below(2 * everyMs)) {
    const what = random.pick(['abort task', 'abort task', 'abort task set', 'logical unit reset'] as const);
    const request: Request = random.chance(0.15)
      ? { kind: 'manage', what }
      : { kind: 'swap', block: random.below(1_000) };
    events.push({ atMs, act: { kind: 'request', target: random.pick([999, random.below(1_000)]), request } });
  }
  return events;
}

/** Every so many seeds. */
const stormEvery = 3;
/** Asked for at once, over blocks that overlap. */
const stormRequests = [16, 24, 40] as const;

/** Many requests at once on few blocks, of several blocks and of parts of them: as an initiator with a deep queue. */
export function stormEvents(seed: number, untilMs: number, scsi: boolean): SimEvent[] {
  if (seed % stormEvery !== 0 && !scsi) return [];
  const random = prng(seed ^ 0x57_0124);
  const events: SimEvent[] = [];
  const pauseMs = random.pick([300, 900]);
  for (let atMs = random.below(pauseMs); atMs < untilMs; atMs += random.below(2 * pauseMs)) {
    const around = random.below(1_000);
    const near = () => Math.max(0, Math.min(999, around + random.below(240) - 120));
    for (let left = random.pick(stormRequests); left > 0; left--) {
      const request = stormRequest(random, near(), scsi);
      events.push({ atMs: atMs + random.below(3), act: { kind: 'request', target: 999, request } });
    }
  }
  return events;
}

function stormRequest(random: Prng, place: number, scsi: boolean): Request {
  if (scsi && random.chance(0.5)) {
    const kind = random.chance(0.6) ? 'writePart' : 'readPart';
    return { kind, sector: place, count: 1 + random.below(random.pick([4, 20])) };
  }
  const count = 1 + random.below(4);
  if (random.chance(0.4)) return { kind: 'read', block: place, count };
  return { kind: 'write', block: place, count, fua: random.chance(0.05) };
}
