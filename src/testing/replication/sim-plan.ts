/**
 * What one seed means: the settings of a world and everything that happens to it from outside, requests and faults, as
 * a list made beforehand, so that a failing run can be shrunk by leaving things out.
 */
import { prng, type Prng } from '../../shared/prng.ts';
import { defaultTiming, type Timing } from '../../replication/timing.ts';
import type { MembershipFault } from './sim-operator.ts';
import type { ManagementName } from './sim-door.ts';
import { deviceFaults, type DeviceFault } from './sim-devices.ts';
import type { PoolLayout } from './sim-pool.ts';
import { stories } from './sim-stories.ts';

/** Which of those there are when it happens, as a part of a thousand; 0: the oldest, 999: the newest. */
export type Which = number;
/** −1 − n: all but n. Seen from a trigger: whom it was about, all others, the replica that is copied from, all but these two. */
export type Who = Which | 'it' | 'others' | 'source' | 'rest';

export type Request =
  | { readonly kind: 'write'; readonly block: Which; readonly count: number; readonly fua: boolean }
  | { readonly kind: 'read'; readonly block: Which; readonly count: number }
  | { readonly kind: 'unmap'; readonly block: Which; readonly count: number }
  | { readonly kind: 'setValue'; readonly value: number }
  | { readonly kind: 'resize'; readonly blocks: number }
  | { readonly kind: 'flush' }
  /** With SCSI only. */
  | { readonly kind: 'swap'; readonly block: Which }
  | { readonly kind: 'manage'; readonly what: ManagementName };

export type Fault =
  | { readonly kind: 'crash'; readonly replica: Who; readonly downMs: number }
  | { readonly kind: 'blackout'; readonly downMs: number }
  | { readonly kind: 'lose'; readonly replica: Who }
  | { readonly kind: 'stop'; readonly replica: Who; readonly downMs: number }
  | { readonly kind: 'cut'; readonly target: Who; readonly replica: Who }
  | {
      readonly kind: 'stall';
      readonly target: Who;
      readonly replica: Who;
      readonly direction: 'up' | 'down';
      readonly forMs: number;
    }
  | { readonly kind: 'partition'; readonly target: Who; readonly replica: Who; readonly forMs: number }
  /** Leaves the target only this replica. */
  | { readonly kind: 'isolate'; readonly target: Who; readonly spared: Who; readonly forMs: number }
  | { readonly kind: 'pauseReplica' | 'freezeReplica'; readonly replica: Who; readonly forMs: number }
  | { readonly kind: 'pauseTarget' | 'freezeTarget'; readonly target: Who; readonly forMs: number }
  /** `restartMs`: another one follows after so long. */
  | { readonly kind: 'killTarget'; readonly target: Who; readonly restartMs: number }
  | { readonly kind: 'newTarget' }
  /** A block of this replica can not be read any more, until it is written or repaired. */
  | { readonly kind: 'badBlock'; readonly replica: Who; readonly block: Which }
  | { readonly kind: 'members'; readonly change: MembershipFault; readonly which: Which }
  /** The pool has no room left, after it was low for a moment. */
  | { readonly kind: 'fullPool'; readonly replica: Who; readonly forMs: number }
  /** A device of the pool does wrong for a while; with the real engine only. */
  | {
      readonly kind: 'deviceFault';
      readonly replica: Who;
      readonly what: DeviceFault;
      readonly forMs: number;
    }
  | { readonly kind: 'later'; readonly afterMs: number; readonly fault: Fault }
  | { readonly kind: 'dropEntry' | 'repeatEntry'; readonly target: Who; readonly replica: Who }
  /** The next answers to copiers that hold data come with a block altered. */
  | { readonly kind: 'corruptCopy'; readonly count: number }
  | {
      readonly kind: 'slowDisk' | 'slowLink';
      readonly replica: Who;
      readonly factor: number;
      readonly forMs: number;
    };

/** When a message of this type has been sent, after `skip` others. */
export interface Trigger {
  readonly kind: 'trigger';
  readonly on: string;
  readonly skip: number;
  readonly faults: readonly Fault[];
}

export type Act =
  | { readonly kind: 'request'; readonly target: Which; readonly request: Request }
  | Fault
  | Trigger;

export interface SimEvent {
  readonly atMs: number;
  readonly act: Act;
}

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
  groupBlocks: 2,
  progressMs: 100,
  retryMs: 40,
};

