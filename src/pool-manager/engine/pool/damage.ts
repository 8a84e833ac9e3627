/** What was found to be lost here while the pool was open: no good copy is in it, another replica may have one. */
import { describeOwner } from '../map/owner.ts';
import type { Rot } from '../space/block-space.ts';

export class Damage {
  #count = 0;
  #last = '';

  /** A unit that the cleaner met. */
  readonly unit = ({ group, segment, unit, owner }: Rot): void => {
    const whose =
      owner === undefined ? '' : `, block ${describeOwner(owner.owner).first} of volume slot ${owner.slot}`;
    this.#note(`unit ${unit} of segment ${segment} in group ${group}${whose}`);
  };

  /** A part of a volume's map. */
  readonly map = (slot: number, block: number, count: number): void => {
    this.#note(`the map of blocks ${block} to ${block + count - 1} of volume slot ${slot}`);
  };

  /** For people; undefined when nothing is known to be lost. */
  get message(): string | undefined {
    if (this.#count === 0) return undefined;
    return `${this.#count} losses, the last one: ${this.#last}; another replica can heal them`;
  }

  #note(what: string): void {
    this.#count++;
    this.#last = what;
  }
}
