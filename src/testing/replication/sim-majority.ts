/** So many members are lost, or called lost, that those who are left are no quorum (R36). */
import { ackQuorum } from '../../replication/quorum.ts';
import type { Fault } from './sim-acts.ts';
import type { SimReplica } from './sim-replica.ts';
import type { SimWorld } from './sim-world.ts';

type GiveUp = Extract<Fault, { kind: 'giveUp' }>;

/** Who is left has been cut off for a while: what was flushed meanwhile it does not have. */
export function loseMajority(world: SimWorld, fault: GiveUp): void {
  const survivors = survivorsOf(world, fault);
  if (survivors.length === 0) return;
  for (const target of world.alive)
    for (const replica of survivors)
      if (fault.behindMs > 0) world.network.partition(target, replica, fault.behindMs);
  world.scheduler.after(fault.behindMs, () => {
    if (!world.calm) strike(world, fault, survivors);
  });
}

const isAble = (one: SimReplica): boolean => !one.lost && !one.isAway && one.holdsWhole;

/** What nobody can read is lost as well, and no fault of replication: there must be none. */
function survivorsOf({ operator, hasBad }: SimWorld, { survivors, from }: GiveUp): readonly SimReplica[] {
  const { members, inEach } = operator;
  const most = ackQuorum(members.length) - 1;
  if (most < 1 || hasBad || operator.person.isWaiting) return [];
  const able = inEach.filter(isAble);
  const first = Math.floor((from * able.length) / 1_000);
  const count = Math.min(able.length, 1 + Math.floor((survivors * most) / 1_000));
  return [...able.slice(first), ...able.slice(0, first)].slice(0, count);
}

/** What those who are lost have granted the one before holds for a while. */
function beginRival(world: SimWorld, survivors: readonly SimReplica[]): void {
  for (const target of world.alive)
    for (const replica of survivors) world.network.partition(target, replica, 2 * world.plan.timing.leaseMs);
  for (const { process } of world.alive) process.pause(world.random.below(world.plan.timing.leaseMs));
  world.newTarget();
  world.scheduler.after(20, () => {
    if (!world.calm && world.operator.person.decide()) world.newTarget();
  });
}

function strike(world: SimWorld, fault: GiveUp, survivors: readonly SimReplica[]): void {
  const { operator, scheduler, reach } = world;
  const asBefore = survivors.every((one) => operator.inEach.includes(one) && isAble(one));
  const isQuorum = survivors.length >= ackQuorum(operator.members.length);
  if (!asBefore || isQuorum || world.hasBad || operator.person.isWaiting) return;
  const givenUp = operator.inAny.filter((one) => !survivors.includes(one));
  const isGone = fault.comeback === 'never';
  reach.hit('majority lost');
  for (const replica of givenUp) {
    replica.crash();
    replica.isAway = true;
    replica.lost ||= isGone;
  }
  if (fault.crash) {
    for (const replica of survivors) {
      replica.crash();
      scheduler.after(50, () => replica.start());
    }
  }
  operator.person.membersWanted = Math.max(operator.person.membersWanted, operator.members.length);
  operator.person.wants({ survivors, givenUp, comeback: fault.comeback });
  if (fault.rival) beginRival(world, survivors);
  if (!isGone) scheduler.after(fault.backMs, () => operator.person.comeBack());
}
