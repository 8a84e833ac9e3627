/**
 * What a source answers to a copy request (R22).
 *
 * Blocks are read first and their births asked for afterwards: a block whose birth is still below `firstLive` then was
 * not touched by a live entry before it was read, so the data belongs to that birth. What is newer is left out; the
 * live stream brings it to the copier.
 */
import {
  partOfCopied,
  type BlockRange,
  type CopiedExtent,
  type CopyReply,
  type CopyRequest,
  type Extent,
} from '../copy.ts';
import { clip, endOf, union, within, without } from '../extents.ts';
import type { BornExtents, Done, Outcome, StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import { must } from '../../shared/assert.ts';
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

type AskCensus = Extract<CopyRequest, { type: 'census' }>;

/** Near ranges that the copier holds something in are looked up as one. */
const gapBlocks = 64;
/** Blocks between two wanted ones that are given room in what is read, so that both are read as one. */
const nearBlocks = 1;
const readsAtOnce = 32;

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
      const older = without(found.value, newer, partOf);
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
  const touched = within(found, union(wanted), partOf);
  const never = without(union(wanted), touched, (_range, part) => part);
  const untouched = never.map((range) => ({ ...range, birth: 0, mapped: false }));
  return [...touched, ...untouched].toSorted((a, b) => a.block - b.block);
}

const partOf = ({ birth, mapped }: Extent, range: BlockRange): Extent => ({ ...range, birth, mapped });

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
      const before = within(read.value, [{ block: 0, count: checked }], partOfCopied);
      const safe = without(before, live.value.extents, partOfCopied);
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

/** Reads the mapped ones, a few at a time: what lies close together as one. */
function readAll(
  effects: StoreEffects,
  extents: readonly Extent[],
  snapshot: string | undefined,
  done: Done<CopiedExtent[]>,
): void {
  const runs = runsOf(extents);
  const data: Uint8Array[] = [];
  let [begun, missing] = [0, runs.length];
  let failure: string | undefined;
  const end = (): void => {
    if (failure === undefined) done({ ok: true, value: withData(extents, runs, data) });
    else done({ ok: false, message: failure });
  };
  const next = (): void => {
    const index = begun++;
    const run = runs[index];
    if (!run) return;
    const take = (read: Outcome<Uint8Array>): void => {
      missing -= 1;
      if (read.ok) data[index] = read.value;
      else failure ??= read.message;
      if (missing === 0) end();
      else next();
    };
    effects.read(run.block, run.count, take, snapshot, run.only.length > 1 ? run.only : undefined);
  };
  if (runs.length === 0) return end();
  for (let i = 0; i < readsAtOnce; i++) next();
}

interface Run extends BlockRange {
  /** What is wanted of it. */
  readonly only: BlockRange[];
}

function runsOf(extents: readonly Extent[]): Run[] {
  const runs: Run[] = [];
  for (const { block, count, mapped } of extents) {
    if (!mapped) continue;
    const before = runs.at(-1);
    const last = before?.only.at(-1);
    if (!before || !last || block > endOf(last) + nearBlocks) {
      runs.push({ block, count, only: [{ block, count }] });
      continue;
    }
    if (block > endOf(last)) before.only.push({ block, count });
    else before.only[before.only.length - 1] = { block: last.block, count: last.count + count };
    runs[runs.length - 1] = { ...before, count: block + count - before.block };
  }
  return runs;
}

/** Both lists are in order. */
function withData(
  extents: readonly Extent[],
  runs: readonly BlockRange[],
  data: readonly Uint8Array[],
): CopiedExtent[] {
  let index = 0;
  return extents.map(({ block, count, birth, mapped }) => {
    if (!mapped) return { block, count, birth, data: undefined };
    while (endOf(must(runs[index], 'a run')) <= block) index += 1;
    const from = (block - must(runs[index], 'a run').block) * blockBytes;
    const bytes = must(data[index], 'what was read');
    return { block, count, birth, data: bytes.subarray(from, from + count * blockBytes) };
  });
}

/** Blocks with data that `answerCopy` would send for the same range, but for those that the copier names itself. */
export function answerCensus(
  { after, block, count, snapshot }: AskCensus,
  { effects, timing, blocks, done }: Omit<Answering, 'request'>,
): void {
  const end = block + count;
  const inside = clip({ block, count }, 0, blocks);
  if (!inside) return done({ ok: true, value: { type: 'census', blocks: 0, next: end } });
  const take = (born: Outcome<BornExtents>): void => {
    if (!born.ok) return done(born);
    const { extents, next } = born.value;
    const found = extents.reduce((sum, extent) => sum + (extent.mapped ? extent.count : 0), 0);
    done({ ok: true, value: { type: 'census', blocks: found, next: next >= endOf(inside) ? end : next } });
  };
  effects.births(after, inside, timing.extentsMax, take, snapshot);
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
