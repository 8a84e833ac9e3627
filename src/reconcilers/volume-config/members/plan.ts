/**
 * From the pools that a volume has to those that it is to have, one change after the other (R32):
 *
 *   wish differs ─ CVRs of newcomers ─ their replicas and GUIDs ─ next record in the CV ─ target links and rebuilds them
 *   ─ target makes the change and says that it is settled ─ CVRs of who left are deleted ─ the new record alone in the CV
 *
 * Both records stand in the CV before the target hears of the newer one, and the older one goes only when no recovery
 * needs it any more. Whoever leaves counts until then, so the old copy stays until the new one is proved.
 */
import { replicaIdOf, type PoolView, type ReplicaView } from '../inventory.ts';

export interface MembersRecord {
  readonly version: number;
  /** Replica id to GUID. */
  readonly members: Readonly<Record<string, string>>;
}

/** What the CStorVolume says. */
export interface Membership {
  readonly current: MembersRecord & { readonly forced?: true };
  /** The change under way. */
  readonly next?: MembersRecord;
  /** One that was asked for before `next`, and may have begun. */
  readonly withdrawn?: MembersRecord;
}

/** What the target says. */
export interface TargetMembers {
  readonly version: number;
  /** No recovery needs anybody who is not in the record in force. */
  readonly settled: boolean;
  /** State of each replica, by id. */
  readonly states: Readonly<Record<string, string>>;
}

export interface MembersSeen {
  readonly volumeUid: string;
  /** The pools asked for; undefined: what is asked for is not possible, what has begun goes on. */
  readonly wish: readonly string[] | undefined;
  readonly pools: readonly PoolView[];
  /** CVRs of this volume. */
  readonly replicas: readonly ReplicaView[];
  readonly membership: Membership;
  /** Undefined: it does not answer. */
  readonly target: TargetMembers | undefined;
}

export interface Newcomer {
  readonly pool: string;
  readonly replicaId: string;
}

export type MembersAction =
  | { readonly do: 'createReplicaObject'; readonly pool: PoolView; readonly replicaId: string }
  | { readonly do: 'deleteReplicaObject'; readonly name: string }
  /** Makes the newcomers' replicas, then writes the record after this one. */
  | {
      readonly do: 'beginChange';
      readonly newcomers: readonly Newcomer[];
      readonly staying: Readonly<Record<string, string>>;
      readonly version: number;
      readonly withdraws: MembersRecord | undefined;
    }
  /** `next`: what is asked for after it; undefined: nothing. */
  | {
      readonly do: 'finishChange';
      readonly record: MembersRecord;
      readonly next: MembersRecord | undefined;
    };

export interface MembersPlan {
  readonly actions: readonly MembersAction[];
  /** What it waits for, in words; undefined: the replicas are where they should be, or the actions go on. */
  readonly waits: string | undefined;
}

const act = (...actions: readonly MembersAction[]): MembersPlan => ({ actions, waits: undefined });
const wait = (waits: string): MembersPlan => ({ actions: [], waits });

export function planMembers(seen: MembersSeen): MembersPlan {
  const { membership, target, wish } = seen;
  const { current, next, withdrawn } = membership;
  const settled = target?.settled === true ? target.version : undefined;
  if (next !== undefined && settled === next.version)
    return act(...leaving(seen, next), { do: 'finishChange', record: next, next: undefined });
  // It came about before its target heard that it was not wanted any more: what is wanted since begins from there.
  if (withdrawn !== undefined && settled === withdrawn.version)
    return act({ do: 'finishChange', record: withdrawn, next });
  const wanted = wish?.map((pool) => seatOf(seen, pool));
  const goal = next ?? current;
  if (wanted === undefined || isSame(wanted, goal))
    return next === undefined ? act(...leaving(seen, current)) : wait(progress(seen, next));
  if (next !== undefined && membership.withdrawn !== undefined)
    return wait(`waits until the change before is made: ${progress(seen, next)}`);
  return begin(seen, wanted);
}

interface Seat extends Newcomer {
  /** Undefined: no such pool. */
  readonly view: PoolView | undefined;
  readonly replica: ReplicaView | undefined;
}

function seatOf({ volumeUid, pools, replicas }: MembersSeen, pool: string): Seat {
  const view = pools.find(({ name }) => name === pool);
  const replica = replicas.find((each) => each.pool === pool && each.ours);
  return { pool, view, replica, replicaId: replica?.replicaId ?? replicaIdOf(volumeUid, view?.uid ?? '') };
}

const isSame = (seats: readonly Seat[], { members }: MembersRecord): boolean =>
  seats.length === Object.keys(members).length &&
  seats.every(({ replicaId }) => members[replicaId] !== undefined);

