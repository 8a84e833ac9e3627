/** Who the members are, and what of that a recovery has to believe (R32–R36). */
import type { MembershipRecord } from '../api/target-config.ts';

/** What the entries of a history say. `next`: a change was issued in it, and is not known to be committed. */
export interface MembershipState {
  readonly current: MembershipRecord;
  readonly next?: MembershipRecord | undefined;
}

/** What is known of membership apart from a history: all records heard of, and the highest version known to be committed. */
export interface MembershipKnowledge {
  readonly memberships: readonly MembershipRecord[];
  readonly committed: number;
}

/** Records kept by a replica: the one in force, the one after it, and one that was given up before. */
export const membershipsMax = 3;

/** Oldest first, one of each version (the later one given), none below what is committed. */
export function merged(known: readonly MembershipRecord[], committed: number): MembershipRecord[] {
  const byVersion = new Map(known.map((record) => [record.version, record]));
  return [...byVersion.values()]
    .filter(({ version }) => version >= committed)
    .toSorted((a, b) => a.version - b.version)
    .slice(-membershipsMax);
}

/**
 * The records in each of which a recovery needs its promises (R33): the one in force, and every later one that anybody
 * has heard of: it may have been committed where we do not hear. What the configuration says is coming counts for
 * nothing: it may never have begun.
 */
export function required(
  configured: MembershipRecord,
  heard: readonly MembershipKnowledge[],
): readonly MembershipRecord[] {
  const committed = Math.max(configured.version, ...heard.map((one) => one.committed));
  return merged([configured, ...heard.flatMap(({ memberships }) => memberships)], committed);
}

/** Of a volume whose members have never changed. */
const firstVersion = 1;

export type InForce =
  | { readonly ok: true; readonly state: MembershipState; readonly forced: boolean }
  | { readonly ok: false; readonly why: string };

/**
 * The membership of the chosen history; `undefined` there: nobody ever changed it, the configuration is what counts. A forced record stands
 * in no entry: it is in force from when one of those that go on has heard that it is committed, whichever of them is chosen (R36).
 */
export function inForce(
  chosen: MembershipState | undefined,
  configured: MembershipRecord,
  heard: readonly MembershipKnowledge[],
): InForce {
  const committed = Math.max(0, ...heard.map((one) => one.committed));
  const told = heard.flatMap(({ memberships }) => memberships).find(({ version }) => version === committed);
  const known = (chosen?.next ?? chosen?.current)?.version ?? firstVersion;
  if (told && told.forced === true && told.version > known && configured.version <= told.version)
    return { ok: true, state: { current: told }, forced: false };
  if (!chosen) {
    const state = { current: configured };
    if (configured.version <= firstVersion || configured.forced === true)
      return { ok: true, state, forced: configured.forced === true };
    return {
      ok: false,
      why: `no replica knows of any change, the configuration is of version ${configured.version}`,
    };
  }
  const { current, next } = chosen;
  const state = next && next.version <= committed ? { current: next } : chosen;
  const newest = state.next ?? state.current;
  if (configured.version <= newest.version) return { ok: true, state, forced: false };
  // A record alone is written when its change is committed, so a quorum of it knows it, or a person has forced it (R36).
  if (configured.forced === true) return { ok: true, state: { current: configured }, forced: true };
  return {
    ok: false,
    why: `no replica knows membership ${configured.version} of the configuration, the newest is ${current.version}`,
  };
}
