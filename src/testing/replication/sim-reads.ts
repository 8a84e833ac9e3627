/** What initiators read: blocks and parts of blocks. */
import { blockBytes } from '../../shared/block-size.ts';
import { tagOfSector } from '../block-content.ts';
import type { SimEdge } from './sim-edge.ts';
import { blockOfSector, sectorsPerBlock, upFrom } from './sim-registers.ts';
import { tagsIn } from './sim-store.ts';
import type { SimTarget } from './sim-target.ts';
import type { Testimony } from './sim-testimony.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

const sectorBytes = blockBytes / sectorsPerBlock;

export class SimReads {
  readonly #world: SimWorld;
  readonly #edge: SimEdge;
  readonly #testimony: Testimony;

  constructor(world: SimWorld, edge: SimEdge, testimony: Testimony) {
    this.#world = world;
    this.#edge = edge;
    this.#testimony = testimony;
  }

  read(target: SimTarget, block: number, count: number): void {
    const startMs = this.#world.scheduler.nowMs;
    this.#edge.ask<Uint8Array>(target, {
      what: `read ${block}+${count}`,
      ask: (answer) => target.door.read(block, count, answer),
      granted: (data) => {
        const tags = tagsIn(data); // at once: the memory is somebody else's
        const end = target.at;
        return () => {
          this.#world.trace('client', `read ${tags.join()} from ${block}`);
          for (const [i, value] of tags.entries())
            this.#testimony.saw({ block: block + i, value, startMs, end });
        };
      },
    });
  }

  readPart(target: SimTarget, from: number, count: number): void {
    const { readPart } = target.door;
    if (!readPart) return;
    const startMs = this.#world.scheduler.nowMs;
    this.#edge.ask<Uint8Array>(target, {
      what: `read sectors ${from}+${count}`,
      ask: (answer) => readPart(from, count, answer),
      granted: (data) => {
        const tags = upFrom(from, count).map((each, i) =>
          tagOfSector(data.subarray(i * sectorBytes, (i + 1) * sectorBytes), each % sectorsPerBlock),
        );
        const end = target.at;
        return () => {
          for (const [i, tag] of tags.entries()) {
            const [block, sector] = [blockOfSector(from + i), (from + i) % sectorsPerBlock];
            const what = `I4: sector ${sector} of block ${block}: what was read was never written`;
            hold(tag !== undefined, what);
            this.#testimony.saw({ block, value: tag, startMs, end, sector });
          }
        };
      },
    });
  }
}
