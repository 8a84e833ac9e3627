/** Births and digests over views. A view that has become an old one meanwhile is taken anew. */
import { createHash } from 'node:crypto';
import type { View } from '../map/delta-layer.ts';
import { ExtentCollector } from '../map/extent-collector.ts';
import { BadNodeError, StaleNameError } from '../map/node-store.ts';
import { checksumWord } from '../map/pointer.ts';
import { type ViewVisit, walkView } from '../map/view-walk.ts';
import { BadBlockError, type Extent } from '../volume-store.ts';
import type { VolumeCore } from './volume-core.ts';

/** A view that is overwritten faster than it can be read so often is not read at all. */
export const triesMax = 64;
const digestEntryWords = 6;
/** Entries of a digest that are hashed at once. */
const digestEntries = 2_048;

interface Stretch {
  readonly block: number;
  readonly count: number;
}

/** Runs `read` under a pin, again as long as what it looks at has just become stale. */
export async function again<T>(core: VolumeCore, read: () => Promise<T>): Promise<T> {
  return await core.pins.hold(async () => {
    for (let tries = 1; ; tries++) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof StaleNameError) || tries === triesMax) throw error;
      }
    }
  });
}

/** See VolumeStore.births. */
export async function birthsOf(
  core: VolumeCore,
  volume: string,
  view: () => View,
  { block, count, after, limit }: Stretch & { readonly after: number; readonly limit: number },
): Promise<{ readonly extents: readonly Extent[]; readonly next: number }> {
  return await again(core, async () => {
    const collector = new ExtentCollector(limit);
    await walk(core, volume, view(), { block, count }, after, (from, to, birth, words) =>
      collector.add(from, to, birth, words !== undefined),
    );
    collector.finish();
    return { extents: collector.extents, next: collector.stoppedAt ?? block + count };
  });
}

/** SHA-256 over (block number, checksum) of each block that holds data: no data is read. */
export async function digestOf(
  core: VolumeCore,
  volume: string,
  view: () => View,
  { block, count }: Stretch,
): Promise<Uint8Array> {
  return await again(core, async () => {
    const hash = createHash('sha256');
    const entries = new Uint32Array(digestEntries * digestEntryWords);
    let used = 0;
    await walk(core, volume, view(), { block, count }, -1, (from, _to, _birth, words, at) => {
      if (words === undefined) return true;
      entries[used] = from;
      entries[used + 1] = Math.floor(from / 2 ** 32);
      for (let i = 0; i < 4; i++) entries[used + 2 + i] = words[at + checksumWord + i] ?? 0;
      used += digestEntryWords;
      if (used === entries.length) {
        hash.update(entries);
        used = 0;
      }
      return true;
    });
    hash.update(entries.subarray(0, used));
    return new Uint8Array(hash.digest());
  });
}

/** `walkView`, with unreadable nodes as bad blocks of the volume. */
export async function walk(
  core: VolumeCore,
  volume: string,
  view: View,
  { block, count }: Stretch,
  after: number,
  visit: ViewVisit,
): Promise<void> {
  try {
    await walkView(core.nodes, core.host, view, { from: block, to: block + count, after }, visit);
  } catch (error) {
    if (error instanceof BadNodeError) throw new BadBlockError(volume, block, undefined, { cause: error });
    throw error;
  }
}
