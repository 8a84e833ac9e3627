/** The status of a CStorVolumeReplica: its state as the target sees it, its size as the pool sees it. */
import { replicaMessage } from '../../api/replica-message.ts';
import { formatShort, parseQuantity } from '../../api/quantity.ts';
import { steadyMessage } from '../status.ts';
import type { ReplicaStatusRead } from '../../api/proto/caskade/target/v1/ReplicaStatus.ts';
import type { ReplicaRead } from '../../api/proto/caskade/pool/v1/Replica.ts';

export interface ReplicaFacts {
  /** The pool's record of it; undefined: the pool does not answer, or does not have it. */
  readonly onPool:
    | (Pick<ReplicaRead, 'state' | 'allocatedBytes' | 'logicalBytes'> &
        Partial<Pick<ReplicaRead, 'snapshots'>>)
    | undefined;
  /** The pool answers. */
  readonly poolAnswers: boolean;
  /** The target's record of it; undefined: the target does not answer, or does not know it. */
  readonly atTarget:
    | (Pick<ReplicaStatusRead, 'state' | 'rebuild' | 'message'> &
        Partial<Pick<ReplicaStatusRead, 'proofRoot' | 'proofNumber' | 'mismatches'>>)
    | undefined;
  /** The volume was Bound: its replicas exist. */
  readonly bound: boolean;
  /** Streams may still come: the operator has just started. */
  readonly expected: boolean;
  /** What the volume has, by name, as far as its target or a peer tells; undefined: nobody tells. */
  readonly volumeSnapshots?: Snapshots | undefined;
  /** Of no use to the volume before it holds everything: it is in no record of members that is in force. */
  readonly newcomer: boolean;
}

export type Snapshots = Readonly<Record<string, { readonly logicalReferenced: number }>>;

export interface ReplicaStatus {
  readonly phase: string;
  readonly message: string;
  readonly capacity?: { readonly total: string; readonly used: string };
  readonly lastTransitionTime?: string;
  readonly proof?: Proof;
  /** On this replica, and those that it has still to copy. */
  readonly snapshots?: Snapshots;
  readonly pendingSnapshots?: Snapshots;
}

/** Of the last rebuild. */
export interface Proof {
  readonly root?: string;
  readonly number?: number;
  readonly mismatches?: number;
}

export interface Previous {
  readonly phase?: string | undefined;
  readonly message?: string | undefined;
  readonly capacity?: { readonly total: string; readonly used: string } | undefined;
  readonly lastTransitionTime?: string | null | undefined;
  readonly proof?: Proof | undefined;
}

export function statusOf(previous: Previous, facts: ReplicaFacts, nowIso: string): ReplicaStatus {
  const { phase, message } = phaseOf(previous, facts);
  const capacity =
    facts.onPool === undefined ? previous.capacity : capacityOf(previous.capacity, facts.onPool);
  const since = phase === previous.phase ? previous.lastTransitionTime : nowIso;
  const proof = proofOf(previous.proof, facts);
  return {
    phase,
    message,
    ...(capacity === undefined ? {} : { capacity }),
    ...(since === undefined || since === null ? {} : { lastTransitionTime: since }),
    ...(proof === undefined ? {} : { proof }),
    ...snapshotsOf(facts),
  };
}

/** As before while the pool does not answer. */
function snapshotsOf({
  onPool,
  volumeSnapshots = {},
}: ReplicaFacts): Pick<ReplicaStatus, 'snapshots' | 'pendingSnapshots'> {
  if (onPool?.snapshots === undefined) return {};
  const held = onPool.snapshots.map(
    ({ name, logicalBytes }) => [name, { logicalReferenced: logicalBytes }] as const,
  );
  const names = new Set(held.map(([name]) => name));
  const pending = Object.entries(volumeSnapshots).filter(([name]) => !names.has(name));
  return { snapshots: Object.fromEntries(held), pendingSnapshots: Object.fromEntries(pending) };
}