/** Objects of replicas that are in no record any more. */
const leaving = ({ replicas }: MembersSeen, { members }: MembersRecord): readonly MembersAction[] =>
  replicas
    .filter((each) => each.ours && !each.deleting && members[each.replicaId] === undefined)
    .map(({ name }) => ({ do: 'deleteReplicaObject', name }));

function begin(seen: MembersSeen, wanted: readonly Seat[]): MembersPlan {
  const { membership, target } = seen;
  const { current, next } = membership;
  const isMember = ({ replicaId }: Seat): boolean => current.members[replicaId] !== undefined;
  const newcomers = wanted.filter((seat) => !isMember(seat));
  const former = newcomers.find(({ replica }) => replica?.deleting === true);
  if (former !== undefined)
    return wait(`waits until the former replica ${former.replica?.name ?? ''} is deleted`);
  const unplaced = newcomers.flatMap(({ replica, replicaId, view }) =>
    replica === undefined && view !== undefined
      ? [{ do: 'createReplicaObject' as const, pool: view, replicaId }]
      : [],
  );
  if (unplaced.length > 0) return act(...unplaced);
  const silent = newcomers.filter(({ view }) => view?.answers !== true).map(({ pool }) => pool);
  if (silent.length > 0)
    return wait(`waits for pool ${silent.join(', ')}, which does not answer; see kubectl get cspi`);
  const staying = wanted.filter(isMember);
  const behind = staying.filter(({ replicaId }) => target?.states[replicaId] !== 'InSync');
  // With fewer replicas every one that is left has to be good; a move brings a good one.
  if (newcomers.length === 0 && staying.length < Object.keys(current.members).length && behind.length > 0)
    return wait(`waits until the replica on pool ${poolsOf(behind)} is Healthy, before another one goes`);
  return act({
    do: 'beginChange',
    newcomers: newcomers.map(({ pool, replicaId }) => ({ pool, replicaId })),
    staying: Object.fromEntries(
      staying.map(({ replicaId }) => [replicaId, current.members[replicaId] ?? '']),
    ),
    version: (next ?? current).version + 1,
    withdraws: next,
  });
}

const poolsOf = (seats: readonly Newcomer[]): string => seats.map(({ pool }) => pool).join(', ');

/** Why the change is not made yet: the first replica that is not there. */
function progress(
  { replicas, membership, target }: MembersSeen,
  { members, version }: MembersRecord,
): string {
  if (target === undefined) return `waits for the target, which does not answer; see kubectl get cv`;
  if (target.version === version) return 'waits until a quorum of the replicas has noted the change';
  const behind = Object.keys(members).find((id) => target.states[id] !== 'InSync');
  if (behind === undefined) return 'all replicas are in sync: the target is making the change';
  const pool = replicas.find(({ replicaId }) => replicaId === behind)?.pool ?? '';
  const state = target.states[behind] ?? 'not known to the target yet';
  const newcomer = membership.current.members[behind] === undefined;
  return `the ${newcomer ? 'new replica' : 'replica'} on pool ${pool} is ${state}; see kubectl get cvr`;
}

/** Withdrawing: what was asked for before is not wanted any more, and the members stay who they are. */
export type Change = 'ScalingUp' | 'ScalingDown' | 'MovingReplica' | 'Withdrawing';

/** The change that is wanted or under way; undefined: the replicas are where they should be. */
export function changeOf(
  seen: MembersSeen,
): { readonly change: Change; readonly from: number; readonly to: number } | undefined {
  const { current, next } = seen.membership;
  const wanted = seen.wish?.map((pool) => seatOf(seen, pool));
  if (next === undefined && (wanted === undefined || isSame(wanted, current))) return undefined;
  const goal = wanted?.map(({ replicaId }) => replicaId) ?? Object.keys(next?.members ?? {});
  const from = Object.keys(current.members).length;
  const to = goal.length;
  if (to !== from) return { change: to > from ? 'ScalingUp' : 'ScalingDown', from, to };
  const stays = goal.every((id) => current.members[id] !== undefined);
  return { change: stays ? 'Withdrawing' : 'MovingReplica', from, to };
}

/** The pools that hold the members now: in the order of `wish`, others behind. */
export function poolsOfMembers({ wish = [], replicas, membership }: MembersSeen): readonly string[] {
  const place = (pool: string) => (wish.includes(pool) ? wish.indexOf(pool) : wish.length);
  return replicas
    .filter(({ ours, replicaId }) => ours && membership.current.members[replicaId] !== undefined)
    .map(({ pool }) => pool)
    .toSorted((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}
