/** The status of a CStorVolumeConfig. */
import { findCondition, setCondition } from '../../api/conditions.ts';
import { messageOf, type Violation } from '../checks.ts';
import type { Change } from './members/plan.ts';
import type { CStorVolumeConfigStatusCondition } from '../../api/kinds/cstorvolumeconfig.ts';

type Condition = CStorVolumeConfigStatusCondition;

export interface ConfigStatus {
  readonly phase: string;
  readonly observedGeneration: number;
  readonly capacity?: Record<string, string | number>;
  readonly poolInfo?: string[];
  readonly condition: Condition[];
}

export interface Previous {
  readonly phase?: string | undefined;
  readonly capacity?: Readonly<Record<string, string | number>> | undefined;
  readonly poolInfo?: readonly string[] | undefined;
  readonly condition?: readonly Condition[] | null | undefined;
}

export interface PlacementChange {
  readonly change: Change;
  readonly from: number;
  readonly to: number;
}

export interface StatusInput {
  readonly previous: Previous;
  readonly generation: number;
  /** All that the plan makes is there. */
  readonly bound: boolean;
  /** What the volume gets when it becomes Bound. */
  readonly capacity: string;
  /** Of a volume that is Bound: those that hold its members. */
  readonly pools: readonly string[];
  readonly violations: readonly Violation[];
  /** What it waits for. */
  readonly waits: string | undefined;
  /** What the restart of its target waits for; undefined: it does not wait. */
  readonly restartWaits: string | undefined;
  /** The change of replicas that is wanted or under way. */
  readonly change: PlacementChange | undefined;
  readonly nowIso: string;
}

/** Bound once, a volume stays Bound: what is wrong with a later wish is told by `Accepted`, how it fares by its CStorVolume. */
export function statusOf(input: StatusInput): ConfigStatus {
  const { previous } = input;
  const wasBound = previous.phase === 'Bound';
  const becomes = !wasBound && input.bound;
  const capacity = becomes ? { storage: input.capacity } : previous.capacity;
  const poolInfo = wasBound || becomes ? input.pools : previous.poolInfo;
  return {
    phase: wasBound || becomes ? 'Bound' : 'Pending',
    observedGeneration: input.generation,
    ...(capacity === undefined ? {} : { capacity: { ...capacity } }),
    ...(poolInfo === undefined ? {} : { poolInfo: [...poolInfo] }),
    condition: conditionsOf(input, wasBound || becomes),
  };
}

function conditionsOf(
  { previous, generation, violations, waits, restartWaits, change, nowIso }: StatusInput,
  bound: boolean,
): Condition[] {
  const observedGeneration = generation;
  const [first] = violations;
  const accepted = setCondition<Condition>(
    previous.condition,
    first === undefined
      ? { type: 'Accepted', status: 'True', reason: 'Valid', message: '', observedGeneration }
      : {
          type: 'Accepted',
          status: 'False',
          reason: first.reason,
          message: messageOf(violations),
          observedGeneration,
        },
    nowIso,
  );
  const provisioned = bound
    ? ({ status: 'True', reason: 'Bound', message: '' } as const)
    : ({
        status: 'False',
        reason: first?.reason ?? 'Provisioning',
        message: first === undefined ? (waits ?? '') : messageOf(violations),
      } as const);
  const known = setCondition<Condition>(
    accepted,
    { type: 'Provisioned', ...provisioned, observedGeneration },
    nowIso,
  );
  if (!bound) return known;
  const all = setCondition<Condition>(known, { ...placed(change, waits), observedGeneration }, nowIso);
  if (restartWaits === undefined && findCondition(all, restartType) === undefined) return all;
  return setCondition<Condition>(all, { ...restart(restartWaits), observedGeneration }, nowIso);
}

/** Does its target have to start anew? One that never had to has no word of it. */
const restartType = 'RestartPending';

const restart = (waits: string | undefined) =>
  waits === undefined
    ? ({ type: restartType, status: 'False', reason: 'Restarted', message: '' } as const)
    : ({ type: restartType, status: 'True', reason: 'WaitsForItsTurn', message: waits } as const);

/** Are the replicas on the pools of replicaPoolInfo? */
export const placedType = 'ReplicasPlaced';

const placed = (change: PlacementChange | undefined, waits: string | undefined) =>
  change === undefined
    ? ({ type: placedType, status: 'True', reason: 'Placed', message: '' } as const)
    : ({
        type: placedType,
        status: 'False',
        reason: change.change,
        message: waits ?? doing(change),
      } as const);

/** In cStor's words, as events have them. */
export function doing({ change, from, to }: PlacementChange): string {
  switch (change) {
    case 'MovingReplica':
      return 'Moving a volume replica to another pool is in progress';
    case 'Withdrawing':
      return 'The change of volume replicas is being taken back';
    case 'ScalingUp':
    case 'ScalingDown':
      return `Scaling ${change === 'ScalingUp' ? 'up' : 'down'} volume replicas from ${from} to ${to} is in progress`;
  }
}

/** What is said when it is made. `count`: replicas that there are now. */
export function made(reason: string, count: number): string {
  if (reason === 'MovingReplica') return 'successfully moved a volume replica to another pool';
  if (reason === 'Withdrawing') return `the volume keeps its ${count} replicas`;
  return `successfully scaled volume replicas to ${count}`;
}
