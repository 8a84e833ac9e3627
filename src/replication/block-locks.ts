/**
 * Which blocks are being changed. Plain writes may overlap each other: their numbers order them. A change that depends
 * on what it read (read-modify-write, COMPARE AND WRITE) has its blocks to itself, from before the read until it is
 * acknowledged (R30). First come, first served, so that nobody waits for ever.
 */
export interface Claim {
  readonly block: number;
  /** The block behind the last one. */
  readonly end: number;
  readonly alone: boolean;
  /** Called once, when a claim that had to wait is granted. */
  granted(): void;
}

const conflict = (a: Claim, b: Claim): boolean => (a.alone || b.alone) && a.block < b.end && b.block < a.end;

export class BlockLocks {
  /** In order of arrival. */
  readonly #claims = new Set<Claim>();
  readonly #waiting = new Set<Claim>();
  /** Claims that want their blocks alone. Without any, nobody waits. */
  #alone = 0;

  /** True: the blocks are its own at once; else `granted` is called later. `release` comes after that, once. */
  enter(claim: Claim): boolean {
    this.#claims.add(claim);
    if (claim.alone) this.#alone += 1;
    if (this.#alone === 0 || !this.#blocked(claim)) return true;
    this.#waiting.add(claim);
    return false;
  }

  release(claim: Claim): void {
    this.#claims.delete(claim);
    if (claim.alone) this.#alone -= 1;
    for (const other of this.#waiting) {
      if (this.#blocked(other)) continue;
      this.#waiting.delete(other);
      other.granted();
    }
  }

  /** As `enter` and `release`: calls `granted` at once or later; the answer releases. */
  claim(block: number, count: number, alone: boolean, granted: () => void): () => void {
    const claim: Claim = { block, end: block + count, alone, granted };
    if (this.enter(claim)) granted();
    return () => this.release(claim);
  }

  #blocked(claim: Claim): boolean {
    for (const earlier of this.#claims) {
      if (earlier === claim) return false;
      if (conflict(earlier, claim)) return true;
    }
    return false;
  }
}
