/**
 * A pool gets another image, another Secret of TLS or another seccomp profile with a new pod. Pools that share volumes get
 * theirs one after another, by name: nobody's turn comes before all that went before serve again and every volume has all
 * its other replicas in sync. So an image that does not start, or does not serve, takes one pool and no volume. Only where
 * TLS comes or goes in mode `require` there is nothing to wait for: those with it and those without are apart until all have it.
 */
import type { TlsMode } from '../../shared/tls-files.ts';
import { isSameMake, sharedFields, type Settings, type Turn } from '../pod-template.ts';

/** What of a pod is the same for all pools. */
const makeFields = [...sharedFields, 'poolSeccompProfile'] as const;
export type Make = Pick<Settings, (typeof makeFields)[number]>;

export const isSamePool = (one: Make, other: Make): boolean => isSameMake(makeFields, one, other);

/** Another pool that has replicas of the same volumes. */
export interface Neighbour {
  readonly name: string;
  /** Its Deployment is made as is wanted now. */
  readonly isMade: boolean;
  /** It serves, from a pod that is made as its Deployment says. */
  readonly serves: boolean;
}

/** A volume with a replica on the pool. */
export interface Shared {
  readonly name: string;
  /** Pools of its other replicas that are not in sync; undefined: its target does not say. */
  readonly behind: readonly string[] | undefined;
}

export interface Roll {
  readonly name: string;
  readonly mode: TlsMode;
  readonly wanted: Make;
  /** As its Deployment says; undefined: it has none. */
  readonly made: Make | undefined;
  /** It is known that its pod serves nobody: a new one costs nothing. */
  readonly isDown: boolean;
  readonly neighbours: readonly Neighbour[];
  readonly volumes: readonly Shared[];
}

export function turnOf(roll: Roll): Turn<Make> {
  const { wanted, made, mode, isDown } = roll;
  const now = { make: wanted, waits: undefined };
  if (made === undefined || isDown || isSamePool(made, wanted)) return now;
  if (mode === 'require' && made.replicationTlsSecret !== wanted.replicationTlsSecret) return now;
  const waits = waitsFor(roll);
  return waits === undefined ? now : { make: made, waits };
}

function waitsFor({ name, neighbours, volumes }: Roll): string | undefined {
  const restarting = neighbours.find((each) => each.isMade && !each.serves);
  if (restarting) return `waits until pool ${restarting.name}, which was restarted before, serves`;
  // Whether or not it serves: an operator that has just started has heard of no pool yet.
  const first = neighbours.find((each) => !each.isMade && each.name < name);
  if (first) return `pool ${first.name} is restarted before`;
  const silent = volumes.find(({ behind }) => behind === undefined);
  if (silent) return `waits for the target of volume ${silent.name}, which does not answer`;
  const degraded = volumes.find(({ behind = [] }) => behind.length > 0);
  if (!degraded) return undefined;
  return `waits until the replicas of volume ${degraded.name} on ${degraded.behind?.join(', ') ?? ''} are in sync`;
}
