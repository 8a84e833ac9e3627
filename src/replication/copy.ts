/** What a rebuilding replica asks of its source, and the answers (docs/replication.md, "Copying"). */
import { blockBytes } from '../shared/block-size.ts';
import type { Fence } from './record.ts';

export interface BlockRange {
  readonly block: number;
  readonly count: number;
}

/** Blocks of one birth; without data they read as zeros. Birth 0: never touched. */
export interface CopiedExtent extends BlockRange {
  readonly birth: number;
  readonly data: Uint8Array | undefined;
}

/** The part of a copied extent that a range inside it covers. */
export function partOfCopied({ block, birth, data }: CopiedExtent, range: BlockRange): CopiedExtent {
  const from = (range.block - block) * blockBytes;
  return { ...range, birth, data: data?.subarray(from, from + range.count * blockBytes) };
}

export const dataBytes = (extents: readonly CopiedExtent[]): number =>
  extents.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);

/** Blocks that a list may be asked about. */
export const listBlocksMax = 2 ** 22;

export interface Extent extends BlockRange {
  readonly birth: number;
  readonly mapped: boolean;
}

export type CopyRequest = Fence & {
  readonly attachId: number;
  readonly firstLive: number;
  /** What is asked of is this snapshot, not the head (R24); its stored name (record.ts). */
  readonly snapshot?: string | undefined;
} & (
    | {
        readonly type: 'copy';
        /** Blocks born after this number on the source are wanted … */
        readonly after: number;
        readonly block: number;
        readonly count: number;
        /** … and these, whatever their birth: the copier holds something there that may be dead (R20). Ascending. */
        readonly also: readonly BlockRange[];
      }
    | {
        readonly type: 'digest';
        /** Of the proof; unless a snapshot is asked of. */
        readonly number: number;
        readonly groups: readonly BlockRange[];
      }
    /** What was born after `after` and below `firstLive`: the first `listPartMax` extents (feature `gather`). */
    | { readonly type: 'list'; readonly after: number; readonly block: number; readonly count: number }
    /** These blocks, ascending, whatever their birth; no more than `copyBytesMax` (feature `gather`). */
    | { readonly type: 'gather'; readonly ranges: readonly BlockRange[] }
    /** How many of these blocks hold data born after `after` (feature `census`). */
    | { readonly type: 'census'; readonly after: number; readonly block: number; readonly count: number }
  );

export type CopyReply =
  | {
      readonly type: 'blocks';
      readonly extents: readonly CopiedExtent[];
      /** Where to go on; block + count when this range is done. */
      readonly next: number;
      /** Births at or after `firstLive` are not copied; the copier's stream has to pass the highest of them (R22c). */
      readonly highestBirth: number;
    }
  /** In order of blocks, up to `next`; `highestBirth` as above. */
  | {
      readonly type: 'list';
      readonly extents: readonly Extent[];
      readonly next: number;
      readonly highestBirth: number;
    }
  | { readonly type: 'digests'; readonly digests: readonly Uint8Array[] }
  /** Blocks with data, up to `next`. */
  | { readonly type: 'census'; readonly blocks: number; readonly next: number }
  /** Ask again soon: the source has not taken in everything below `firstLive`, or not yet the snapshot. */
  | { readonly type: 'notYet' }
  /** Ask another source. */
  | { readonly type: 'refused'; readonly message: string };
