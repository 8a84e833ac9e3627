/** What a fault of the plan does to the world. */
import { ackQuorum } from '../../replication/quorum.ts';
import type { Fault, Who } from './sim-acts.ts';
import { loseMajority } from './sim-majority.ts';
import { isSilent } from './sim-devices.ts';
import type { SimReplica } from './sim-replica.ts';
import type { SimTarget } from './sim-target.ts';
import type { SimWorld } from './sim-world.ts';

/** Whom a trigger was about. */
export interface Involved {
  readonly target?: SimTarget;
  readonly replica?: SimReplica;
  /** Whom that replica copies from. */
  readonly source?: SimReplica | undefined;
}

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

function chosen<T>(all: readonly T[], who: Who, it: T | undefined, source?: T): readonly T[] {
  if (who === 'it') return it ? [it] : [];
  if (who === 'source') return source ? [source] : [];
  if (who === 'others') return all.filter((one) => one !== it);
  if (who === 'rest') return all.filter((one) => one !== it && one !== source);
  if (who < 0) return all.filter((one) => !chosen(all, -1 - who, it).includes(one));
  const one = all[Math.floor((who * all.length) / 1_000)];
  return one ? [one] : [];
}

export function perform(world: SimWorld, fault: Fault, involved: Involved = {}): void {
  if (world.calm) return;
  const replicas = (who: Who) => chosen(world.present, who, involved.replica, involved.source);
  const targets = (who: Who) => chosen(world.alive, who, involved.target);
  world.trace('fault', JSON.stringify(fault));
  switch (fault.kind) {
    case 'crash':
      for (const replica of replicas(fault.replica)) crash(world, replica, fault.downMs);
      return world.reach.hit('crash');
    case 'blackout':
      for (const replica of world.present) crash(world, replica, fault.downMs);
      return world.reach.hit('power loss of all');
    case 'lose':
      for (const replica of replicas(fault.replica)) lose(world, replica);
      return;
    case 'rewind':
      for (const replica of replicas(fault.replica)) rewind(world, replica, fault.back, fault.downMs);
      return;
    case 'giveUp':
      return loseMajority(world, fault);
    case 'stop':
      for (const replica of replicas(fault.replica)) {
        replica.stopInOrder();
        startLater(world, replica, fault.downMs);
      }
      return world.reach.hit('stop');
    case 'partition':
      for (const target of targets(fault.target))
        for (const replica of replicas(fault.replica)) world.network.partition(target, replica, fault.forMs);
      return world.reach.hit('partition');
    case 'isolate':
      return isolate(world, targets(fault.target), replicas(fault.spared), fault.forMs);
    case 'pauseReplica':
    case 'freezeReplica':
      for (const { process } of replicas(fault.replica)) {
        if (fault.kind === 'pauseReplica') process.pause(fault.forMs);
        else process.freeze(fault.forMs);
      }
      return world.reach.hit(fault.kind === 'pauseReplica' ? 'process paused' : 'machine frozen');
    case 'pauseTarget':
    case 'freezeTarget':
      for (const { process } of targets(fault.target)) {
        if (fault.kind === 'pauseTarget') process.pause(fault.forMs);
        else process.freeze(fault.forMs);
      }
      return world.reach.hit(fault.kind === 'pauseTarget' ? 'process paused' : 'machine frozen');
    case 'killTarget':
      for (const target of targets(fault.target)) target.kill();
      world.scheduler.after(fault.restartMs, () => {
        if (!world.calm) world.newTarget();
      });
      return world.reach.hit('kill');
    case 'badBlock':
      for (const replica of replicas(fault.replica).slice(0, 1)) spoil(world, replica, fault.block);
      return;
    case 'members':
      return world.operator.change(fault.change, fault.which);
    case 'fullPool':
      for (const replica of replicas(fault.replica)) replica.fill(fault.forMs);
      return world.reach.hit('fullPool');
    case 'deviceFault':
      for (const replica of replicas(fault.replica)) {
        const { pool } = replica;
        const mayBeBad = world.mayHaveBad(replica) && !world.operator.person.isWaiting;
        if (isSilent(fault.what) && !mayBeBad) continue;
        if (!pool?.beginFault(fault.what)) continue;
        world.reach.hit('deviceFault');
        world.scheduler.after(fault.forMs, () => pool.devices.endFaults());
      }
      return;
    case 'newTarget':
      world.newTarget();
      return world.reach.hit('newTarget');
    case 'later':
      return world.scheduler.after(fault.afterMs, () => perform(world, fault.fault, involved));
    case 'corruptCopy':
      world.network.corruptNext += fault.count;
      return;
    case 'slowDisk':
    case 'slowLink': {
      const what = fault.kind === 'slowDisk' ? 'disk' : 'link';
      for (const replica of replicas(fault.replica)) replica.slow(what, fault.factor, fault.forMs);
      return world.reach.hit(fault.kind);
    }
    case 'cut':
    case 'stall':
    case 'dropEntry':
    case 'repeatEntry':
      return onLink(world, fault, targets(fault.target), replicas(fault.replica));
  }
}

