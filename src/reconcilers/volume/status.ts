/**
 * The status of a CStorVolume from what its target streams. Written when something that a person would act on changes:
 * counters travel along with such a change and cause none themselves.
 */
import { findCondition, setCondition } from '../../api/conditions.ts';
import type { TargetStatusRead } from '../../api/proto/caskade/target/v1/TargetStatus.ts';
import { formatBinaryQuantity } from '../../api/quantity.ts';
import { steadyMessage, type StoredCondition } from '../status.ts';

export type TargetReport = Pick<
  TargetStatusRead,
  | 'scrub'
  | 'phase'
  | 'epoch'
  | 'sizeBytes'
  | 'replicas'
  | 'initiators'
  | 'unflushedWritesLostEpoch'
  | 'message'
>;

export interface TargetFacts {
  /** Undefined: the target does not answer (any more). */
  readonly target: TargetReport | undefined;
  /** The stream may still come: the operator has just started, or lost it a moment ago. */
  readonly expected: boolean;
  readonly podReady: boolean;
}

export interface ReplicaStatus {
  readonly replicaId: string;
  readonly mode: string;
  readonly quorum: string;
  readonly checkpointedIOSeq: string;
  readonly inflightRead: string;
  readonly inflightWrite: string;
  readonly inflightSync: string;
  readonly upTime: number;
}

export interface VolumeStatus {
  readonly phase: string;
  readonly message: string;
  readonly capacity?: string | number;
  readonly publishedNodeId: string;
  readonly replicaStatuses: readonly ReplicaStatus[];
  readonly replicaDetails: { readonly knownReplicas: Readonly<Record<string, string>> };
  readonly conditions: readonly StoredCondition[];
  readonly lastTransitionTime?: string;
}

export interface Previous {
  readonly phase?: string | undefined;
  readonly message?: string | undefined;
  readonly capacity?: string | number | undefined;
  readonly publishedNodeId?: string | undefined;
  readonly replicaStatuses?: readonly ReplicaStatus[] | undefined;
  readonly conditions?: readonly StoredCondition[] | null | undefined;
  readonly lastTransitionTime?: string | null | undefined;
}

export interface StatusInput {
  readonly previous: Previous;
  readonly facts: TargetFacts;
  /** Node whose initiator the target has, as far as it said; undefined: it did not say. */
  readonly publishedNodeId: string | undefined;
  readonly knownReplicas: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly nowIso: string;
}

export function statusOf(input: StatusInput): VolumeStatus {
  const { previous, facts, nowIso } = input;
  const { phase, message } = phaseOf(previous, facts);
  // Until it has recovered, a target does not know its size.
  const sizeBytes = facts.target?.sizeBytes ?? 0;
  const capacity = sizeBytes === 0 ? previous.capacity : formatBinaryQuantity(sizeBytes);
  const moved = phase !== previous.phase;
  const since = moved ? nowIso : previous.lastTransitionTime;
  return {
    phase,
    message,
    ...(capacity === undefined ? {} : { capacity }),
    publishedNodeId: input.publishedNodeId ?? previous.publishedNodeId ?? '',
    replicaStatuses: replicaStatusesOf(input, moved),
    replicaDetails: { knownReplicas: input.knownReplicas },
    conditions: conditionsOf(input),
    ...(since === undefined || since === null ? {} : { lastTransitionTime: since }),
  };
}

/** Init, Healthy, Degraded and Offline are the target's words; Error: it runs and the operator can not reach it. */
export function phaseOf(
  previous: Previous,
  { target, expected, podReady }: TargetFacts,
): { readonly phase: string; readonly message: string } {
  if (target !== undefined)
    return { phase: target.phase, message: steadyMessage(previous.message, target.message) };
  const born = previous.phase !== undefined && previous.phase !== '';
  if (!born) return { phase: 'Init', message: 'the target has not answered yet' };
  if (podReady && expected) return { phase: previous.phase ?? '', message: previous.message ?? '' };
  if (previous.phase === 'Init') return { phase: 'Init', message: previous.message ?? '' };
  return podReady
    ? {
        phase: 'Error',
        message: 'unknown: the target pod is ready, but does not answer the operator on port 7777',
      }
    : { phase: 'Offline', message: 'the target pod is not ready; kubectl describe its Deployment' };
}

const inSync = (state: string): boolean => state === 'InSync';

