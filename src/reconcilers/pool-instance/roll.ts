/**
 * The Secret of TLS comes to a pool, or leaves it, with a new pod. As long as those with and without it understand each
 * other (mode `prefer`), pools that share volumes get theirs one after another, by name: nobody's turn comes before all
 * that went before serve again and every volume has all its other replicas in sync. In mode `require` there is nothing
 * to wait for: those with it and those without are apart until all have it.
 */
import type { TlsMode } from '../../shared/tls-files.ts';

/** Another pool that has replicas of the same volumes. */
export interface Neighbour {
  readonly name: string;
  /** Secret in its Deployment; empty: none. */
  readonly secret: string;
  /** It serves, from a pod that was made with this Secret. */
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
  /** Secret that the pool shall have; empty: none. */
  readonly wanted: string;
  /** The one in its Deployment; undefined: it has no Deployment. */
  readonly secret: string | undefined;
  /** It is known that its pod serves nobody: a new one costs nothing. */
  readonly isDown: boolean;
  readonly neighbours: readonly Neighbour[];
  readonly volumes: readonly Shared[];
}

export interface Turn {
  /** Secret for the Deployment now. */
  readonly secret: string;
  /** What its restart waits for, in words; undefined: it does not wait. */
  readonly waits: string | undefined;
}

export function turnOf(roll: Roll): Turn {
  const { wanted, secret, mode, isDown } = roll;
  if (secret === undefined || secret === wanted || mode === 'require' || isDown)
    return { secret: wanted, waits: undefined };
  const waits = waitsFor(roll);
  return { secret: waits === undefined ? wanted : secret, waits };
}

function waitsFor({ name, wanted, neighbours, volumes }: Roll): string | undefined {
  const restarting = neighbours.find((each) => each.secret === wanted && !each.serves);
  if (restarting) return `waits until pool ${restarting.name}, which was restarted before, serves`;
  // Whether or not it serves: an operator that has just started has heard of no pool yet.
  const first = neighbours.find((each) => each.secret !== wanted && each.name < name);
  if (first) return `pool ${first.name} is restarted before`;
  const silent = volumes.find(({ behind }) => behind === undefined);
  if (silent) return `waits for the target of volume ${silent.name}, which does not answer`;
  const degraded = volumes.find(({ behind = [] }) => behind.length > 0);
  if (!degraded) return undefined;
  return `waits until the replicas of volume ${degraded.name} on ${degraded.behind?.join(', ') ?? ''} are in sync`;
}
