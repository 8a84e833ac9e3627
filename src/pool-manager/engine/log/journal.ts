/**
 * What a volume tells the intent log: each of its mutations, in the order in which they take effect, at the moment they
 * do. Replay runs them again in that order (replay.ts).
 *
 * Volumes are known by their slot, not their GUID: a volume may get a new GUID at import, its slot stays.
 * Creating, cloning and destroying volumes is not noted: a checkpoint makes these durable.
 */
export interface Journal {
  /**
   * Entry `number`: pointers of `count` blocks from `block` stand in words[at…] (32 bytes each, holes included, what
   * they name is in the block space). They are copied.
   */
  wrote(slot: number, number: number, block: number, count: number, words: Uint32Array, at: number): void;
  /** The same for blocks that were copied in or repaired: births as in the pointers, no entry. */
  copied(slot: number, block: number, count: number, words: Uint32Array, at: number): void;
  note(slot: number, mutation: Mutation): void;
}

/** Mutations without pointers. Byte strings are the volume's own business. */
export type Mutation =
  | { readonly do: 'unmap'; readonly number: number; readonly block: number; readonly count: number }
  | { readonly do: 'copyHole'; readonly birth: number; readonly block: number; readonly count: number }
  | { readonly do: 'advance'; readonly number: number }
  | { readonly do: 'resize'; readonly number: number; readonly sizeBytes: number }
  | { readonly do: 'setRecord'; readonly bytes: Uint8Array }
  | { readonly do: 'setProperties'; readonly bytes: Uint8Array }
  | { readonly do: 'setAnnotations'; readonly bytes: Uint8Array }
  | { readonly do: 'snapshot'; readonly name: string }
  | { readonly do: 'deleteSnapshot'; readonly name: string }
  | { readonly do: 'rollback'; readonly name: string };

/** For volumes whose mutations are being replayed: they are in the log already. */
export const mutedJournal: Journal = {
  wrote: () => undefined,
  copied: () => undefined,
  note: () => undefined,
};
