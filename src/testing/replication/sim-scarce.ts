/**
 * Pools that are filled at full speed, with nothing else going wrong: what has a number finds room, and a volume that takes
 * in no more data goes on with everything else for as long as nobody makes room (R17).
 */
import { prng, type Prng } from '../../shared/prng.ts';
import type { Timing } from '../../replication/timing.ts';
import type { Request, SimEvent } from './sim-acts.ts';
import type { SimClients } from './sim-clients.ts';
import { copyingMs } from './sim-copying.ts';
import { requests } from './sim-requests.ts';
import type { SimTarget } from './sim-target.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

/** Every so many seeds, of those without the engine. */
const scarceEvery = 16;
const scarceAt = 5;
/** Of a flood, so that it takes more than the margin between two looks at the room by time. */
const floodRequests = 150;
const floodBlocks = 8;
/** What is on its way is less than what targets are to leave free, or much more. */
const windows: readonly Pick<Timing, 'windowBytesMax' | 'linkBytesMax'>[] = [
  { windowBytesMax: 400_000, linkBytesMax: 200_000 },
  { windowBytesMax: 4_000_000, linkBytesMax: 3_000_000 },
];
/** In a volume that is full reads are answered within this time, and a target serves. */
const answerMs = 2_000;
const serveMsMax = 10_000;
/** An answer to a copier may come so much later than usual. */
const copyingLate = 20;

export interface Scarce {
  /** What users may write to each pool, by replica. */
  readonly roomsBytes: readonly number[];
  readonly timing: Timing;
  readonly events: readonly SimEvent[];
}

export function scarceOf(seed: number, untilMs: number, timing: Timing): Scarce | undefined {
  if (seed % scarceEvery !== scarceAt) return undefined;
  const random = prng(seed ^ 0xf011);
  const some = () => (1 + random.below(3_000) / 1_000) * 2 ** 20;
  const same = some();
  const isSame = random.chance(0.5);
  return {
    roomsBytes: Array.from({ length: 5 }, () => (isSame ? same : some())),
    timing: { ...timing, ...random.pick(windows) },
    events: [...requests(random, untilMs), ...floods(random, untilMs), ...slowness(random, untilMs)],
  };
}

function floods(random: Prng, untilMs: number): SimEvent[] {
  const count = 2 + random.below(4);
  return Array.from({ length: count }).flatMap(() => {
    const atMs = 500 + random.below(untilMs - 500);
    return Array.from({ length: floodRequests }, (): SimEvent => {
      const request: Request = { kind: 'write', block: random.below(1_000), count: floodBlocks, fua: false };
      return { atMs: atMs + random.below(5), act: { kind: 'request', target: 999, request } };
    });
  });
}

/** In some runs one replica is behind the others, or takes long to write down what it has. */
function slowness(random: Prng, untilMs: number): SimEvent[] {
  if (random.chance(0.5)) return [];
  const kind = random.pick(['slowDisk', 'slowLink'] as const);
  const replica = random.below(1_000);
  return [{ atMs: random.below(untilMs), act: { kind, replica, factor: 5, forMs: random.below(3_000) } }];
}

/** Before anybody makes room. */
export async function checkScarce(world: SimWorld, clients: SimClients, scarce: Scarce): Promise<void> {
  const lateMs = world.scheduler.nowMs + copyingLate * copyingMs(world);
  for (let isAnswered = false; !isAnswered;) {
    const serving = await servingOf(world);
    // Those that fell behind while the pools were filled may be needed for what is under way.
    const mayBeShort = isCopying(serving) && world.scheduler.nowMs < lateMs;
    const before = clients.answers;
    const asked = clients.readAll(serving);
    await world.scheduler.run(world.scheduler.nowMs + answerMs);
    const answers = clients.answers - before;
    isAnswered = answers >= asked;
    hold(
      isAnswered || mayBeShort,
      `L1: of ${asked} reads of a full volume ${answers} are answered: ${told(world)}`,
    );
  }
  const members = world.operator.members.length;
  const areSame = new Set(scarce.roomsBytes.slice(0, members)).size === 1;
  const isLeft = world.reach.counts.has('R17 left out as full');
  hold(!areSame || !isLeft, 'R17: what had a number found no room');
  if (world.reach.counts.has('no space')) world.reach.hit('full volume read');
}

async function servingOf(world: SimWorld): Promise<SimTarget> {
  const untilMs = world.scheduler.nowMs + serveMsMax;
  for (;;) {
    const serving = world.alive.find(({ coordinator }) => coordinator.serving);
    if (serving) return serving;
    hold(world.scheduler.nowMs < untilMs, `L1: a full volume does not serve: ${told(world)}`);
    await world.scheduler.run(world.scheduler.nowMs + 100);
  }
}

const isCopying = ({ coordinator }: SimTarget): boolean =>
  coordinator.status().replicas.some(({ state }) => state === 'Rebuilding' || state === 'Proving');

const told = ({ alive }: SimWorld): string =>
  alive
    .map(({ coordinator }) => coordinator.status())
    .map(({ phase, message, replicas }) => `${phase} ${message} ${replicas.map(({ state }) => state).join()}`)
    .join('; ');
