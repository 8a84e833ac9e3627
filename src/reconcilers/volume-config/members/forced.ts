/** A person gives up members that are lost for good, by an annotation that names what it costs (R36). */
import { forcedWish } from '../../../api/names.ts';
import { refusalOf, type ForcedWish } from '../../../replication/forced-change.ts';
import type { Violation } from '../../checks.ts';
import type { MembersRecord, MembersSeen } from './plan.ts';

export interface ForcedSeen extends MembersSeen {
  readonly volume: string;
  /** Value of the annotation; undefined: nobody asks for it. */
  readonly annotation: string | undefined;
  /** Undefined: the target does not answer. */
  readonly serving: boolean | undefined;
}

export type ForcedPlan =
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly why: Violation }
  | {
      readonly do: 'force';
      readonly record: MembersRecord;
      /** Pools that go on, in the order of the wish. */
      readonly pools: readonly string[];
      readonly givenUp: readonly string[];
    };

const nothing: ForcedPlan = { do: 'nothing' };
const refuse = (message: string): ForcedPlan => ({
  do: 'refuse',
  why: {
    reason: 'ForcedChangeRefused',
    message: `metadata.annotations["${forcedWish.annotation}"]: ${message}`,
  },
});

/** The version that is named is that of the record which ends: said once, it holds once, wherever the annotation stays. */
export function planForced(seen: ForcedSeen): ForcedPlan {
  if (seen.annotation === undefined) return nothing;
  const wish = parse(seen.annotation);
  if (wish === undefined) return refuse(`give "${forcedWish.form}"`);
  const { current, next, withdrawn } = seen.membership;
  if (wish.version < current.version) return nothing;
  if (wish.version > current.version)
    return refuse(
      `version ${wish.version} is not in force, ${current.version} is: look again at what is left`,
    );
  const records = [current, next, withdrawn].filter((record) => record !== undefined);
  const poolOf = (id: string) => seen.replicas.find(({ replicaId }) => replicaId === id)?.pool ?? id;
  const states = seen.target?.states ?? {};
  const why = refusalOf(wish, {
    volume: seen.volume,
    records: records.map(({ members }) => Object.keys(members).map(poolOf)),
    serving: seen.serving,
    connected: Object.keys(states)
      .filter((id) => states[id] !== 'Offline')
      .map(poolOf),
  });
  if (why !== undefined) return refuse(why);
  const members = Object.entries(current.members).filter(([id]) => wish.survivors.includes(poolOf(id)));
  return {
    do: 'force',
    record: {
      version: Math.max(...records.map(({ version }) => version)) + 1,
      members: Object.fromEntries(members),
    },
    pools: wish.survivors,
    givenUp: Object.keys(current.members)
      .map(poolOf)
      .filter((pool) => !wish.survivors.includes(pool)),
  };
}

/** `volume=V version=N survivors=POOL,… loss=L`, in any order. */
function parse(text: string): (ForcedWish & { readonly version: number }) | undefined {
  const fields = new Map(
    text
      .trim()
      .split(/\s+/)
      .map((part) => splitOnce(part)),
  );
  const [volume, survivors, loss] = ['volume', 'survivors', 'loss'].map((name) => fields.get(name));
  const version = Number(fields.get('version'));
  if (volume === undefined || survivors === undefined || loss === undefined || !Number.isSafeInteger(version))
    return undefined;
  return { volume, version, loss, survivors: survivors.split(',').filter((name) => name !== '') };
}

const splitOnce = (part: string): readonly [string, string] => {
  const at = part.indexOf('=');
  return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
};
