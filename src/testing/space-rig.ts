/** A block space on groups in memory, and a naive model of it: for tests of the space and of what stands on it. */
import { assert } from '../shared/assert.ts';
import { blockBytes, sectorBytes } from '../shared/block-size.ts';
import type { Prng } from '../shared/prng.ts';
import type { Sought, Stream } from '../pool-manager/engine/map/map-space.ts';
import { batchOf, checksumWord, offsetOf, sectorsOf } from '../pool-manager/engine/map/pointer.ts';
import type { BlockSpace, Rot } from '../pool-manager/engine/space/block-space.ts';
import { createBlockSpace } from '../pool-manager/engine/space/space.ts';
import { memoryGroup, type MemoryGroup } from './memory-group.ts';

export interface SpaceRig {
  readonly space: BlockSpace;
  readonly groups: readonly MemoryGroup[];
  readonly items: Map<string, Uint8Array>;
  readonly rot: Rot[];
  /** What happens while the space lets the event loop turn. */
  onPause: () => Promise<void>;
  /** What the block with this mark contains. */
  content(mark: number, sectors: number): Uint8Array;
  write(stream: Stream, mark: number, sectors?: number): Uint32Array;
  /** Stored bytes of a name, from memory or the group. */
  read(words: Uint32Array): Promise<Uint8Array>;
  /** Another space over the same groups and items, as after a crash. */
  reopen(txg: number, nextBatch: number): Promise<SpaceRig>;
}

/** Sums for tests: over one word in 32, so that it takes no time. */
export function testSum(
  bytes: Uint8Array,
  from: number,
  lengthBytes: number,
  owner: number,
  to: Uint32Array,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, lengthBytes);
  let sum = owner % 0x1_0000;
  for (let at = 0; at < lengthBytes; at += 128) sum = (sum * 31 + view.getUint32(at, true)) % 0x1_0000_0000;
  to[0] = sum;
  to[1] = sum ^ 0x5555_5555;
}

export function spaceRig(options: {
  readonly segments?: number;
  readonly groups?: readonly { readonly segments: number }[];
  readonly segmentUnits: number;
  readonly discard?: boolean;
}): SpaceRig {
  const sizes = options.groups ?? [{ segments: options.segments ?? 64 }];
  const groups = sizes.map(({ segments }, index) =>
    memoryGroup({ index, segments, segmentUnits: options.segmentUnits }),
  );
  return rigOver(groups, new Map(), options.discard ?? false);
}

function rigOver(groups: readonly MemoryGroup[], items: Map<string, Uint8Array>, discard: boolean): SpaceRig {
  const rot: Rot[] = [];
  const make = () =>
    createBlockSpace({
      groups,
      discard,
      storedSum: testSum,
      onRot: (each) => void rot.push(each),
      pause: () => rig.onPause(),
    });
  const space = make();
  const sum = new Uint32Array(2);
  const rig: SpaceRig = {
    space,
    groups,
    items,
    rot,
    onPause: () => Promise.resolve(),
    content(mark, sectors) {
      return new Uint8Array(new Uint32Array((sectors * sectorBytes) / 4).fill(mark + 1).buffer);
    },
    write(stream, mark, sectors = blockBytes / sectorBytes) {
      const words = new Uint32Array(8);
      const stored = rig.content(mark, sectors);
      testSum(stored, 0, stored.byteLength, mark, sum);
      space.append(stream, stored, 0, sectors, 1, mark, sum[0] ?? 0, sum[1] ?? 0, words, 0);
      words.set(sum, checksumWord); // of a plain block it is the pointer's own
      return words;
    },
    async read(words) {
      const place = space.seek(words, 0);
      if (place === undefined) throw new RangeError('the name is gone');
      if (place.pending !== undefined) return place.pending.slice();
      const { bytes } = await space.read(place.group, place.segment, place.unit, 1, () => true);
      const from = place.sectorInUnit * sectorBytes;
      return bytes.slice(from, from + sectorsOf(words, 0) * sectorBytes);
    },
    async reopen(txg, nextBatch) {
      const next = rigOver(groups, items, discard);
      await next.space.load(itemsOf(items), txg, nextBatch);
      return next;
    },
  };
  return rig;
}

const itemsOf = (items: ReadonlyMap<string, Uint8Array>) => ({
  keys: (prefix: string) => [...items.keys()].filter((key) => key.startsWith(prefix)),
  get: (key: string) => Promise.resolve(items.get(key) ?? new Uint8Array(0)),
});

interface Block {
  readonly mark: number;
  readonly sectors: number;
  readonly words: Uint32Array;
  isLive: boolean;
}

interface Root {
  readonly blocks: readonly Block[];
  readonly items: ReadonlyMap<string, Uint8Array>;
  readonly txg: number;
}

