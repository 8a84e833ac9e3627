/**
 * What a source answers for a batch of copying (batch.ts): a list of what was born in a large part of the volume, and then
 * blocks of it, in the order in which the copier wants them.
 *
 * A list is of one instant of the store, and so is what is gathered: each block with the birth that its content has there.
 * What a live entry has changed is left out of both (R22c).
 */
import type { BlockRange, CopiedExtent, CopyReply, CopyRequest } from '../copy.ts';
import { blocksIn, clip, endOf, subtract } from '../extents.ts';
import type { Done, StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import { blockBytes } from '../../shared/block-size.ts';

interface Answering {
  readonly effects: StoreEffects;
  readonly timing: Timing;
  /** Blocks of what is copied, head or snapshot; beyond them everything was never touched. */
  readonly blocks: number;
  readonly done: Done<CopyReply>;
}

type Asked<T extends CopyRequest['type']> = Extract<CopyRequest, { type: T }>;

const highestOf = (extents: readonly { readonly birth: number }[]): number =>
  extents.reduce((most, { birth }) => Math.max(most, birth), 0);

export function answerList(request: Asked<'list'>, { effects, timing, blocks, done }: Answering): void {
  const { after, firstLive, snapshot } = request;
  const inside = clip(request, 0, blocks);
  const end = endOf(request);
  if (!inside) return done({ ok: true, value: { type: 'list', extents: [], next: end, highestBirth: 0 } });
  effects.births(
    after,
    inside,
    timing.listPartMax,
    (born) => {
      if (!born.ok) return done(born);
      const next = born.value.next === endOf(inside) ? end : born.value.next;
      const extents = born.value.extents.filter(({ birth }) => birth < firstLive);
      const live = born.value.extents.filter(({ birth }) => birth >= firstLive);
      done({ ok: true, value: { type: 'list', extents, next, highestBirth: highestOf(live) } });
    },
    snapshot,
  );
}

export function answerGather(request: Asked<'gather'>, { effects, timing, blocks, done }: Answering): void {
  const { ranges, firstLive, snapshot } = request;
  const refuse = (message: string) => done({ ok: true, value: { type: 'refused', message } });
  if (!isAscending(ranges)) return refuse('ranges out of order');
  if (blocksIn(ranges) > timing.copyBytesMax / blockBytes) return refuse('more than an answer holds');
  const inside = ranges.flatMap((range) => clip(range, 0, blocks) ?? []);
  const beyond = ranges.flatMap((range) => subtract(range, [{ block: 0, count: blocks }]));
  const answer = (found: readonly CopiedExtent[]): void => {
    const never = beyond.map((range) => ({ ...range, birth: 0, data: undefined }));
    const extents = [...found.filter(({ birth }) => birth < firstLive), ...never];
    const highestBirth = highestOf(found.filter(({ birth }) => birth >= firstLive));
    const last = ranges.at(-1);
    done({ ok: true, value: { type: 'blocks', extents, next: last ? endOf(last) : 0, highestBirth } });
  };
  if (inside.length === 0) return answer([]);
  effects.gather(inside, (found) => (found.ok ? answer(found.value) : refuse(found.message)), snapshot);
}

function isAscending(ranges: readonly BlockRange[]): boolean {
  let at = 0;
  return ranges.every((range) => {
    const follows = range.block >= at && range.count > 0;
    at = endOf(range);
    return follows;
  });
}
