/** What entries make of a volume, one after the other: the naive reading of the log that replicas are checked against. */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { Entry } from '../../replication/messages.ts';
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { tagsIn } from './sim-store.ts';

/** The volume after some entry of a history. */
export interface VolumeFacts {
  readonly births: readonly number[];
  readonly tags: readonly number[];
  readonly values: Readonly<Record<string, string>>;
  /** The newest change of membership. */
  readonly change: MembershipFacts | undefined;
  /** Ascending by number. */
  readonly snapshots: readonly SnapshotFacts[];
}

interface MembershipFacts {
  readonly from: MembershipRecord;
  readonly record: MembershipRecord;
  /** Versions that were in force when this one was forced (R36): a replica shows them until it is told. */
  readonly over: readonly number[];
}

interface SnapshotFacts {
  readonly name: string;
  readonly number: number;
  readonly content: Pick<VolumeFacts, 'births' | 'tags'>;
}

export function emptyVolume(blocks: number): VolumeFacts {
  const zeros = repeat(0, blocks);
  return { births: zeros, tags: zeros, values: {}, change: undefined, snapshots: [] };
}

export function fold(state: VolumeFacts, entry: Entry): VolumeFacts {
  switch (entry.kind) {
    case 'write':
      return put(state, entry.number, entry.block, tagsIn(entry.data));
    case 'unmap':
      return put(state, entry.number, entry.block, repeat(0, entry.count));
    case 'state':
      return { ...state, values: { ...state.values, [entry.key]: entry.value } };
    case 'resize':
      return { ...state, ...grown(state, entry.number, entry.sizeBytes / blockBytes) };
    case 'flush':
    case 'adopt':
    case 'proof':
      return state;
    case 'membership':
      return { ...state, change: { from: entry.from, record: entry.record, over: [] } };
    case 'snapshot': {
      const { births, tags } = state;
      const taken = { name: entry.name, number: entry.number, content: { births, tags } };
      return { ...state, snapshots: [...state.snapshots, taken] };
    }
    case 'deleteSnapshot':
      return { ...state, snapshots: state.snapshots.filter(({ number }) => number !== entry.of) };
    case 'revert': {
      const { content } = must(
        state.snapshots.find(({ name, number }) => name === entry.name && number === entry.to),
        `snapshot ${entry.name} of ${entry.to}`,
      );
      const snapshots = state.snapshots.filter(({ number }) => number <= entry.to);
      return { ...state, ...grown(content, entry.number, state.tags.length), snapshots };
    }
  }
}

/** Whoever recovers goes on with these members alone (R36). */
export function forcedTo(state: VolumeFacts, record: MembershipRecord): VolumeFacts {
  const { change } = state;
  const over = [...(change?.over ?? []), change?.record.version ?? 1];
  return { ...state, change: { from: record, record, over } };
}

const repeat = (value: number, count: number): number[] =>
  Array.from({ length: Math.max(0, count) }, () => value);

/** What is added reads as zeros, born at this entry. */
function grown(
  { births, tags }: Pick<VolumeFacts, 'births' | 'tags'>,
  number: number,
  blocks: number,
): Pick<VolumeFacts, 'births' | 'tags'> {
  const added = blocks - tags.length;
  return { births: [...births, ...repeat(number, added)], tags: [...tags, ...repeat(0, added)] };
}

function put(state: VolumeFacts, birth: number, block: number, tags: readonly number[]): VolumeFacts {
  return {
    ...state,
    tags: state.tags.with(block, tags[0] ?? 0).map((tag, i) => tags[i - block] ?? tag),
    births: state.births.map((old, i) => (i >= block && i < block + tags.length ? birth : old)),
  };
}