/** Random appends, adoptions, frees, checkpoints and crashes, compared with lists of what must be there. */
export function naiveSpace(options: {
  readonly random: Prng;
  /** Of each group. */
  readonly segments: number;
  readonly groups?: number;
  readonly segmentUnits: number;
  readonly isCompressed: boolean;
}) {
  const { random, isCompressed } = options;
  const groups = Array.from({ length: options.groups ?? 1 }, () => ({ segments: options.segments }));
  let rig = spaceRig({ groups, segmentUnits: options.segmentUnits, discard: random.chance(0.5) });
  let blocks: Block[] = [];
  /** What the last roots have, the newest first: of these, three are whole. */
  let roots: Root[] = [{ blocks: [], items: new Map(), txg: 0 }];
  let txg = 1;
  let mark = 0;
  let nextBatch = 1;
  /** The cleaner works beside what else happens. */
  let cleaning: Promise<unknown> = Promise.resolve();
  const blocksMax = groups.length * options.segments * options.segmentUnits * (0.3 + random.below(50) / 100);

  const write = (count: number): void => {
    for (let i = 0; i < count && blocks.length < blocksMax; i++) {
      if (rig.space.room.userUnitsNow < 64) return;
      const sectors = isCompressed && random.chance(0.6) ? 1 + random.below(7) : 8;
      const words = rig.write(random.chance(0.9) ? 'data' : 'metadata', ++mark, sectors);
      blocks.push({ mark, sectors, words, isLive: false });
    }
  };
  const kill = (share: number): void => {
    blocks = blocks.filter((block) => {
      if (!random.chance(share)) return true;
      if (block.isLive) rig.space.free(block.words, 0, txg);
      else rig.space.drop(block.words, 0, txg);
      return false;
    });
  };
  const checkpoint = async (isComplete: boolean): Promise<void> => {
    rig.space.mark('data');
    rig.space.seal();
    for (const group of rig.groups) group.openTxg = txg + 1;
    for (const block of blocks)
      if (!block.isLive && random.chance(0.9)) {
        rig.space.adopt(block.words, 0);
        block.isLive = true;
      }
    if (isComplete) {
      const { items: written } = rig;
      await rig.space.changes(txg, {
        put: (key, bytes) => void written.set(key, bytes),
        delete: (key) => void written.delete(key),
      });
    }
    const root = blocks.filter(({ isLive }) => isLive);
    nextBatch = rig.space.nextBatch();
    if (random.chance(0.5)) write(random.below(100));
    rig.space.seal();
    await rig.space.drained();
    if (!isComplete) return await crash();
    roots = [{ blocks: root, items: new Map(rig.items), txg }, ...roots].slice(0, 3);
    rig.space.release(txg, Infinity, txg);
    txg++;
  };
  /** Goes back to the newest root, or to one of the two before; the two that an import writes come after it. */
  const crash = async (): Promise<void> => {
    await cleaning;
    roots = roots.slice(random.chance(0.3) ? random.below(roots.length) : 0);
    const [root] = roots;
    assert(root !== undefined, 'there is a root');
    rig.items.clear();
    for (const [key, bytes] of root.items) rig.items.set(key, bytes);
    rig = await rig.reopen(root.txg, nextBatch + 1000);
    blocks = root.blocks.map((block) => ({ ...block, isLive: true }));
    for (const group of rig.groups) group.openTxg = txg;
    const wrong = await compare();
    assert(wrong.length === 0, wrong.slice(0, 5).join('; '));
    for (let i = 0; i < 2; i++) await checkpoint(true);
  };
  /** What is not as it should be, in words. */
  const compare = async (): Promise<readonly string[]> => {
    await cleaning;
    const wrong = [...rig.space.audit(), ...rig.rot.map(({ unit }) => `rot in unit ${unit}`)];
    const units = new Set<string>();
    let known: { readonly words: Uint32Array; readonly sought: Sought } | undefined;
    for (const { words, mark: own, sectors } of blocks) {
      if (Buffer.compare(await rig.read(words), rig.content(own, sectors)) !== 0)
        wrong.push(`block ${own} has other content`);
      const place = rig.space.place(words, 0);
      units.add(`${place?.group}/${place?.segment}/${place?.unit}`);
      if (known === undefined || batchOf(known.words, 0) !== batchOf(words, 0)) {
        const sought = rig.space.seek(words, 0);
        known = sought && { words, sought };
        continue;
      }
      const further = unitInBatch(words) - unitInBatch(known.words);
      const { segment, unit, unitsBehind } = known.sought;
      if (further < 0 || further > unitsBehind) continue;
      if (place?.segment !== segment || place.unit !== unit + further)
        wrong.push(`block ${own} does not lie ${further} units behind its neighbour`);
    }
    if (rig.space.room.busyUnits !== units.size) wrong.push(`${units.size} units are in use`);
    return wrong;
  };
  return {
    compare,
    async step(): Promise<void> {
      const dice = random.below(100);
      if (dice < 45) write(random.below(200));
      else if (dice < 65) kill(random.below(40) / 100);
      else if (dice < 85) await checkpoint(true);
      else if (dice < 88) await checkpoint(false);
      else if (dice < 91) await crash();
      else {
        await cleaning;
        cleaning = rig.space.cleaning.clean(random.below(400));
        if (random.chance(0.3)) await cleaning;
      }
    },
  };
}

const unitInBatch = (words: Uint32Array): number =>
  Math.floor((offsetOf(words, 0) * sectorBytes) / blockBytes);
