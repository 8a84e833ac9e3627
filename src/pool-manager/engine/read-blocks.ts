/** Content of a stretch of blocks: pointers from the view, data from memory or the devices, each block checked. */
import { blockBytes } from '../../shared/block-size.ts';
import { checksumWord, copyPointer, isMapped, pointerWords, unitOf } from './block-pointer.ts';
import { dataSaltHigh, verifyUnit } from './checksum.ts';
import type { View } from './delta-layer.ts';
import { BadNodeError } from './node-store.ts';
import type { PoolCore } from './pool-core.ts';
import { walkView } from './view-walk.ts';
import { BadBlockError } from './volume-store.ts';

const readsAtOnce = 16;
const runUnitsMax = 256;

/** Blocks that lie one behind the other in the volume and on the device. */
interface Stretch {
  readonly index: number;
  readonly unit: number;
  count: number;
}

export async function readBlocks(
  core: PoolCore,
  volume: string,
  view: View,
  block: number,
  count: number,
): Promise<Uint8Array> {
  const pointers = new Uint32Array(count * pointerWords);
  try {
    await walkView(
      core,
      view,
      { from: block, to: block + count, after: -1 },
      (from, _to, _birth, words, at) => {
        if (words !== undefined) copyPointer(words, at, pointers, (from - block) * pointerWords);
        return true;
      },
    );
  } catch (error) {
    if (error instanceof BadNodeError) throw new BadBlockError(volume, block, undefined, { cause: error });
    throw error;
  }
  const content = new Uint8Array(count * blockBytes);
  const stretches = fromMemory(core, pointers, content);
  for (let i = 0; i < stretches.length; i += readsAtOnce)
    await Promise.all(
      stretches
        .slice(i, i + readsAtOnce)
        .map((stretch) => readStretch(core, volume, block, pointers, stretch, content)),
    );
  return content;
}

/** Copies what is not written yet; answers the rest, in stretches. */
function fromMemory(core: PoolCore, pointers: Uint32Array, content: Uint8Array): Stretch[] {
  const stretches: Stretch[] = [];
  for (let index = 0; index * pointerWords < pointers.length; index++) {
    if (!isMapped(pointers, index * pointerWords)) continue;
    const unit = unitOf(pointers, index * pointerWords);
    const pending = core.stream.find(unit);
    const last = stretches.at(-1);
    if (pending !== undefined) content.set(pending, index * blockBytes);
    else if (
      last !== undefined &&
      last.index + last.count === index &&
      last.unit + last.count === unit &&
      last.count < runUnitsMax &&
      core.devices.groupOf(last.unit) === core.devices.groupOf(unit)
    )
      last.count++;
    else stretches.push({ index, unit, count: 1 });
  }
  return stretches;
}

async function readStretch(
  core: PoolCore,
  volume: string,
  block: number,
  pointers: Uint32Array,
  stretch: Stretch,
  content: Uint8Array,
): Promise<void> {
  const { index, unit, count } = stretch;
  const { bytes, bad } = await core.devices.read(unit, count, (i, found, from) => {
    const lba = block + index + i;
    return verifyUnit(
      found,
      from,
      lba >>> 0,
      dataSaltHigh(lba),
      pointers,
      (index + i) * pointerWords + checksumWord,
    );
  });
  if (bad[0] !== undefined) throw new BadBlockError(volume, block + index + bad[0]);
  content.set(bytes, index * blockBytes);
}
