/**
 * What a source answers to a copy request (R22).
 *
 * Blocks are read first and their births asked for afterwards: a block whose birth is still below `firstLive` then was
 * not touched by a live entry before it was read, so the data belongs to that birth. What is newer is left out; the
 * live stream brings it to the copier.
 */
import type { BlockRange, CopiedExtent, CopyReply, CopyRequest, Extent } from '../copy.ts';
import { clip, endOf, subtract, union } from '../extents.ts';
import type { BornExtents, Done, Outcome, StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { digests } from './prover.ts';
import { proofSnapshot } from '../record.ts';

type CopyBlocks = Extract<CopyRequest, { type: 'copy' }>;

interface Answering {
  readonly request: CopyBlocks;
  readonly effects: StoreEffects;
  readonly timing: Timing;
  /** Blocks of what is copied, head or snapshot; beyond them everything was never touched. */
  readonly blocks: number;
  readonly done: Done<CopyReply>;
}

/** Near ranges that the copier holds something in are looked up as one. */
const gapBlocks = 64;

export function answerCopy(answering: Answering): void {
  const { request, effects, timing, done } = answering;
  const inside = clip(request, 0, answering.blocks);
  if (!inside) return assemble(answering, [], endOf(request));
  const answer = (born: Outcome<BornExtents>): void => {
    if (!born.ok) return done(born);
    const next = born.value.next === endOf(inside) ? endOf(request) : born.value.next;
    lookUp(answering, next, (found) => {
      if (!found.ok) return done(found);
      const newer = born.value.extents.filter((extent) => endOf(extent) <= next);
      const older = found.value.flatMap((extent) => without(extent, newer));
      assemble(
        answering,
        [...newer, ...older].toSorted((a, b) => a.block - b.block),
        next,
      );
    });
  };
  effects.births(request.after, inside, timing.extentsMax, answer, request.snapshot);
}

/** The extents of what the copier holds something in, whatever their birth here; never touched ones with birth 0. */
function lookUp({ request, effects, timing, blocks }: Answering, next: number, done: Done<Extent[]>): void {
  const wanted = request.also.flatMap((range) => clip(range, request.block, next) ?? []);
  const runs = union(wanted, gapBlocks);
  const found: Extent[] = [];
  const step = (from: number, index: number): void => {
    const run = runs[index];
    if (!run) return done({ ok: true, value: fill(wanted, found) });
    const inside = clip(run, from, blocks);
    if (!inside) return step(endOf(run), index + 1);
    const take = (born: Outcome<BornExtents>): void => {
      if (!born.ok) return done(born);
      found.push(...born.value.extents);
      if (born.value.next >= endOf(inside)) step(endOf(run), index + 1);
      else step(born.value.next, index);
    };
    effects.births(0, inside, timing.extentsMax, take, request.snapshot);
  };
  step(0, 0);
}

function fill(wanted: readonly BlockRange[], found: readonly Extent[]): Extent[] {
  const touched = found.flatMap((extent) =>
    wanted.flatMap((range) => {
      const part = clip(extent, range.block, endOf(range));
      return part ? [{ ...part, birth: extent.birth, mapped: extent.mapped }] : [];
    }),
  );
  const never = wanted.flatMap((range) => subtract(range, touched));
  return [...touched, ...never.map((range) => ({ ...range, birth: 0, mapped: false }))].toSorted(
    (a, b) => a.block - b.block,
  );
}

const without = (extent: Extent, holes: readonly BlockRange[]): Extent[] =>
  subtract(extent, holes).map((part) => ({ ...part, birth: extent.birth, mapped: extent.mapped }));

/** Reads what fits, then checks that no live entry came between. */
function assemble(answering: Answering, wanted: readonly Extent[], end: number): void {
  const { request, effects, timing, done } = answering;
  const { extents, next } = fitting(wanted, end, timing.copyBytesMax / blockBytes);
  const old = extents.filter((extent) => extent.birth < request.firstLive);
  readAll(effects, old, request.snapshot, (read) => {
    if (!read.ok) return done({ ok: true, value: { type: 'refused', message: read.message } });
    if (request.snapshot !== undefined) return reply(done, read.value, next, 0); // nothing comes between
    const inside = clip({ block: request.block, count: next - request.block }, 0, answering.blocks);
    if (!inside) return reply(done, read.value, next, 0);
    effects.births(request.firstLive - 1, inside, timing.extentsMax, (live) => {
      if (!live.ok) return done(live);
      const checked = live.value.next === endOf(inside) ? next : live.value.next;
      const highest = live.value.extents.reduce((most, { birth }) => Math.max(most, birth), 0);
      const safe = read.value.flatMap((extent) => parts(extent, live.value.extents, checked));
      reply(done, safe, checked, highest);
    });
  });
}

const reply = (done: Done<CopyReply>, extents: CopiedExtent[], next: number, highestBirth: number): void =>
  done({ ok: true, value: { type: 'blocks', extents, next, highestBirth } });

/** The first extents whose data stays within `blocksMax`, and where the rest begins. */
function fitting(
  wanted: readonly Extent[],
  end: number,
  blocksMax: number,
): { extents: Extent[]; next: number } {
  const extents: Extent[] = [];
  let room = blocksMax;
  for (const extent of wanted) {
    const count = extent.mapped ? Math.min(extent.count, room) : extent.count;
    if (count > 0) extents.push({ ...extent, count });
    if (count < extent.count) return { extents, next: extent.block + count };
    if (extent.mapped) room -= count;
  }
  return { extents, next: end };
}

function parts(extent: CopiedExtent, live: readonly BlockRange[], end: number): CopiedExtent[] {
  const inside = clip(extent, 0, end);
  if (!inside) return [];
  return subtract(inside, live).map(({ block, count }) => {
    const from = (block - extent.block) * blockBytes;
    return {
      block,
      count,
      birth: extent.birth,
      data: extent.data?.subarray(from, from + count * blockBytes),
    };
  });
}

/** Reads neighbouring mapped extents in one go. */
function readAll(
  effects: StoreEffects,
  extents: readonly Extent[],
  snapshot: string | undefined,
  done: Done<CopiedExtent[]>,
): void {
  const runs = union(extents.filter(({ mapped }) => mapped));
  const data = new Map<BlockRange, Uint8Array>();
  const next = (index: number): void => {
    const run = runs[index];
    if (!run) return done({ ok: true, value: extents.map((extent) => withData(extent, data)) });
    const take = (read: Outcome<Uint8Array>): void => {
      if (!read.ok) return done(read);
      data.set(run, read.value);
      next(index + 1);
    };
    effects.read(run.block, run.count, take, snapshot);
  };
  next(0);
}

function withData(extent: Extent, data: ReadonlyMap<BlockRange, Uint8Array>): CopiedExtent {
  const { block, count, birth } = extent;
  for (const [run, bytes] of extent.mapped ? data : []) {
    if (block < run.block || block >= endOf(run)) continue;
    const from = (block - run.block) * blockBytes;
    return { block, count, birth, data: bytes.subarray(from, from + count * blockBytes) };
  }
  return { block, count, birth, data: undefined };
}

export function answerDigests(
  request: Extract<CopyRequest, { type: 'digest' }>,
  effects: StoreEffects,
  done: Done<CopyReply>,
): void {
  const frozen = request.snapshot ?? proofSnapshot(request.number);
  digests(effects, request.groups, frozen, (found) => {
    if (found.ok) done({ ok: true, value: { type: 'digests', digests: found.value } });
    else done({ ok: true, value: { type: 'refused', message: found.message } });
  });
}
