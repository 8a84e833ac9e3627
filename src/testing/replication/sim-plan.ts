/**
 * What one seed means: the settings of a world and everything that happens to it from outside, requests and faults, as
 * a list made beforehand, so that a failing run can be shrunk by leaving things out.
 */
import { prng } from '../../shared/prng.ts';
import { defaultTiming, type Timing } from '../../replication/timing.ts';
import { accidents, deviceAccidents, givenUp, rewindAccidents } from './sim-accidents.ts';
import type { SimEvent } from './sim-acts.ts';
import type { PoolLayout } from './sim-pool.ts';
import { requests, scsiRequests, stormEvents } from './sim-requests.ts';
import { snapshotEvents } from './sim-snapshots.ts';
import { scarceOf, type Scarce } from './sim-scarce.ts';
import { scrubEvents } from './sim-stories-scrubs.ts';
import { stories } from './sim-stories.ts';

export interface SimPlan {
  readonly seed: number;
  readonly replicas: number;
  readonly blocks: number;
  readonly faultsMs: number;
  readonly timing: Timing;
  readonly copyMs: number;
  /** Clocks run apart by more than the bound, or stop: leases then prove nothing, all else has to hold. */
  readonly wildClocks: boolean;
  /** Of the pools, with the real engine; absent: replicas are on naive stores. */
  readonly layout: PoolLayout | undefined;
  /** Pools are filled, and nothing else goes wrong. */
  readonly scarce: Scarce | undefined;
  /** Initiators speak SCSI to the unit over the volume; else they ask the coordinator. */
  readonly scsi: boolean;
  readonly events: readonly SimEvent[];
}

/** Everything smaller than in life, so that bounds and waits are met all the time. */
export const simTiming: Timing = {
  ...defaultTiming,
  leaseMs: 600,
  renewMs: 100,
  cleanWaitMs: 3_000,
  quorumWaitMs: 2_000,
  settleMs: 60,
  commitMs: 150,
  idleMs: 400,
  latencyMsMax: 700,
  holdBackMs: 100,
  holdBackMsMax: 1_000,
  windowBytesMax: 60_000,
  linkBytesMax: 20_000,
  numberJump: 128,
  copyBytesMax: 8_192,
  extentsMax: 3,
  listMax: 5,
  listPartMax: 2,
  groupBlocks: 2,
  progressMs: 100,
  retryMs: 40,
};

const blocksMost = 24;

/** `rewinds`: pools go back to older roots besides. */
export function planOf(seed: number, rewinds = false): SimPlan {
  const random = prng(seed);
  const blocks = random.pick([4, 12, 12, blocksMost]);
  const faultsMs = random.pick([4_000, 9_000]);
  const wildClocks = random.chance(0.12);
  // A window that holds more entries than may be unflushed, so that their number is the bound that is met (R9).
  const wide = random.chance(0.2);
  const timing: Timing = {
    ...simTiming,
    windowBytesMax: wide ? 4_000_000 : random.pick([20_000, 40_000, 80_000]),
    cleanWaitMs: random.pick([1_000, 3_000]),
    commitMs: random.pick([50, 150, 1_000]),
    progressMs: random.pick([20, 100, 400]),
    groupBlocks: random.pick([1, 2, 5]),
    // some copy without batches, as from a release that knows none
    listMax: seed % 5 < 2 ? 0 : simTiming.listMax,
  };
  const { events: told, rests } = stories(random, faultsMs, timing);
  const asked = requests(random, faultsMs).filter(
    ({ atMs }) => !rests.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs),
  );
  const events = [
    ...asked,
    ...accidents(random, faultsMs, wildClocks),
    ...told,
    ...snapshotEvents(seed, faultsMs),
  ];
  const { layout, scsi } = partsOf(seed);
  const scarce = scarceOf(seed, faultsMs, timing);
  const more = [
    ...(layout === undefined ? [] : deviceAccidents(seed, faultsMs)),
    ...(scsi ? scsiRequests(seed, faultsMs) : []),
    ...(rewinds ? rewindAccidents(seed, faultsMs) : []),
    ...givenUp(seed, faultsMs, rewinds),
    ...scrubEvents(seed, faultsMs, timing),
    ...stormEvents(seed, faultsMs, scsi).filter(
      ({ atMs }) => !rests.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs),
    ),
  ];
  return {
    seed,
    replicas: random.pick([3, 3, 3, 3, 3, 1, 2, 2, 4, 5]),
    blocks: scarce ? blocksMost : blocks,
    faultsMs,
    timing: scarce?.timing ?? timing,
    copyMs: random.pick([2, 8, 40, 200]),
    wildClocks,
    layout,
    scarce,
    scsi,
    events: [...(scarce?.events ?? [...events, ...more])].toSorted((a, b) => a.atMs - b.atMs),
  };
}

/** The same without the engine and SCSI. */
export const naive = (plan: SimPlan): SimPlan => ({ ...plan, layout: undefined, scsi: false });

/** Which of the real parts take part: the more of them, the longer a run takes. */
function partsOf(seed: number): Pick<SimPlan, 'layout' | 'scsi'> {
  const layout =
    seed % 4 === 0 ? (['stripe', 'mirror', 'stripe', 'raidz'] as const)[(seed / 4) % 4] : undefined;
  return { layout, scsi: seed % 3 === 0 };
}
