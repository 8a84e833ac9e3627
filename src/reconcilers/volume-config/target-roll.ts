/**
 * A target gets another image, or another Secret of TLS, with a new pod, after all pools of its volume: so a release is seen
 * to start and to serve before anybody's only way to a volume depends on it. And of all targets only a few at a time, by
 * name; one alone until one has come back. A target whose volume's pools are not all well is left as it is, and nobody waits
 * for it.
 */
import { isSameMake, sharedFields, type SharedMake, type Turn } from '../pod-template.ts';
import type { TlsMode } from '../../shared/tls-files.ts';
import type { Neighbour } from '../pool-instance/roll.ts';

export const restartsMax = 4;

export const isSameTarget = (one: SharedMake, other: SharedMake): boolean =>
  isSameMake(sharedFields, one, other);

/** The target of some volume. */
export interface TargetView {
  readonly volume: string;
  /** Its Deployment is made as is wanted now. */
  readonly isMade: boolean;
  /** Its volume is served, from a pod that is made as its Deployment says. */
  readonly serves: boolean;
  readonly pools: readonly Neighbour[];
}

export interface TargetRoll {
  readonly volume: string;
  readonly mode: TlsMode;
  readonly wanted: SharedMake;
  /** As its Deployment says; undefined: it has none. */
  readonly made: SharedMake | undefined;
  /** No pod of it runs: a new one costs nothing. */
  readonly isDown: boolean;
  readonly pools: readonly Neighbour[];
  /** Volumes whose turn it is. */
  readonly next: () => readonly string[];
}

export function targetTurnOf(roll: TargetRoll): Turn<SharedMake> {
  const { wanted, made, mode, isDown } = roll;
  const now = { make: wanted, waits: undefined };
  if (made === undefined || isDown || isSameTarget(made, wanted)) return now;
  // Those with TLS and those without are apart until all have it, or none.
  if (mode === 'require' && made.replicationTlsSecret !== wanted.replicationTlsSecret) return now;
  const waits = waitsFor(roll);
  return waits === undefined ? now : { make: made, waits };
}

function waitsFor({ volume, pools, next }: TargetRoll): string | undefined {
  const unmade = pools.find(({ isMade }) => !isMade);
  if (unmade) return `pool ${unmade.name} is restarted before`;
  const away = pools.find(({ serves }) => !serves);
  if (away) return `waits until pool ${away.name} serves`;
  const names = next();
  return names.includes(volume)
    ? undefined
    : `targets of other volumes are restarted before: ${names.join(', ')}`;
}

/** The first by name that have not come back with the new make: these may be restarted. */
export function nextTargets(targets: readonly TargetView[]): readonly string[] {
  const isBack = ({ isMade, serves }: TargetView) => isMade && serves;
  const isWell = ({ pools }: TargetView) => pools.every(({ isMade, serves }) => isMade && serves);
  const due = targets.filter((target) => !isBack(target) && isWell(target)).map(({ volume }) => volume);
  return due.toSorted().slice(0, targets.some(isBack) ? restartsMax : 1);
}