const reached = {
  cut: 'connection cut',
  stall: 'one-way partition',
  dropEntry: 'message lost',
  repeatEntry: 'message repeated',
} as const;

function onLink(
  { network, reach }: SimWorld,
  fault: Of<'cut' | 'stall' | 'dropEntry' | 'repeatEntry'>,
  targets: readonly SimTarget[],
  replicas: readonly SimReplica[],
): void {
  for (const target of targets) {
    for (const replica of replicas) {
      const link = network.linkBetween(target, replica);
      if (!link) continue;
      reach.hit(reached[fault.kind]);
      if (fault.kind === 'cut') network.cut(link);
      else if (fault.kind === 'stall') network.stall(link, fault.direction, fault.forMs);
      else if (fault.kind === 'dropEntry') link.dropNext += 1;
      else link.repeatNext += 1;
    }
  }
}

function crash(world: SimWorld, replica: SimReplica, downMs: number): void {
  if (!world.operator.isDone) world.reach.hit('crash in a change of members');
  replica.crash();
  startLater(world, replica, downMs);
}

const startLater = (world: SimWorld, replica: SimReplica, downMs: number): void =>
  world.scheduler.after(downMs, () => {
    if (replica.stopping) startLater(world, replica, 50);
    else replica.start();
  });

/** As many disks as may be lost without losing anything flushed. */
function lose(world: SimWorld, replica: SimReplica): void {
  if (!mayLose(world, replica)) return;
  replica.crash();
  replica.lost = true;
  world.reach.hit('lose');
}

/** R31: what the pool holds from then on is no member, whatever it was; the member is as good as lost with its disk. */
function rewind(world: SimWorld, replica: SimReplica, back: number, downMs: number): void {
  const { store, pool } = replica;
  const isWhole = store.spoiled.size === 0 && pool?.isAtFault !== true && pool?.isSilent !== true;
  if (!isWhole || !mayLose(world, replica)) return;
  replica.crash();
  replica.lost = true;
  world.reach.hit('rewind');
  const other = world.rewound(replica, back);
  startLater(world, other, downMs);
  if (!world.random.chance(0.5)) return;
  // Whoever goes back is interrupted, and begins again.
  world.scheduler.after(downMs + world.random.below(100), () => {
    if (!world.calm) crash(world, other, 10);
  });
}

function mayLose(world: SimWorld, replica: SimReplica): boolean {
  const { operator } = world;
  const { members } = operator;
  const allowed = members.length - ackQuorum(members.length);
  const lostNow = members.filter(({ lost }) => lost).length;
  const isMember =
    world.mayHaveBad(replica) && members.includes(replica) && lostNow < allowed && operator.isDone;
  return !replica.lost && (isMember || operator.isSpare(replica));
}

/**
 * Never the same block on two, nor where it is the only one that a crash has left: what nobody can read is lost, and
 * that is no fault of replication. Nor what the last group of a pool's log refers to: rotten before the next import it
 * is what a crash kept from the device, and is not applied, as with every log that is written beside its data.
 */
function spoil(world: SimWorld, replica: SimReplica, which: number): void {
  const { store, pool } = replica;
  const block = Math.floor((which * store.content.tags.length) / 1_000);
  if (!world.mayHaveBad(replica) || world.present.some((other) => other.store.bad.size > 0)) return;
  const tag = store.content.tags[block] ?? 0;
  if (world.operator.person.isWaiting) return;
  const others = world.present.filter((other) => other !== replica && !other.lost && !other.isGivenUp);
  const isElsewhere = others.some((other) => other.store.survivors.every(({ tags }) => tags[block] === tag));
  // One that moves can not be moved without it, and nobody serves before it is.
  if ((world.operator.members.length > 1 || !world.operator.isDone) && !isElsewhere) return;
  if (pool && (store.former.tags[block] !== tag || !pool.spoil(tag))) return;
  store.bad.add(block);
  store.spoiled.add(tag);
  world.network.corrupted += 1;
  world.reach.hit('badBlock');
}

function isolate(
  world: SimWorld,
  targets: readonly SimTarget[],
  spared: readonly SimReplica[],
  forMs: number,
): void {
  for (const target of targets) {
    for (const replica of world.present) {
      if (!spared.includes(replica)) world.network.partition(target, replica, forMs);
    }
  }
  world.reach.hit('isolate');
}
