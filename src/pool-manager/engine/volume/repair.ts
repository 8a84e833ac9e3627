/** Blocks that no copy in one pool is good of: given to another replica, and put back here when another one has them. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { View } from '../map/delta-layer.ts';
import { lookUp } from '../map/lookup.ts';
import { birthOf, isMapped, pointerWords } from '../map/pointer.ts';
import { hasContent, storedAgain } from './content.ts';
import { type ReadAt, readPointers } from './read-blocks.ts';
import { again, walk } from './reading.ts';
import type { VolumeCore } from './volume-core.ts';

/** The pointer of a block, of the very instant in which this resolves, but for one turn of the microtask queue. */
export async function lookUpNow(
  core: VolumeCore,
  volume: string,
  view: () => View,
  block: number,
): Promise<Uint32Array> {
  const pointer = new Uint32Array(pointerWords);
  while (!lookUp(core.nodes, view(), block, pointer, 0))
    await again(core, () => walk(core, volume, view(), { block, count: 1 }, -1, () => true));
  return pointer;
}

/** The content of a block in the first of the views that has it with this birth. */
export async function repairContent(
  core: VolumeCore,
  volume: string,
  slot: number,
  views: () => readonly View[],
  { block, birth }: { readonly block: number; readonly birth: number },
): Promise<Uint8Array | undefined> {
  const read = async (): Promise<Uint8Array | undefined> => {
    for (const view of views()) {
      const pointer = await lookUpNow(core, volume, () => view, block);
      if (birthOf(pointer, 0) === birth && isMapped(pointer, 0))
        return await readOne(core, { volume, block, count: 1 }, pointer);
    }
    return undefined;
  };
  return await core.readGate.run(slot, blockBytes, () => again(core, read));
}

const readOne = (core: VolumeCore, read: ReadAt, pointer: Uint32Array): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const content = new Uint8Array(blockBytes);
    readPointers(core, read, pointer, content, (error) =>
      error === undefined ? resolve(content) : reject(error),
    );
  });

/** `other form`: what was stored can not be made again byte for byte. */
export type PutBack = 'done' | 'not wanted' | 'other form';

/** Writes `data` where the block of the first view lies that it is the content of. */
export async function putBack(
  core: VolumeCore,
  repair: {
    readonly volume: string;
    readonly block: number;
    readonly data: Uint8Array;
    views(): readonly View[];
  },
): Promise<PutBack> {
  const { volume, block, data } = repair;
  return await again(core, async () => {
    for (const view of repair.views()) {
      const pointer = await lookUpNow(core, volume, () => view, block);
      if (!hasContent(pointer, block, data)) continue;
      const stored = storedAgain(pointer, data);
      if (stored === undefined) return 'other form';
      if (await core.space.rewrite(pointer, 0, stored)) return 'done';
    }
    return 'not wanted';
  });
}
