/** Reads of the measured process: into memory of their own, so many at once, as fio does it. */
import { blockBytes } from '../../../src/shared/block-size.ts';
import type { VolumeStore } from '../../../src/pool-manager/engine/volume-store.ts';

/** Reads `count` blocks from where `next` says, `depth` times at once, until that is undefined. Answers how many reads. */
export function readAll(
  store: VolumeStore,
  depth: number,
  count: number,
  next: () => number | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let operations = 0;
    let readers = depth;
    const read = (into: Uint8Array): void => {
      const block = next();
      if (block === undefined) {
        if (--readers === 0) resolve(operations);
        return;
      }
      store.readInto(block, into, (error) => {
        if (error !== undefined) return reject(error);
        operations++;
        // what is in memory is answered at once: not ever deeper
        if (operations % 64 === 0) setImmediate(read, into);
        else read(into);
      });
    };
    for (let i = 0; i < depth; i++) read(new Uint8Array(count * blockBytes));
  });
}
