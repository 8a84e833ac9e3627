/** One run of the simulation: what the plan says, then calm, then every promise is checked. */
import { forgetMixed } from '../block-content.ts';
import { SimClients } from './sim-clients.ts';
import { copyingMs } from './sim-copying.ts';
import { openMax } from './sim-edge.ts';
import type { SimPlan } from './sim-plan.ts';
import { perform } from './sim-faults.ts';
import { checkScarce } from './sim-scarce.ts';
import type { SimTarget } from './sim-target.ts';
import { snapshotsMost } from './sim-snapshots.ts';
import { hold } from './sim-truth.ts';
import { SimWorld } from './sim-world.ts';

export interface RunResult {
  readonly answers: number;
  readonly epochs: number;
  readonly lossy: boolean;
  /** Milliseconds of the world's time. */
  readonly virtualMs: number;
  readonly reach: ReadonlyMap<string, number>;
}

const stepMs = 25;
/** Entries waiting in a target, in bytes, above what its window may hold: one request and what it adds by itself. */
const windowSlackBytes = 40_000;
/** What initiators have open at once, and what others ask for. */
const waitingMax = openMax + 50;

/** The run that is going on. */
let active: SimWorld | undefined;

/** What went wrong where no code waits for it (an unhandled rejection) fails the run that is going on. */
export function failRun(error: unknown): void {
  if (!active) throw error;
  active.scheduler.fail(error);
}

/** Throws when a promise was broken: a Violation, or whatever the code under test threw. */
export async function run(plan: SimPlan, trace?: (line: string) => void): Promise<RunResult> {
  forgetMixed();
  const world = new SimWorld(plan, trace);
  active = world;
  const clients = new SimClients(world);
  world.newTarget();
  for (const { atMs, act } of plan.events) {
    world.scheduler.after(atMs, () => {
      if (act.kind === 'trigger') return world.arm(act);
      if (act.kind !== 'request') return perform(world, act);
      const target = world.alive[Math.floor((act.target * world.alive.length) / 1_000)];
      if (target) clients.send(target, act.request);
    });
  }
  for (let atMs = 0; atMs < plan.faultsMs; atMs += stepMs) {
    await world.scheduler.run(atMs + stepMs);
    if (world.random.chance(0.05)) world.checkReplicas('while running');
    // Whoever restarts a target that has ended is not part of this world.
    if (world.alive.length === 0 && world.random.chance(0.2)) world.newTarget();
    checkBounds(world);
  }
  if (plan.scarce) await checkScarce(world, clients, plan.scarce);
  const calmMs = world.scheduler.nowMs;
  const serving = await settle(world);
  clients.readAll(serving);
  clients.flush(serving);
  serving.scrub();
  await world.scheduler.run(world.scheduler.nowMs + 1_500);
  clients.readAll(serving);
  await world.scheduler.run(world.scheduler.nowMs + 1_500);
  hold(serving.coordinator.serving, 'L1: the target does not serve any more, in calm');
  // A replica may have been left out meanwhile, and be on its way back: what it still has to copy is not a difference.
  hold((await settle(world)) === serving, 'L1: another target serves, in calm');
  world.checkScrubbed(serving);
  world.checkReplicas('in the end');
  world.checkEqual();
  clients.check(serving, calmMs);
  await world.finish();
  const epochs = serving.coordinator.status().epoch;
  const { reach } = world;
  return {
    answers: clients.answers,
    epochs,
    lossy: world.truth.lossy,
    virtualMs: world.scheduler.nowMs,
    reach: reach.counts,
  };
}

/** L1: without faults one target serves, and all that are not lost are in sync, within a bound. */
async function settle(world: SimWorld): Promise<SimTarget> {
  const { cleanWaitMs, leaseMs } = world.plan.timing;
  world.trace('world', 'calm');
  world.calmDown();
  const beganMs = world.scheduler.nowMs;
  let wasWhole = false;
  for (;;) {
    await world.scheduler.run(world.scheduler.nowMs + 100);
    checkBounds(world);
    if (world.alive.length === 0) world.newTarget();
    for (const replica of world.replicas) if (!replica.up) replica.start();
    const [only, ...others] = world.alive;
    const settled = !world.replicas.some(({ stopping }) => stopping) && world.network.allHeard;
    const whole = settled && only && others.length === 0 && isWhole(only, world) ? only : undefined;
    // A replica remembers a higher epoch that it told to wait, and the target hears of it with the next grant (R10).
    if (!whole || !wasWhole) for (const { witness } of world.alive) witness.awaitRenewals();
    else if (whole.witness.isRenewed) return whole;
    wasWhole = whole !== undefined;
    const tell = ({ name, coordinator }: SimTarget) => {
      const { phase, message, replicas } = coordinator.status();
      return `${name} ${phase} (${message}) ${replicas.map((r) => `${r.replicaId} ${r.state} ${r.message}`).join(', ')}`;
    };
    const rebuildMs = 14_000 + snapshotsMost * 4_000 + (snapshotsMost + 1) * copyingMs(world);
    const late = world.scheduler.nowMs >= beganMs + cleanWaitMs + 10 * leaseMs + rebuildMs;
    if (late) hold(false, `L1: in calm, after long: ${world.alive.map(tell).join('; ')}`);
  }
}

/** Serving by the file in force, with all in sync that are not lost, and nothing on its way to them: requests may come in calm too. */
function isWhole(target: SimTarget, { operator }: SimWorld): boolean {
  const { coordinator } = target;
  const { replicas, last } = coordinator.status();
  const inSync = replicas.filter(({ state }) => state === 'InSync').length;
  const wanted = operator.members.filter(({ lost }) => !lost);
  const haveAll = wanted.every(({ store }) => store.last === last);
  const isTold = operator.isDone && !operator.ends(target);
  return coordinator.serving && isTold && inSync === wanted.length && haveAll;
}

/** Nothing grows without bound. */
function checkBounds({ targets, plan, network }: SimWorld): void {
  for (const target of targets) {
    const { coordinator, name, door } = target;
    door.check();
    const { windowBytes, waiting } = coordinator.load();
    hold(waiting <= waitingMax, `bounds: ${waiting} requests wait in ${name}`);
    for (const { entryBytes, replica } of network.linksOf(target)) {
      const linkMost = plan.timing.linkBytesMax + windowSlackBytes;
      hold(
        entryBytes <= linkMost,
        `bounds: ${entryBytes} bytes are on their way from ${name} to ${replica.id}`,
      );
    }
    const most = plan.timing.windowBytesMax + windowSlackBytes;
    hold(windowBytes <= most, `bounds: the window of ${name} has ${windowBytes} bytes, ${most} are allowed`);
  }
}
