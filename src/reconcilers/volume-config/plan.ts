/**
 * From a CStorVolumeConfig to a volume.
 *
 *   finalizer ─ Service ─ placement ─ CVRs ─ replicas on the pools ─ their GUIDs in the CV ─ target ─ Bound
 *
 * Each step stands in the API before the next begins, and every name and replica id follows from uids, so an operator
 * that dies anywhere goes on where the last one stopped. A CVR (with its finalizer) is there before its replica, so
 * nothing is on a pool that nobody would clean up; a target starts only with the GUIDs of all its replicas, so it never
 * takes a stranger for a member.
 */
import {
  planMembers,
  type Membership,
  type MembersAction,
  type MembersSeen,
  type TargetMembers,
} from './members/plan.ts';
import { replicaIdOf, type PoolView, type ReplicaView, type Wish } from './inventory.ts';

export interface Observed {
  readonly wish: Wish;
  readonly deleting: boolean;
  readonly finalizer: boolean;
  readonly phase: string;
  readonly pools: readonly PoolView[];
  readonly serviceIp: string | undefined;
  /** The CStorVolume: whom it names as members, or undefined. */
  readonly volume: { readonly membership: Membership; readonly ours: boolean } | undefined;
  readonly replicas: readonly ReplicaView[];
  readonly targetExists: boolean;
  /** What the target says of the members; undefined: it does not answer. */
  readonly target: TargetMembers | undefined;
  /** The placement asked for is possible. */
  readonly placeable: boolean;
}

export type Action =
  | { readonly do: 'addFinalizer' }
  | { readonly do: 'applyService' }
  | { readonly do: 'place'; readonly pools: readonly string[] }
  | { readonly do: 'applyVolume' }
  | { readonly do: 'createReplica'; readonly pool: string; readonly replicaId: string }
  | { readonly do: 'applyTarget' }
  | { readonly do: 'deleteTarget' }
  | MembersAction
  | { readonly do: 'deleteVolume' }
  | { readonly do: 'removeFinalizer' };

export interface Plan {
  readonly actions: readonly Action[];
  /** What it waits for, in words. */
  readonly waits: string | undefined;
  readonly bound: boolean;
}

const act = (...actions: readonly Action[]): Plan => ({ actions, waits: undefined, bound: false });
const wait = (waits: string): Plan => ({ actions: [], waits, bound: false });

/** All objects of a volume, as they should be. */
const keep: readonly Action[] = [{ do: 'applyService' }, { do: 'applyVolume' }, { do: 'applyTarget' }];

/** Called only while the checks hold; a volume that is Bound keeps what it has. */
export function plan(observed: Observed): Plan {
  if (observed.deleting) return remove(observed);
  if (!observed.finalizer) return act({ do: 'addFinalizer' });
  const { wish, volume, replicas } = observed;
  const before = replicas.find((replica) => !replica.ours || replica.deleting);
  if (before !== undefined && observed.phase !== 'Bound')
    return wait(`waits until replica ${before.name} of the former volume of this name is gone`);
  if (volume?.ours === false) return wait(`waits until the former CStorVolume ${wish.name} is gone`);
  if (observed.serviceIp === undefined) return act({ do: 'applyService' });
  if (observed.phase === 'Bound') return keepBound(observed);
  if (!wish.recorded)
    return act({
      do: 'place',
      pools: wish.pools.length > 0 ? wish.pools : choosePools(wish, observed.pools),
    });
  if (volume === undefined) return act({ do: 'applyVolume' });
  return provision(observed, volume.membership.current.members);
}

/** Its objects as they should be, and its replicas where they should be. */
function keepBound(observed: Observed): Plan {
  const seen = membersSeen(observed);
  // A target that a change concerns hears of it when the CStorVolume has it, which calls us again.
  const { actions, waits } = seen === undefined ? { actions: [], waits: undefined } : planMembers(seen);
  return { actions: [...keep, ...actions], waits, bound: true };
}

export const membersSeen = ({
  wish,
  pools,
  replicas,
  volume,
  target,
  placeable,
}: Observed): MembersSeen | undefined =>
  volume && {
    volumeUid: wish.uid,
    wish: placeable ? wish.pools : undefined,
    pools,
    replicas,
    membership: volume.membership,
    target,
  };

function provision({ wish, pools, replicas }: Observed, known: Readonly<Record<string, string>>): Plan {
  const seats = wish.pools.flatMap((name) => pools.find((pool) => pool.name === name) ?? []);
  const unplaced = seats.filter((pool) => !replicas.some((replica) => replica.pool === pool.name));
  if (unplaced.length > 0)
    return act(
      ...unplaced.map((pool) => ({
        do: 'createReplicaObject' as const,
        pool,
        replicaId: replicaIdOf(wish.uid, pool.uid),
      })),
    );
  const unmade = replicas.filter((replica) => known[replica.replicaId] === undefined);
  if (unmade.length === 0) return { actions: keep, waits: undefined, bound: true };
  const silent = unmade.filter(
    (replica) => pools.find((pool) => pool.name === replica.pool)?.answers !== true,
  );
  const actions = unmade
    .filter((replica) => !silent.includes(replica))
    .map(({ pool, replicaId }) => ({ do: 'createReplica' as const, pool, replicaId }));
  const waits =
    silent.length === 0
      ? undefined
      : `waits for pool ${silent.map((replica) => replica.pool).join(', ')}, which does not answer; see kubectl get cspi`;
  return { actions, waits, bound: false };
}

/** Nobody writes any more, then the replicas go one by one, then the record of the volume. */
function remove({ finalizer, targetExists, replicas, volume, serviceIp }: Observed): Plan {
  if (!finalizer) return act();
  if (targetExists || serviceIp !== undefined) return act({ do: 'deleteTarget' });
  const kept = replicas.filter((replica) => replica.ours && !replica.deleting);
  if (kept.length > 0) return act(...kept.map(({ name }) => ({ do: 'deleteReplicaObject' as const, name })));
  if (volume?.ours === true) return act({ do: 'deleteVolume' });
  return act({ do: 'removeFinalizer' });
}

/** Pools that may take a replica of this volume. */
export const candidates = (wish: Wish, pools: readonly PoolView[]): readonly PoolView[] =>
  pools.filter(
    (pool) =>
      pool.usable && pool.totalBytes >= wish.sizeBytes && (!pool.thick || pool.freeBytes >= wish.sizeBytes),
  );

/** Free space is compared in steps of this part of the largest pool: within one, fewer replicas decide. */
const freeSpaceStep = 1 / 10;

/** Names of the pools for a new volume: the first consumer's node, then most free space, then fewest replicas. */
export function choosePools(wish: Wish, pools: readonly PoolView[]): readonly string[] {
  const possible = candidates(wish, pools);
  const step = Math.max(1, ...possible.map((pool) => pool.totalBytes)) * freeSpaceStep;
  const near = (pool: PoolView) =>
    wish.replicaAffinity && wish.node !== '' && pool.hostname === wish.node ? 0 : 1;
  const room = (pool: PoolView) => Math.floor(pool.freeBytes / step);
  return possible
    .toSorted(
      (a, b) =>
        near(a) - near(b) || room(b) - room(a) || a.replicas - b.replicas || (a.name < b.name ? -1 : 1),
    )
    .slice(0, wish.replicaCount)
    .map((pool) => pool.name);
}
