/** One run of the simulation: faults and requests from a seed, then calm, then every promise is checked. */
import { prng, type Prng } from '../../shared/prng.ts';
import { ackQuorum } from '../../replication/quorum.ts';
import { SimClients } from './sim-clients.ts';
import { hold } from './sim-truth.ts';
import { SimWorld, type SimTarget } from './sim-world.ts';

export interface RunOptions {
  readonly seed: number;
  readonly replicas: number;
  readonly blocks?: number;
  /** Length of the part with faults. */
  readonly faultsMs?: number;
  /** Power cuts of single replicas, of everything. */
  readonly crashes?: boolean;
  readonly blackouts?: boolean;
  /** Disks lost for good, as many as the volume survives. */
  readonly losses?: boolean;
}

export interface RunResult {
  readonly answers: number;
  readonly epochs: number;
  readonly lossy: boolean;
}

const settleMs = 12_000;

/** Throws a Violation when a promise was broken. */
export function run(options: RunOptions): RunResult {
  const { seed, replicas, blocks = 12, faultsMs = 9_000 } = options;
  const random = prng(seed);
  const world = new SimWorld({ random, replicas, blocks });
  const clients = new SimClients(world, blocks);
  world.newTarget();
  const stepMs = 25;
  const chances = faultChances(random, options);
  let epochs = 0;
  let lossy = false;
  const look = () => {
    for (const { coordinator } of world.targets) {
      const status = coordinator.status();
      epochs = Math.max(epochs, status.epoch);
      lossy ||= status.unflushedWritesLostEpoch > 0;
    }
  };
  for (let at = 0; at < faultsMs; at += stepMs) {
    fault(world, chances);
    const alive = world.targets.filter((target) => target.alive);
    for (const target of alive) {
      for (let n = random.below(3); n > 0; n--) clients.request(target);
    }
    world.scheduler.run(world.scheduler.nowMs + stepMs);
    if (random.chance(0.05)) world.checkReplicas('while running');
    look();
  }
  calmDown(world);
  const target = world.targets.findLast(({ alive }) => alive) ?? world.newTarget();
  let serving: SimTarget = target;
  for (let at = 0; at < settleMs * 2; at += 100) {
    world.scheduler.run(world.scheduler.nowMs + 100);
    look();
    // Whoever restarts a target that ended is not part of this world.
    serving = world.targets.findLast(({ alive }) => alive) ?? world.newTarget();
    for (const replica of world.replicas) if (!replica.up) replica.start();
    if (world.replicas.some(({ stopping }) => stopping) || !world.allHeard) continue;
    if (isWhole(serving, world)) break;
  }
  const { phase, message, replicas: members } = serving.coordinator.status();
  hold(isWhole(serving, world), `L1: ${phase} (${message}) in the end: ${JSON.stringify(members)}`);
  clients.readAll(serving);
  clients.flush(serving);
  world.scheduler.run(world.scheduler.nowMs + 1_500);
  clients.readAll(serving);
  world.scheduler.run(world.scheduler.nowMs + 1_500);
  look();
  world.checkReplicas('in the end');
  world.checkEqual();
  clients.check(lossy);
  return { answers: clients.answers, epochs, lossy };
}

/** Serving, with all in sync that are not lost. */
function isWhole({ coordinator }: SimTarget, { replicas }: SimWorld): boolean {
  const inSync = coordinator.status().replicas.filter(({ state }) => state === 'InSync').length;
  return coordinator.serving && inSync === replicas.filter(({ lost }) => !lost).length;
}

type Fault =
  | 'crash'
  | 'blackout'
  | 'lose'
  | 'stop'
  | 'start'
  | 'cut'
  | 'partition'
  | 'isolate'
  | 'pause'
  | 'killTarget'
  | 'newTarget';

/** Not every run has every fault, and some have many of one kind. */
function faultChances(random: Prng, options: RunOptions): Readonly<Record<Fault, number>> {
  const often = (most: number) => (random.chance(0.6) ? (most * random.below(100)) / 100 : 0);
  return {
    crash: options.crashes === false ? 0 : often(0.04),
    blackout: options.blackouts === true ? often(0.004) : 0,
    lose: options.losses === true ? often(0.01) : 0,
    stop: often(0.01),
    start: random.pick([0.02, 0.1]),
    cut: often(0.04),
    partition: often(0.02),
    isolate: often(0.02),
    pause: often(0.03),
    killTarget: often(0.02),
    newTarget: often(0.02),
  };
}

function fault(world: SimWorld, chances: Readonly<Record<Fault, number>>): void {
  const { random, replicas, targets } = world;
  const strikes = (kind: Fault) => random.chance(chances[kind]);
  const alive = targets.filter((target) => target.alive);
  if (strikes('crash')) random.pick(replicas).crash();
  if (strikes('blackout')) for (const replica of replicas) replica.crash();
  if (strikes('stop')) random.pick(replicas).stopInOrder();
  for (const replica of replicas) if (!replica.up && strikes('start')) replica.start();
  if (strikes('cut')) world.cutOne();
  if (strikes('partition') && alive.length > 0) {
    world.partition(random.pick(alive), random.pick(replicas), 200 + random.below(3_000));
  }
  if (strikes('lose')) lose(world);
  if (strikes('isolate') && alive.length > 0) {
    world.isolate(random.pick(alive), 500 + random.below(3_000));
    if (random.chance(0.5)) world.newTarget();
  }
  if (strikes('pause')) {
    const processes = [...alive.map(({ process }) => process), ...replicas.map(({ process }) => process)];
    random.pick(processes).pause(random.below(1_500));
  }
  if (strikes('killTarget') && alive.length > 0) random.pick(alive).kill();
  const wanted = strikes('newTarget') ? 3 : 1;
  if (alive.length < wanted && (wanted > 1 || random.chance(0.2))) world.newTarget();
  if (strikes('newTarget')) world.newTarget();
}

/** As many disks as may be lost without losing anything flushed. */
function lose(world: SimWorld): void {
  const { replicas, random } = world;
  const allowed = replicas.length - ackQuorum(replicas.length);
  if (replicas.filter(({ lost }) => lost).length >= allowed) return;
  const replica = random.pick(replicas);
  replica.crash();
  replica.lost = true;
}

/** Faults stop: what is down comes up, what stood still goes on. */
function calmDown(world: SimWorld): void {
  world.heal();
  for (const { process } of world.targets) process.wake();
  for (const replica of world.replicas) {
    replica.process.wake();
    if (!replica.up) replica.start();
  }
}
