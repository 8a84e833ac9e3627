/** What initiators write: blocks, parts of blocks, and blocks that they compare before. Every write has a tag of its own. */
import { sectorOf } from '../block-content.ts';
import type { SimEdge } from './sim-edge.ts';
import { lentFor } from './sim-input.ts';
import { blockOfSector, sectorsPerBlock, upFrom } from './sim-registers.ts';
import { blocksFor } from './sim-store.ts';
import type { SimTarget } from './sim-target.ts';
import type { Testimony } from './sim-testimony.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

export class SimWrites {
  readonly #world: SimWorld;
  readonly #edge: SimEdge;
  readonly #testimony: Testimony;
  #lastTag = 0;

  constructor(world: SimWorld, edge: SimEdge, testimony: Testimony) {
    this.#world = world;
    this.#edge = edge;
    this.#testimony = testimony;
  }

  write(target: SimTarget, block: number, count: number, fua: boolean): void {
    const tag = this.#newTag();
    const blocks = upFrom(block, count);
    const operations = blocks
      .filter((each) => each < this.#testimony.registers)
      .map((each) => this.#testimony.begins(each, tag));
    const data = blocksFor(blocks.map(() => tag));
    const { coordinator, door } = target;
    this.#edge.ask<void>(target, {
      what: `write ${tag} to ${block}+${count}`,
      ask: (answer) => lentFor(data, (lent) => door.write(block, lent, fua, answer)),
      granted: () => {
        this.#settles(target, tag, blocks);
        const { epoch, flushed } = coordinator.status();
        if (fua) this.#world.truth.answered(epoch, flushed, 'flushed');
        return () => {
          for (const operation of operations) this.#testimony.ends(operation);
          if (fua) this.#testimony.covers(tag);
        };
      },
      numbered: () => this.#isNumbered(tag, blocks),
    });
  }

  /** Sectors, counted from the first of the volume: blocks are written in part. */
  writePart(target: SimTarget, from: number, count: number): void {
    const { writePart } = target.door;
    if (!writePart) return;
    const tag = this.#newTag();
    const sectors = upFrom(from, count);
    const blocks = [...new Set(sectors.map(blockOfSector))];
    const operations = sectors.map((each) =>
      this.#testimony.begins(blockOfSector(each), tag, each % sectorsPerBlock),
    );
    const data = Buffer.concat(sectors.map((each) => sectorOf(tag, each % sectorsPerBlock)));
    this.#edge.ask<void>(target, {
      what: `write ${tag} to sectors ${from}+${count}`,
      ask: (answer) => lentFor(data, (lent) => writePart(from, lent, answer)),
      granted: () => {
        this.#settles(target, tag, blocks);
        this.#world.reach.hit('part of a block written');
        return () => {
          for (const operation of operations) this.#testimony.ends(operation);
        };
      },
      numbered: () => this.#isNumbered(tag, blocks),
    });
  }

  /** COMPARE AND WRITE of what was last seen there. */
  swap(target: SimTarget, block: number): void {
    const { swap } = target.door;
    if (!swap) return;
    const tag = this.#newTag();
    const expected = this.#testimony.lastSeen(block);
    const startMs = this.#world.scheduler.nowMs;
    const operation = this.#testimony.begins(block, tag);
    this.#edge.ask<void>(target, {
      what: `swap ${expected} for ${tag} at ${block}`,
      ask: (answer) => swap(block, blocksFor([expected]), blocksFor([tag]), answer),
      granted: () => {
        this.#settles(target, tag, [block]);
        this.#world.reach.hit('compared and written');
        const end = target.at;
        return () => {
          this.#testimony.saw({ block, value: expected, startMs, end });
          this.#testimony.ends(operation);
        };
      },
    });
  }

  #newTag(): number {
    this.#lastTag += 1;
    return this.#lastTag;
  }

  #isNumbered(tag: number, blocks: readonly number[]): boolean {
    return blocks.some((block) => this.#world.truth.place(tag, block) !== undefined);
  }

  /** The target acknowledges the write with this tag, which may have become several entries. */
  #settles({ witness }: SimTarget, tag: number, blocks: readonly number[]): void {
    const { truth } = this.#world;
    for (const block of blocks) {
      const place = truth.place(tag, block);
      hold(place !== undefined, `R12: write ${tag} is acknowledged, and block ${block} of it was never sent`);
      witness.claimsSettled(place.number);
      if (truth.mayRest(place.epoch)) truth.answered(place.epoch, place.number, 'settled');
    }
  }
}