function replicaStatusesOf(
  { previous: { replicaStatuses: previous = [] }, facts, knownReplicas }: StatusInput,
  moved: boolean,
): readonly ReplicaStatus[] {
  const { target, expected, podReady } = facts;
  if (target === undefined) return podReady && expected ? previous : [];
  const next = target.replicas
    .map((replica) => ({
      replicaId: replica.replicaId,
      mode: inSync(replica.state) ? 'Healthy' : 'Degraded',
      // A newcomer counts for nothing before the change is made.
      quorum: inSync(replica.state) && knownReplicas[replica.replicaId] !== undefined ? '1' : '0',
      checkpointedIOSeq: String(replica.durable),
      inflightRead: String(replica.inflightReads),
      inflightWrite: String(replica.inflightWrites),
      inflightSync: '0',
      upTime: replica.upSeconds,
    }))
    .toSorted((a, b) => (a.replicaId < b.replicaId ? -1 : 1));
  const essence = (statuses: readonly ReplicaStatus[]) =>
    JSON.stringify(statuses.map(({ replicaId, mode, quorum }) => [replicaId, mode, quorum]));
  return !moved && essence(next) === essence(previous) ? previous : next;
}

export const mismatchType = 'ReplicaMismatch';

/** True while a replica is in question: a proof found it different from its source, and it is not in sync yet. */
function mismatchCondition({ previous, facts, generation, nowIso }: StatusInput): readonly StoredCondition[] {
  const conditions = previous.conditions ?? [];
  const { target } = facts;
  if (target === undefined) return conditions;
  const differ = target.replicas.filter(({ mismatches }) => mismatches > 0);
  const open = differ.filter(({ state }) => !inSync(state));
  if (differ.length === 0 && findCondition(conditions, mismatchType) === undefined) return conditions;
  const named = differ.map(
    ({ pool, mismatches }) => `${mismatches} groups of blocks of the replica on pool ${pool}`,
  );
  const outcome = open.length > 0 ? 'they are copied again' : 'they were copied again and are proved';
  const first = {
    type: mismatchType,
    message:
      differ.length === 0
        ? ''
        : `${named.join(', ')} were not those of the source after a rebuild: ${outcome}; if it comes again, replace a device of that pool`,
    observedGeneration: generation,
  };
  return setCondition(
    conditions,
    open.length > 0
      ? { ...first, status: 'True', reason: 'ContentDiffers' }
      : { ...first, status: 'False', reason: 'ContentProved' },
    nowIso,
  );
}

export const fullType = 'PoolFull';

/** True while a replica is left out because its pool has no room; it comes back by itself when there is some. */
function fullCondition(
  conditions: readonly StoredCondition[],
  { facts, generation, nowIso }: StatusInput,
): readonly StoredCondition[] {
  const { target } = facts;
  if (target === undefined) return conditions;
  const pools = target.replicas.filter(({ state }) => state === 'PoolFull').map(({ pool }) => pool);
  if (pools.length === 0 && findCondition(conditions, fullType) === undefined) return conditions;
  const first = { type: fullType, observedGeneration: generation };
  return setCondition(
    conditions,
    pools.length > 0
      ? {
          ...first,
          status: 'True',
          reason: 'NoRoom',
          message: `the replica on pool ${pools.join(', ')} is left out: its pool is full; delete snapshots or volumes there, or add a group of devices to the pool`,
        }
      : { ...first, status: 'False', reason: 'Room', message: '' },
    nowIso,
  );
}

export const differType = 'ReplicasDiffer';

/** What the last scrub found. A restarted target has forgotten it, and what it found stays shown until another one is done. */
function scrubCondition(
  conditions: readonly StoredCondition[],
  { facts, generation, nowIso }: StatusInput,
): readonly StoredCondition[] {
  const scrub = facts.target?.scrub;
  if (scrub?.state !== 'done') return conditions;
  const { mendedBlocks, leftBlocks, message } = scrub;
  if (mendedBlocks + leftBlocks === 0 && findCondition(conditions, differType) === undefined)
    return conditions;
  const mended = mendedBlocks === 0 ? '' : `${mendedBlocks} blocks differed and were written anew`;
  const left = leftBlocks === 0 ? '' : `${leftBlocks} blocks differ between replicas (${message})`;
  return setCondition(
    conditions,
    {
      type: differType,
      status: leftBlocks > 0 ? 'True' : 'False',
      reason: leftBlocks > 0 ? 'ContentDiffers' : mendedBlocks > 0 ? 'Mended' : 'Equal',
      message: [left, mended].filter((part) => part !== '').join('; '),
      observedGeneration: generation,
    },
    nowIso,
  );
}

/**
 * `UnflushedWritesLost` stays once it is true: a restarted target has forgotten it, the file system on the volume has
 * not. The message names the newest epoch it happened in.
 */
function conditionsOf(input: StatusInput): readonly StoredCondition[] {
  const { facts, generation, nowIso } = input;
  const conditions = fullCondition(scrubCondition(mismatchCondition(input), input), input);
  const epoch = facts.target?.unflushedWritesLostEpoch ?? 0;
  if (epoch === 0) return conditions;
  return setCondition(
    conditions,
    {
      type: 'UnflushedWritesLost',
      status: 'True',
      reason: 'RecoveredFromCrashedReplicas',
      message: `in epoch ${epoch} the volume was recovered while too many replicas had crashed: acknowledged writes that were never flushed may be missing; check the file system`,
      observedGeneration: generation,
    },
    nowIso,
  );
}
