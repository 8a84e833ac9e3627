/** The status of a CStorPoolCluster: counters and two conditions. */
import { setCondition, type Condition } from '../../api/conditions.ts';
import { messageOf, type Violation } from '../checks.ts';
import type { Instance } from './inventory.ts';
import type { StoredCondition } from '../status.ts';

export interface ClusterStatus {
  readonly desiredInstances: number;
  readonly provisionedInstances: number;
  readonly healthyInstances: number;
  readonly conditions: StoredCondition[];
}

export interface StatusInput {
  readonly generation: number;
  readonly desired: number;
  readonly instances: readonly Instance[];
  readonly violations: readonly Violation[];
  /** What is waited for. */
  readonly notes: readonly Violation[];
  readonly conditions: readonly StoredCondition[] | null | undefined;
  readonly nowIso: string;
}

/** Healthy: the pool is ONLINE and its pod is ready. */
export const isHealthy = (instance: Instance): boolean => instance.phase === 'ONLINE' && instance.ready;

/**
 * `Accepted`: the spec is one that can be built. `PoolManagerAvailable`: as many healthy instances as asked for.
 */
export function statusOf(input: StatusInput): ClusterStatus {
  const healthy = input.instances.filter(isHealthy).length;
  const observedGeneration = input.generation;
  const available = healthy >= input.desired && input.desired > 0;
  let conditions = setCondition(
    input.conditions,
    { type: 'Accepted', observedGeneration, ...accepted(input) },
    input.nowIso,
  );
  conditions = setCondition(
    conditions,
    {
      type: 'PoolManagerAvailable',
      status: available ? 'True' : 'False',
      reason: available ? 'MinimumPoolManagersAvailable' : 'MinimumPoolManagersUnAvailable',
      message: `${healthy} of ${input.desired} pools are healthy`,
      observedGeneration,
    },
    input.nowIso,
  );
  return {
    desiredInstances: input.desired,
    provisionedInstances: input.instances.length,
    healthyInstances: healthy,
    conditions,
  };
}

function accepted({ violations, notes }: StatusInput): Pick<Condition, 'status' | 'reason' | 'message'> {
  const [first] = violations;
  if (first !== undefined)
    return {
      status: 'False',
      reason: first.reason,
      message: `nothing was changed: ${messageOf(violations)}`,
    };
  const [note] = notes;
  if (note !== undefined) return { status: 'True', reason: note.reason, message: messageOf(notes) };
  return { status: 'True', reason: 'Valid', message: '' };
}