export function planOf(seed: number): SimPlan {
  const random = prng(seed);
  const blocks = random.pick([4, 12, 12, 24]);
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
  };
  const { events: told, rests } = stories(random, faultsMs, timing);
  const asked = requests(random, faultsMs).filter(
    ({ atMs }) => !rests.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs),
  );
  const events = [...asked, ...accidents(random, faultsMs, wildClocks), ...told];
  return {
    seed,
    replicas: random.pick([3, 3, 3, 3, 3, 1, 2, 2, 4, 5]),
    blocks,
    faultsMs,
    timing,
    copyMs: random.pick([2, 8, 40, 200]),
    wildClocks,
    ...partsOf(seed),
    events: [...events, ...deviceAccidents(seed, faultsMs), ...scsiRequests(seed, faultsMs)].toSorted(
      (a, b) => a.atMs - b.atMs,
    ),
  };
}

/** Which of the real parts take part: the more of them, the longer a run takes. */
function partsOf(seed: number): Pick<SimPlan, 'layout' | 'scsi'> {
  const layout =
    seed % 4 === 0 ? (['stripe', 'mirror', 'stripe', 'raidz'] as const)[(seed / 4) % 4] : undefined;
  return { layout, scsi: seed % 3 === 0 };
}

/** Devices of some pools err, most of the time one of them. */
function deviceAccidents(seed: number, untilMs: number): SimEvent[] {
  if (partsOf(seed).layout === undefined) return [];
  const random = prng(seed ^ 0xd15c);
  return Array.from({ length: random.pick([0, 0, 1, 3, 8]) }, () => ({
    atMs: random.below(untilMs),
    act: {
      kind: 'deviceFault',
      replica: random.below(1_000),
      what: random.pick(deviceFaults),
      forMs: random.below(2_000),
    },
  }));
}

/** What only initiators that speak SCSI ask for. */
function scsiRequests(seed: number, untilMs: number): SimEvent[] {
  if (!partsOf(seed).scsi) return [];
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

function requests(random: Prng, untilMs: number): SimEvent[] {
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

/** Not every run has every fault, and some have many of one kind. */
function accidents(random: Prng, untilMs: number, wildClocks: boolean): SimEvent[] {
  const events: SimEvent[] = [];
  const often = (perSecondMax: number, make: () => Fault) => {
    if (random.chance(0.5)) return;
    const count = random.below(1 + Math.floor((perSecondMax * untilMs) / 1_000));
    for (let n = 0; n < count; n++) events.push({ atMs: random.below(untilMs), act: make() });
  };
  const who = () => random.below(1_000);
  const someMs = (most: number) => random.below(most);
  often(1.2, () => ({ kind: 'crash', replica: who(), downMs: someMs(random.pick([50, 2_500])) }));
  often(0.12, () => ({ kind: 'blackout', downMs: someMs(400) }));
  often(0.15, () => ({ kind: 'lose', replica: who() }));
  often(0.3, () => ({ kind: 'stop', replica: who(), downMs: someMs(1_500) }));
  often(1.2, () => ({ kind: 'cut', target: who(), replica: who() }));
  const direction = () => random.pick(['up', 'down'] as const);
  often(0.8, () => ({
    kind: 'stall',
    target: who(),
    replica: who(),
    direction: direction(),
    forMs: someMs(1_500),
  }));
  often(0.8, () => ({ kind: 'partition', target: who(), replica: who(), forMs: someMs(2_500) }));
  often(0.6, () => ({ kind: 'isolate', target: who(), spared: who(), forMs: someMs(2_500) }));
  often(0.5, () => ({ kind: 'pauseReplica', replica: who(), forMs: someMs(1_200) }));
  often(0.5, () => ({ kind: 'pauseTarget', target: who(), forMs: someMs(2_000) }));
  often(0.3, () => ({ kind: 'freezeReplica', replica: who(), forMs: someMs(1_500) }));
  if (wildClocks) often(0.6, () => ({ kind: 'freezeTarget', target: who(), forMs: someMs(3_000) }));
  often(0.5, () => ({ kind: 'killTarget', target: who(), restartMs: someMs(600) }));
  often(0.5, () => ({ kind: 'newTarget' }));
  often(0.5, () => ({ kind: random.pick(['dropEntry', 'repeatEntry']), target: 999, replica: who() }));
  often(0.5, () => ({ kind: 'corruptCopy', count: 1 + random.below(2) }));
  if (random.chance(0.3)) often(0.8, () => ({ kind: 'badBlock', replica: who(), block: who() }));
  const change = () => random.pick(['add', 'remove', 'replace', 'replace'] as const);
  often(1, () => ({ kind: 'members', change: change(), which: who() }));
  often(0.3, () => ({ kind: 'fullPool', replica: who(), forMs: someMs(2_500) }));
  often(0.3, () => ({ kind: 'slowDisk', replica: who(), factor: 20, forMs: someMs(3_000) }));
  often(0.3, () => ({ kind: 'slowLink', replica: who(), factor: 20, forMs: someMs(3_000) }));
  return events;
}
