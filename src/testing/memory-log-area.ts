/** A log area in memory, with copies that a test may spoil one by one. */
import type { LogArea } from '../pool-manager/engine/group/log-area.ts';

export interface MemoryLogArea extends LogArea {
  copies: number;
  copiesMin: number;
  /** Copies that can not be read from now on. */
  readonly unreadable: Set<number>;
  /** Flips one bit of a copy. */
  flipBit(offsetBytes: number, copy?: number): void;
  /** Writes wait until the answer is called. */
  hold(): () => void;
}

export function memoryLogArea(sizeBytes: number): MemoryLogArea {
  const content = new Uint8Array(sizeBytes);
  const flipped = new Map<number, Set<number>>();
  const unreadable = new Set<number>();
  let held = Promise.resolve();
  return {
    sizeBytes,
    isUsable: true,
    copies: 1,
    copiesMin: 1,
    unreadable,
    isInUse: () => true,
    async writeThrough(offsetBytes, bytes) {
      const copy = bytes.slice();
      await held;
      content.set(copy, offsetBytes);
    },
    async mend(offsetBytes, bytes) {
      await this.writeThrough(offsetBytes, bytes);
    },
    async read(copy, offsetBytes, lengthBytes) {
      await Promise.resolve();
      if (unreadable.has(copy)) return undefined;
      const bytes = content.slice(offsetBytes, offsetBytes + lengthBytes);
      for (const at of flipped.get(copy) ?? [])
        if (at >= offsetBytes && at < offsetBytes + lengthBytes)
          bytes[at - offsetBytes] = (bytes[at - offsetBytes] ?? 0) ^ 1;
      return bytes;
    },
    flipBit(offsetBytes, copy = 0) {
      flipped.set(copy, (flipped.get(copy) ?? new Set()).add(offsetBytes));
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}
