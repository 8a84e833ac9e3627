/** What a replica makes of itself when a rebuild begins: the base is kept before anything changes (R19, R20, R23, R24). */
import { blockBytes } from '../../shared/block-size.ts';
import type { TargetMessage } from '../messages.ts';
import { sameSnapshot, type CopyRangeState } from '../record.ts';
import type { Ledger } from './ledger.ts';

export type RebuildStart =
  | {
      readonly ok: true;
      readonly ranges: readonly CopyRangeState[];
      /** Continues an earlier rebuild: what that one copied may not have been compared. */
      readonly resumed: boolean;
    }
  | { readonly ok: false; readonly message: string };

/** `clean`: this process has been in sync, or nothing was lost before it. */
export function beginRebuild(
  ledger: Ledger,
  message: Extract<TargetMessage, { type: 'rebuild' }>,
  clean: boolean,
): RebuildStart {
  const { firstLive, epochs, sizeBytes, values, membership, upTo } = message;
  const { store } = ledger;
  // A number of ours at or above the first live one could pass for a live one (R20); of a snapshot none is live.
  const grows = sizeBytes > store.sizeBytes;
  const highest = Math.max(ledger.highest, grows ? store.last + 1 : 0);
  if (!upTo && highest >= firstLive) return { ok: false, message: `${highest} is not below ${firstLive}` };
  const { state } = ledger.record;
  const common = ledger.commonWith(epochs, firstLive - 1);
  const resumed = state.kind === 'rebuilding';
  if (!resumed) ledger.keepBase();
  const base = resumed ? state.base : true;
  const before = resumed ? state.ranges : [{ block: 0, count: store.sizeBytes / blockBytes, common }];
  if (grows) store.resize(Math.max(firstLive - 1, store.last + 1), sizeBytes);
  else if (store.last < firstLive - 1) store.advance(firstLive - 1);
  const ranges = covering(
    before.map((range) => ({ ...range, common: Math.min(range.common, common) })),
    store.sizeBytes / blockBytes,
  );
  const { snapshots: wanted = [] } = message;
  const snapshots = ledger.snapshots.filter((one) => wanted.some((other) => sameSnapshot(one, other)));
  const open = resumed ? ledger.record.open : !clean;
  const members = ledger.adoptMembership(membership);
  const rebuilding = { kind: 'rebuilding', base, ranges } as const;
  ledger.update({ epochs, sizeBytes, values, ...members, open, snapshots, state: rebuilding });
  ledger.dropStraySnapshots();
  return { ok: true, ranges, resumed };
}

/** Ranges that were tiled over a smaller volume: what was added since is all to be copied. */
function covering(ranges: readonly CopyRangeState[], blocks: number): CopyRangeState[] {
  const end = ranges.reduce((most, { block, count }) => Math.max(most, block + count), 0);
  return end < blocks ? [...ranges, { block: end, count: blocks - end, common: 0 }] : [...ranges];
}
