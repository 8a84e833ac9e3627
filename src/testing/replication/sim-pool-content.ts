/** What an engine's volume holds, all of it read, against a state of the model. */
import { BadBlockError, type VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import { contentOf } from '../block-content.ts';
import { observe, type ModelState, type VolumeModel } from '../volume-model.ts';
import type { Content, State } from './sim-store.ts';

/** Stands for a block that can not be read. */
const unreadable = 2_147_483_647;

/** `states`: where names and sizes of snapshots are known from. Throws when something was never written. */
export function seenIn(store: VolumeStore, states: readonly State[]): Promise<VolumeModel> {
  const sizes = states.flatMap(({ snapshots }) =>
    [...snapshots].map(([name, { sizeBytes }]) => [name, sizeBytes] as const),
  );
  return observe(readable(store), new Map(sizes));
}

/** The same store, but that what is bad reads as such. */
const readable = (store: VolumeStore) => ({
  sizeBytes: store.sizeBytes,
  last: store.last,
  record: store.record,
  snapshots: () => store.snapshots(),
  births: store.births.bind(store),
  read: async (block: number, count: number, snapshot?: string) => {
    try {
      return await store.read(block, count, snapshot);
    } catch (error) {
      if (!(error instanceof BadBlockError)) throw error;
    }
    const blocks: Uint8Array[] = [];
    for (let at = block; at < block + count; at++)
      blocks.push(
        await store.read(at, 1, snapshot).catch((error: unknown) => {
          if (error instanceof BadBlockError) return contentOf(unreadable);
          throw error;
        }),
      );
    return Buffer.concat(blocks);
  },
});

/** Where they differ, or undefined. Blocks with tags that `mayBeBad` may be unreadable. */
export function differenceFrom(
  seen: VolumeModel,
  due: State,
  mayBeBad: (tag: number) => boolean,
): string | undefined {
  const names = [...seen.snapshots.keys()].toSorted().join();
  const namesDue = [...due.snapshots.keys()].toSorted().join();
  if (names !== namesDue) return `snapshots ${names} instead of ${namesDue}`;
  for (const [name, content] of due.snapshots) {
    const found = contentDifference(seen.snapshots.get(name), content, mayBeBad);
    if (found !== undefined) return `snapshot ${name}: ${found}`;
  }
  return contentDifference(seen.state, due, mayBeBad);
}

function contentDifference(
  seen: ModelState | undefined,
  due: Content,
  mayBeBad: (tag: number) => boolean,
): string | undefined {
  if (seen === undefined) return 'missing';
  if (seen.last !== due.last) return `last ${seen.last} instead of ${due.last}`;
  if (seen.sizeBytes !== due.sizeBytes) return `${seen.sizeBytes} bytes instead of ${due.sizeBytes}`;
  const record = Buffer.from(due.record).toString();
  if (seen.record !== record) return `record ${seen.record} instead of ${record}`;
  for (const [block, tag] of due.tags.entries()) {
    const found = seen.tags[block];
    if (found !== tag && !(found === unreadable && mayBeBad(tag)))
      return `block ${block} holds ${found} instead of ${tag}`;
    if (seen.births[block] !== due.births[block])
      return `block ${block} has birth ${seen.births[block]} instead of ${due.births[block]}`;
  }
  return undefined;
}
