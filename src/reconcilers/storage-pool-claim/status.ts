/** The status of a StoragePoolClaim: that of its cluster, in one word. */
import { setCondition } from '../../api/conditions.ts';
import { messageOf, type Violation } from '../checks.ts';
import type { StoredCondition } from '../status.ts';

export interface ClusterFacts {
  readonly desired: number;
  readonly healthy: number;
  /** The cluster's condition Accepted, when it is False. */
  readonly refusal: Violation | undefined;
}

export interface ClaimStatus {
  readonly phase: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly conditions: StoredCondition[];
}

export interface StatusInput {
  readonly generation: number;
  readonly violations: readonly Violation[];
  readonly notes: readonly Violation[];
  /** Undefined: not there yet. */
  readonly cluster: ClusterFacts | undefined;
  readonly wasOnline: boolean;
  readonly conditions: readonly StoredCondition[] | null | undefined;
  readonly nowIso: string;
}

export function statusOf(input: StatusInput): ClaimStatus {
  const { phase, reason, message } = phaseOf(input);
  return {
    phase,
    message,
    observedGeneration: input.generation,
    conditions: setCondition(
      input.conditions,
      {
        type: 'Ready',
        status: phase === 'Online' ? 'True' : 'False',
        reason,
        message,
        observedGeneration: input.generation,
      },
      input.nowIso,
    ).map(({ status, ...rest }) => ({ ...rest, status })),
  };
}

/** Pending: not all pools are there yet. Online: all are. Degraded: they were. Error: it can not be built as it stands. */
function phaseOf({ violations, notes, cluster, wasOnline }: StatusInput): {
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
} {
  const problems =
    violations.length > 0 ? violations : cluster?.refusal === undefined ? [] : [cluster.refusal];
  const [first] = problems;
  if (first !== undefined) return { phase: 'Error', reason: first.reason, message: messageOf(problems) };
  const counts =
    cluster === undefined
      ? 'no pool is there yet'
      : `${cluster.healthy} of ${cluster.desired} pools are healthy`;
  const message = notes.length > 0 ? `${counts}; ${messageOf(notes)}` : counts;
  if (cluster === undefined || cluster.desired === 0) return { phase: 'Pending', reason: 'NoPools', message };
  if (cluster.healthy >= cluster.desired) return { phase: 'Online', reason: 'PoolsHealthy', message };
  return { phase: wasOnline ? 'Degraded' : 'Pending', reason: 'PoolsNotHealthy', message };
}
