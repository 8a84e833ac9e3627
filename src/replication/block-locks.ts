/**
 * Which blocks are being changed. Plain writes may overlap each other: their numbers order them. A change that depends
 * on what it read (read-modify-write, COMPARE AND WRITE) has its blocks to itself, from before the read until it is
 * acknowledged (R30). First come, first served, so that nobody waits for ever.
 */
interface Claim {
  readonly block: number;
  readonly end: number;
  readonly alone: boolean;
  /** Undefined once granted. */
  grant: (() => void) | undefined;
}

const conflict = (a: Claim, b: Claim): boolean => (a.alone || b.alone) && a.block < b.end && b.block < a.end;

export class BlockLocks {
  /** In order of arrival. */
  readonly #claims = new Set<Claim>();
  /** Claims that want their blocks alone. Without any, nobody waits. */
  #alone = 0;

  /** Calls `granted` at once or later; the answer releases the blocks and is called once, after that. */
  claim(block: number, count: number, alone: boolean, granted: () => void): () => void {
    const claim: Claim = { block, end: block + count, alone, grant: granted };
    this.#claims.add(claim);
    if (alone) this.#alone += 1;
    if (this.#alone === 0 || !this.#blocked(claim)) this.#grant(claim);
    return () => {
      this.#claims.delete(claim);
      if (alone) this.#alone -= 1;
      for (const other of this.#claims) if (other.grant && !this.#blocked(other)) this.#grant(other);
    };
  }

  #grant(claim: Claim): void {
    const { grant } = claim;
    claim.grant = undefined;
    grant?.();
  }

  #blocked(claim: Claim): boolean {
    for (const earlier of this.#claims) {
      if (earlier === claim) return false;
      if (conflict(earlier, claim)) return true;
    }
    return false;
  }
}
