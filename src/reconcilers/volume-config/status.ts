/** The status of a CStorVolumeConfig. */
import { setCondition } from '../../api/conditions.ts';
import { messageOf, type Violation } from '../checks.ts';
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

export interface StatusInput {
  readonly previous: Previous;
  readonly generation: number;
  /** All that the plan makes is there. */
  readonly bound: boolean;
  /** What the volume gets when it becomes Bound. */
  readonly capacity: string;
  readonly pools: readonly string[];
  readonly violations: readonly Violation[];
  /** What it waits for. */
  readonly waits: string | undefined;
  readonly nowIso: string;
}

/** Bound once, a volume stays Bound: what is wrong with a later wish is told by `Accepted`, how it fares by its CStorVolume. */
export function statusOf(input: StatusInput): ConfigStatus {
  const { previous } = input;
  const wasBound = previous.phase === 'Bound';
  const becomes = !wasBound && input.bound;
  const capacity = becomes ? { storage: input.capacity } : previous.capacity;
  const poolInfo = becomes ? input.pools : previous.poolInfo;
  return {
    phase: wasBound || becomes ? 'Bound' : 'Pending',
    observedGeneration: input.generation,
    ...(capacity === undefined ? {} : { capacity: { ...capacity } }),
    ...(poolInfo === undefined ? {} : { poolInfo: [...poolInfo] }),
    condition: conditionsOf(input, wasBound || becomes),
  };
}

function conditionsOf(
  { previous, generation, violations, waits, nowIso }: StatusInput,
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
  return setCondition<Condition>(
    accepted,
    { type: 'Provisioned', ...provisioned, observedGeneration },
    nowIso,
  );
}
