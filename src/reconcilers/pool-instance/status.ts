/**
 * The status of a CStorPoolInstance from what the pool daemon streams. A pool that is gone can not say so itself:
 * the operator does, from the lost stream and the Deployment's readiness.
 */
import type { PoolStatusRead } from '../../api/proto/caskade/pool/v1/PoolStatus.ts';
import { formatSpace, parseQuantity } from '../../api/quantity.ts';
import type { Violation } from '../checks.ts';
import { isReplaced, isServing, neverCreated, type Replacing } from './plan.ts';
import { conditionsOf } from './conditions.ts';
import { shownScrub, type ScrubShown } from './pool-scrub.ts';
import { sameJson, type StoredCondition } from '../status.ts';

export type PoolReport = Pick<
  PoolStatusRead,
  | 'guid'
  | 'phase'
  | 'reason'
  | 'message'
  | 'totalBytes'
  | 'usedBytes'
  | 'freeBytes'
  | 'logicalUsedBytes'
  | 'readOnly'
  | 'devices'
  | 'replicas'
  | 'dataGroups'
  | 'logGroups'
  | 'properties'
  | 'resilvers'
  | 'growableBytes'
  | 'scrub'
>;

export interface PoolFacts {
  /** Undefined: the daemon does not answer (any more). */
  readonly pool: PoolReport | undefined;
  /** The stream may still come: the operator has just started, or lost it a moment ago. */
  readonly expected: boolean;
  /** The Deployment has a ready pod. */
  readonly podReady: boolean;
}

export interface Capacity {
  readonly used: string | number;
  readonly free: string | number;
  readonly total: string | number;
  readonly zfs: { readonly logicalUsed: string | number };
}

export interface InstanceStatus {
  readonly phase: string;
  readonly readOnly: boolean;
  readonly provisionedReplicas: number;
  readonly healthyReplicas: number;
  readonly capacity?: Capacity;
  readonly poolGuid?: string;
  readonly scrub?: ScrubShown;
  readonly conditions: StoredCondition[];
}

export interface Previous {
  readonly poolGuid?: string | undefined;
  readonly phase?: string | undefined;
  readonly readOnly?: boolean | undefined;
  readonly provisionedReplicas?: number | undefined;
  readonly healthyReplicas?: number | undefined;
  readonly capacity?: Capacity | undefined;
  readonly scrub?: ScrubShown | undefined;
  readonly conditions?: readonly StoredCondition[] | null | undefined;
}

export interface StatusInput {
  readonly previous: Previous;
  readonly facts: PoolFacts;
  readonly generation: number;
  readonly deleting: boolean;
  /** Set while it is being deleted and can not go on. */
  readonly waits: string | undefined;
  /** Why CreatePool was refused just now. */
  readonly failure: Violation | undefined;
  readonly replacing: readonly Replacing[];
  /** Groups that the instance has and the pool has not yet. */
  readonly adding: number;
  /** Why a change of a pool that serves was refused just now, or is impossible. */
  readonly changeFailure: Violation | undefined;
  /** What a restart that the pool needs waits for. */
  readonly restartWaits: string | undefined;
  readonly nowIso: string;
}

export function statusOf(input: StatusInput): InstanceStatus {
  const { previous, facts } = input;
  const { pool } = facts;
  const serves = isServing(pool);
  const guid = previous.poolGuid ?? (serves ? pool.guid : undefined);
  const replaced = serves && isReplaced(previous.poolGuid ?? '', pool.guid);
  const scrub = serves && !replaced ? shownScrub(pool) : previous.scrub;
  const status = {
    phase: input.deleting ? leaving(input) : replaced ? 'FAULTED' : phaseOf(previous.phase ?? '', facts),
    readOnly: pool?.readOnly ?? previous.readOnly ?? false,
    provisionedReplicas: serves ? pool.replicas.length : (previous.provisionedReplicas ?? 0),
    healthyReplicas: serves ? pool.replicas.filter(({ state }) => state === 'Healthy').length : 0,
    ...(guid === undefined || guid === '' ? {} : { poolGuid: guid }),
    ...(scrub === undefined ? {} : { scrub }),
    conditions: conditionsOf(input),
  };
  if (!serves)
    return { ...status, ...(previous.capacity === undefined ? {} : { capacity: previous.capacity }) };
  // When something else is written anyhow, the figures are written as they are now.
  const written = (Object.keys(status) as (keyof typeof status)[]).some(
    (field) => !sameJson(status[field], previous[field] ?? status[field]),
  );
  return { ...status, capacity: capacityOf(written ? undefined : previous.capacity, pool) };
}

/** A pool that is being destroyed is neither lost nor offline. */
const leaving = ({ waits, previous }: StatusInput): string =>
  waits === undefined ? (previous.phase ?? '') : 'DeletionFailed';

/** See the kinds' page for the meaning of each. */
export function phaseOf(previous: string, { pool, expected, podReady }: PoolFacts): string {
  const born = !neverCreated(previous);
  switch (pool?.phase) {
    case 'POOL_PHASE_ONLINE':
      return 'ONLINE';
    case 'POOL_PHASE_DEGRADED':
      return 'DEGRADED';
    case 'POOL_PHASE_FAULTED':
      return born ? 'FAULTED' : 'Pending';
    case 'POOL_PHASE_ABSENT':
      return born ? 'UNAVAIL' : 'Pending';
    case 'POOL_PHASE_IMPORTING':
      return born ? 'OFFLINE' : 'Pending';
    default:
      if (!born) return 'Pending';
      return podReady && expected ? previous : 'OFFLINE';
  }
}

/** A figure is written anew when it has moved by this part of the pool: smaller moves are the metrics' matter. */
const capacityStep = 1 / 100;

/** As cStor prints them; the former figures while they are near enough. */
export function capacityOf(previous: Capacity | undefined, pool: PoolReport): Capacity {
  const next = {
    used: pool.usedBytes,
    free: pool.freeBytes,
    total: pool.usedBytes + pool.freeBytes,
    logicalUsed: pool.logicalUsedBytes,
  };
  if (previous !== undefined) {
    const before = {
      used: parseQuantity(previous.used),
      free: parseQuantity(previous.free),
      total: parseQuantity(previous.total),
      logicalUsed: parseQuantity(previous.zfs.logicalUsed),
    };
    const moved = (Object.keys(next) as (keyof typeof next)[]).some(
      (figure) => Math.abs(next[figure] - before[figure]) > next.total * capacityStep,
    );
    if (!moved) return previous;
  }
  return {
    used: formatSpace(next.used),
    free: formatSpace(next.free),
    total: formatSpace(next.total),
    zfs: { logicalUsed: formatSpace(next.logicalUsed) },
  };
}
