/** Blocks that need no device: holes, and what the cache has. Answered at once, with nothing left for the collector. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { View } from '../map/delta-layer.ts';
import { lookUpAll } from '../map/lookup.ts';
import { isLost, isMapped, pointerWords } from '../map/pointer.ts';
import { cachedBlocksMax, type ReadAt } from './read-blocks.ts';
import type { VolumeCore } from './volume-core.ts';

/** Pointers of the read that was looked up last. */
export const lookedUp = new Uint32Array(cachedBlocksMax * pointerWords);

/**
 * `all`: the blocks are in `into`, each checked. `pointers`: at least one is on a device, or lost; the pointers are in
 * `lookedUp` until the next call. `nothing`: a node is not at hand, or there are more blocks than the cache is for.
 */
export function readAtHand(
  core: VolumeCore,
  { block, count }: ReadAt,
  view: View,
  into: Uint8Array,
): 'all' | 'pointers' | 'nothing' {
  if (count > cachedBlocksMax || !lookUpAll(core.nodes, view, block, count, lookedUp)) return 'nothing';
  for (let index = 0; index < count; index++) {
    const at = index * pointerWords;
    const intoAt = index * blockBytes;
    if (isMapped(lookedUp, at)) {
      if (core.blocks?.take(lookedUp, at, block + index, into, intoAt) !== true) return 'pointers';
    } else if (isLost(lookedUp, at)) return 'pointers';
    else into.fill(0, intoAt, intoAt + blockBytes);
  }
  return 'all';
}