/** A restarted target has forgotten the proof of the last rebuild; it holds all the same. */
function proofOf(before: Proof | undefined, { atTarget }: ReplicaFacts): Proof | undefined {
  const { proofRoot = '', proofNumber = 0, mismatches = 0 } = atTarget ?? {};
  if (proofRoot === '' && mismatches === 0) return before;
  const proved = proofRoot === '' ? { ...before } : { root: proofRoot, number: proofNumber };
  return mismatches === 0 ? proved : { ...proved, mismatches };
}

const states: Readonly<Record<string, string>> = {
  InSync: 'Healthy',
  Healthy: 'Healthy',
  Rebuilding: 'Rebuilding',
  Proving: 'Rebuilding',
  Attaching: 'Degraded',
  PoolFull: 'Degraded',
  Degraded: 'Degraded',
  Offline: 'Offline',
};

/** What cStor calls these states of a replica that was added to a volume. */
const newcomerPhases: Readonly<Record<string, string>> = {
  Init: 'Recreate',
  Degraded: 'NewReplicaDegraded',
  Rebuilding: 'ReconstructingNewReplica',
};

function phaseOf(
  previous: Previous,
  facts: ReplicaFacts,
): { readonly phase: string; readonly message: string } {
  const { phase, message } = statePhase(previous, facts);
  return { phase: facts.bound && facts.newcomer ? (newcomerPhases[phase] ?? phase) : phase, message };
}

const unborn = (phase: string): boolean => phase === '' || phase === 'Init' || phase === 'Recreate';

function statePhase(
  previous: Previous,
  { onPool, poolAnswers, atTarget, bound, expected, newcomer }: ReplicaFacts,
): { readonly phase: string; readonly message: string } {
  const before = previous.phase ?? '';
  if (!bound) return { phase: 'Init', message: '' };
  if (!poolAnswers) {
    if (expected && before !== '') return { phase: before, message: previous.message ?? '' };
    return { phase: 'Offline', message: 'its pool does not answer; see kubectl get cspi' };
  }
  // Just made: the pool has not told of it yet.
  if (onPool === undefined && unborn(before)) return { phase: 'Init', message: '' };
  if (onPool === undefined)
    return {
      phase: 'Error',
      message: 'its pool does not hold it any more; the volume goes on with the others',
    };
  const state = atTarget?.state ?? (newcomer ? 'Attaching' : onPool.state);
  const phase = states[state] ?? 'Offline';
  // A new replica is not away: its target is only coming up.
  if (unborn(before) && (phase === 'Offline' || phase === 'Degraded')) return { phase: 'Init', message: '' };
  const progress = atTarget?.rebuild;
  if (phase !== 'Rebuilding' || progress === undefined || progress === null)
    return { phase, message: steadyMessage(previous.message, atTarget ? replicaMessage(atTarget) : '') };
  const percent = Math.floor(progress.percent / percentStep) * percentStep;
  return { phase, message: `${state.toLowerCase()}, ${percent} percent are done` };
}

/** Progress is shown in steps: the metrics have it by the second. */
const percentStep = 10;
/** A size is shown anew when it has moved by this part of itself, and by this many bytes. */
const sizeStep = 1 / 20;
const sizeBytesStep = 1024 ** 2;

export function capacityOf(
  previous: Previous['capacity'],
  { allocatedBytes, logicalBytes }: Pick<ReplicaRead, 'allocatedBytes' | 'logicalBytes'>,
): { readonly total: string; readonly used: string } {
  const near = (shown: string | undefined, bytes: number): boolean => {
    if (shown === undefined) return false;
    const before = parseShort(shown);
    return (
      Math.abs(bytes - before) <= Math.max(sizeBytesStep, before * sizeStep) &&
      (before === 0) === (bytes === 0)
    );
  };
  if (previous !== undefined && near(previous.total, allocatedBytes) && near(previous.used, logicalBytes))
    return previous;
  return { total: formatShort(allocatedBytes), used: formatShort(logicalBytes) };
}

/** The inverse of formatShort. */
const parseShort = (text: string): number => parseQuantity(/[KMGTP]$/.test(text) ? `${text}i` : text);
