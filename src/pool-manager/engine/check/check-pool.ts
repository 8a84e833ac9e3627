/**
 * Walks all that the newest root reaches and says what is wrong; writes nothing.
 *
 *  - Labels, root, items and table can be read, and the table agrees with itself.
 *  - Every block and node that is reached verifies, on all devices and in parity, is reached at one place of one volume
 *    (and of its clones), and is live in the table; nothing else is live.
 *  - Births are ordered, marks kept, counters right (tree-check.ts, volume-check.ts).
 *
 * The log behind the root is not looked at: import replays it. Memory: about 5 bytes per unit in use and 100 per node.
 */
import type { ItemStore } from '../checkpoint/item-store.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import { NodeStore } from '../map/node-store.ts';
import type { ImportOptions } from '../pool/pool-import.ts';
import { type LoadedPool, loadPool } from '../pool/pool-load.ts';
import type { BlockSpace } from '../space/block-space.ts';
import type { VolumeStart } from '../volume/volume-state.ts';
import { TreeCheck } from './tree-check.ts';
import { checkVolume } from './volume-check.ts';

export interface CheckReport {
  /** Empty when all is right. */
  readonly problems: readonly string[];
  readonly txg: number;
  readonly volumes: number;
  readonly items: number;
  /** Of data and nodes. */
  readonly unitsReached: number;
}

const nodeCacheBytes = 16 * 2 ** 20;

/** Throws PoolRefusal when the pool can not even be opened. */
export async function checkPool(options: ImportOptions): Promise<CheckReport> {
  const loaded = await loadPool({ ...options, readOnly: true });
  try {
    return await checkLoaded(loaded, options);
  } finally {
    loaded.opened.set.abandon();
  }
}

async function checkLoaded(loaded: LoadedPool, { zstd }: ImportOptions): Promise<CheckReport> {
  const { opened, payload, items, space, starts } = loaded;
  const { groups } = opened.set;
  const problems: string[] = [...space.audit()];
  await checkItems(items, space, problems);
  const nodes = new NodeStore(space, nodeCacheBytes);
  const check = new TreeCheck({ space, nodes, groups, nextBatch: payload.nextBatch, zstd, problems });
  for (const start of originsFirst(starts)) await checkVolume(check, start, familyOf(start, starts));
  checkLive(check, space, groups);
  return {
    problems,
    txg: opened.root.txg,
    volumes: starts.length,
    items: items.keys('').length,
    unitsReached: check.reached.units,
  };
}

/** Each item can be read, and no two of them share a unit. */
async function checkItems(items: ItemStore, space: BlockSpace, problems: string[]): Promise<void> {
  const used = new Map<string, string>();
  for (const [key, { extents }] of items.places())
    for (const { group, segment, unit, units } of extents) {
      if (space.segmentState(group, segment) !== 'system')
        problems.push(`item ${key} lies in segment ${segment} of group ${group}, which is no system segment`);
      for (let at = unit; at < unit + units; at++) {
        const place = `${group}/${segment}/${at}`;
        const other = used.get(place);
        if (other !== undefined) problems.push(`items ${key} and ${other} share unit ${place}`);
        used.set(place, key);
      }
    }
  for (const key of items.keys(''))
    try {
      await items.get(key);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
}

/** Every unit that is reached is live, and none else. */
function checkLive(
  { reached, problems }: TreeCheck,
  space: BlockSpace,
  groups: readonly SegmentGroup[],
): void {
  for (const group of groups)
    for (let segment = 0; segment < group.segments; segment++)
      for (let unit = 0; unit < group.segmentUnits; unit++) {
        const live = space.liveBlocks(group.index, segment, unit);
        const found = reached.blocks(group.index, segment, unit);
        if (live !== found)
          problems.push(
            `unit ${unit} of segment ${segment}, group ${group.index}: ${live} blocks live, ${found} reached`,
          );
      }
}

/** Volumes that began as snapshots of others share blocks with them: the slot of the first one stands for all. */
function familyOf(start: VolumeStart, starts: readonly VolumeStart[]): number {
  let { slot, origin } = start;
  for (let left = starts.length; origin !== undefined && left > 0; left--) {
    ({ slot } = origin);
    const at = slot;
    origin = starts.find((each) => each.slot === at)?.origin;
  }
  return slot;
}

function originsFirst(starts: readonly VolumeStart[]): readonly VolumeStart[] {
  const bySlot = new Map(starts.map((start) => [start.slot, start]));
  const depth = (start: VolumeStart): number => {
    let count = 0;
    for (let at = start; at.origin !== undefined && count < starts.length; count++) {
      const below = bySlot.get(at.origin.slot);
      if (below === undefined) break;
      at = below;
    }
    return count;
  };
  return starts.toSorted((a, b) => depth(a) - depth(b));
}
