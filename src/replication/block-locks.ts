/**
 * Which blocks are being changed. Plain writes may overlap each other: their numbers order them. A change that depends
 * on what it read (read-modify-write, COMPARE AND WRITE) has its blocks to itself, from before the read until it is
 * acknowledged (R30). First come, first served, so that nobody waits for ever.
 */
import { assert } from '../shared/assert.ts';

export interface Claim {
  readonly block: number;
  /** The block behind the last one. */
  readonly end: number;
  readonly alone: boolean;
  /** Its place among the others, which is the business of BlockLocks; undefined at first. */
  before: Claim | undefined;
  behind: Claim | undefined;
  /** Called once, when a claim that had to wait is granted. */
  granted(): void;
}

const conflict = (a: Claim, b: Claim): boolean => (a.alone || b.alone) && a.block < b.end && b.block < a.end;

export class BlockLocks {
  /** In order of arrival. */
  #first: Claim | undefined;
  #last: Claim | undefined;
  readonly #waiting = new Set<Claim>();
  /** Claims that want their blocks alone. Without any, nobody waits. */
  #alone = 0;

  /** True: the blocks are its own at once; else `granted` is called later. `release` comes after that, once. */
  enter(claim: Claim): boolean {
    this.#append(claim);
    if (claim.alone) this.#alone += 1;
    if (this.#alone === 0 || !this.#blocked(claim)) return true;
    this.#waiting.add(claim);
    return false;
  }

  release(claim: Claim): void {
    this.#remove(claim);
    if (claim.alone) this.#alone -= 1;
    if (this.#waiting.size === 0) return;
    for (const other of this.#waiting) {
      if (this.#blocked(other)) continue;
      this.#waiting.delete(other);
      other.granted();
    }
  }

  /** As `enter` and `release`: calls `granted` at once or later; the answer releases. */
  claim(block: number, count: number, alone: boolean, granted: () => void): () => void {
    const claim: Claim = { block, end: block + count, alone, before: undefined, behind: undefined, granted };
    if (this.enter(claim)) granted();
    return () => this.release(claim);
  }

  #append(claim: Claim): void {
    claim.before = this.#last;
    claim.behind = undefined;
    if (this.#last) this.#last.behind = claim;
    else this.#first = claim;
    this.#last = claim;
  }

  #remove(claim: Claim): void {
    const { before, behind } = claim;
    assert(before ? before.behind === claim : this.#first === claim, 'a claim released twice');
    if (before) before.behind = behind;
    else this.#first = behind;
    if (behind) behind.before = before;
    else this.#last = before;
    claim.before = undefined;
    claim.behind = undefined;
  }

  #blocked(claim: Claim): boolean {
    for (let earlier = this.#first; earlier && earlier !== claim; earlier = earlier.behind)
      if (conflict(earlier, claim)) return true;
    return false;
  }
}
