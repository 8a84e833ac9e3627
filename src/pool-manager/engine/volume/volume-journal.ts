/**
 * Where a volume notes each mutation, in order, when it has taken effect: the intent log re-runs them after a crash.
 *
 *  - `wrote` and `copied` get the pointers that now stand for [block, block + count), holes too, one behind the other in
 *    `words` from `at` on. They are the volume's scratch: whoever needs them later copies them.
 *  - Replay hands the same pointers to `replayPut`, and calls the ordinary methods for everything in `VolumeNote`, with
 *    a journal that notes nothing.
 */
import type { VolumeProperties } from '../volume-store.ts';

/** Blocks that came from another replica as holes of one birth. */
export interface CopiedHole {
  readonly block: number;
  readonly count: number;
  readonly birth: number;
}

export type VolumeNote =
  | { readonly do: 'unmap'; readonly number: number; readonly block: number; readonly count: number }
  | { readonly do: 'advance'; readonly number: number }
  | { readonly do: 'resize'; readonly number: number; readonly sizeBytes: number }
  | { readonly do: 'setRecord'; readonly record: Uint8Array }
  | ({ readonly do: 'copyHole' } & CopiedHole)
  | { readonly do: 'snapshot'; readonly name: string }
  | { readonly do: 'deleteSnapshot'; readonly name: string }
  | { readonly do: 'rollback'; readonly name: string }
  | { readonly do: 'setProperties'; readonly properties: VolumeProperties }
  | { readonly do: 'setAnnotations'; readonly annotations: Uint8Array };

export interface VolumeJournal {
  wrote(slot: number, number: number, block: number, count: number, words: Uint32Array, at: number): void;
  copied(slot: number, block: number, count: number, words: Uint32Array, at: number): void;
  note(slot: number, note: VolumeNote): void;
}
