/** A batch of copying between two naive stores: the answers of the source are those of batch-answer.ts. */
import { expect, test } from '@jest/globals';
import { gathered } from '../../testing/replication/sim-store-effects.ts';
import { blocksFor, SimStore, tagsIn } from '../../testing/replication/sim-store.ts';
import type { BlockRange, CopyReply, CopyRequest } from '../copy.ts';
import type { Done, StoreEffects } from '../store.ts';
import { benchTiming } from '../../testing/replication/bench.ts';
import { answerGather, answerList } from './batch-answer.ts';
import { Copier, type CopyLink, type StepOutcome } from './copier.ts';
import type { ListOutcome } from './batch.ts';
import { Ledger } from './ledger.ts';

const blocks = 640;
const firstLive = 1_000;
const range = { block: 0, count: blocks, common: 10, windowBlocks: 1, share: 1, inBatches: true };
const partBytes = 4 * 4096;

const storeOf = (replicaId: string) => new SimStore({ volume: 'v', replicaId, guid: replicaId }, blocks);

const effectsOf = (store: SimStore): StoreEffects => ({
  commit: (done) => done(),
  read: (block, count, done, snapshot) => done({ ok: true, value: store.read(block, count, snapshot) }),
  readBriefly: (block, count, done) => done({ ok: true, value: store.read(block, count) }),
  gather: (ranges, done, snapshot) => done({ ok: true, value: gathered(store, ranges, snapshot) }),
  births: (after, { block, count }, limit, done, snapshot) =>
    done({ ok: true, value: store.births(after, block, count, limit, snapshot) }),
  repair: () => undefined,
  digest: (block, count, snapshot, done) => done({ ok: true, value: store.digest(block, count, snapshot) }),
});

const copierOf = (
  store: SimStore,
  ask: CopyLink['ask'],
  onStored: (one: BlockRange) => void = () => undefined,
  timing = benchTiming,
) =>
  new Copier({
    ledger: new Ledger(store),
    effects: effectsOf(store),
    timing,
    fence: { epoch: 1, nonce: 1 },
    attachId: 1,
    firstLive,
    snapshot: undefined,
    source: { ask },
    onStored,
  });

/** Both have the same up to 10. `meanwhile`: before the answer to a question is heard. */
function world(meanwhile: (request: CopyRequest) => void = () => undefined, timing = benchTiming) {
  const [source, store] = [storeOf('from'), storeOf('to')];
  for (const one of [source, store]) one.write(10, 0, blocksFor([1, 2, 3]));
  const asked: CopyRequest[] = [];
  const stored: BlockRange[] = [];
  const ask = (request: CopyRequest, done: Done<CopyReply>): void => {
    asked.push(request);
    const answered: Done<CopyReply> = (reply) => {
      meanwhile(request);
      done(reply);
    };
    const answering = { effects: effectsOf(source), timing, blocks, done: answered };
    if (request.type === 'list') answerList(request, answering);
    else if (request.type === 'gather') answerGather(request, answering);
  };
  const copier = copierOf(store, ask, (one) => stored.push(one), timing);
  const live = (number: number, block: number, tag: number): void => {
    store.write(number, block, blocksFor([tag]));
    copier.wrote({ block, count: 1 });
  };
  const gathers = () => asked.flatMap((one) => (one.type === 'gather' ? [one.ranges] : []));
  return { source, store, copier, asked, stored, gathers, live };
}

function run(copier: Copier) {
  const batch = copier.batch(range);
  const outcomes: (ListOutcome | StepOutcome)[] = [];
  batch.list((outcome) => outcomes.push(outcome));
  while (batch.hasMore) batch.step(partBytes, (outcome) => outcomes.push(outcome));
  return { batch, outcomes };
}

test('copies in the order in which it was written, as many blocks at once as a step may have', () => {
  const { source, store, copier, gathers, stored } = world();
  const order = Array.from({ length: 10 }, (_, i) => (i * 379) % blocks);
  order.forEach((block, i) => source.write(11 + i, block, blocksFor([100 + i])));
  const { batch } = run(copier);
  expect(batch.isDone).toBe(true);
  expect([batch.upper, batch.dataBlocks, batch.highestBirth]).toEqual([blocks, 10, 0]);
  const parts = [order.slice(0, 4), order.slice(4, 8), order.slice(8)];
  expect(gathers().map((ranges) => ranges.map(({ block }) => block))).toEqual(
    parts.map((part) => part.toSorted((a, b) => a - b)),
  );
  expect(tagsIn(store.read(0, blocks))).toEqual(tagsIn(source.read(0, blocks)));
  expect(store.births(0, 0, blocks, blocks)).toEqual(source.births(0, 0, blocks, blocks));
  expect(stored.map(({ block }) => block).toSorted((a, b) => a - b)).toEqual(order.toSorted((a, b) => a - b));
});

test('a long list comes in parts, and what is in all of them is copied in one order', () => {
  let answers = 0;
  const timing = { ...benchTiming, listPartMax: 4, listMax: 14 };
  const { source, store, copier, asked, gathers, live } = world(({ type }) => {
    if (type === 'list' && ++answers === 2) live(1_001, 60, 9); // in a part that was listed
  }, timing);
  const last = 30;
  for (let i = 0; i < last; i++) source.write(11 + i, (last - i) * 20, blocksFor([100 + i]));
  source.write(1_005, 10, blocksFor([9])); // newer than what is copied: to be waited for
  store.write(40, 1, blocksFor([77])); // ours alone
  const { batch } = run(copier);
  const lists = asked.flatMap((one) => (one.type === 'list' ? [one.block] : []));
  expect(lists).toEqual([0, 80, 160, 240]);
  const listed = Array.from({ length: 15 }, (_, i) => (15 - i) * 20);
  const wanted = [...listed.filter((block) => block !== 60), 1];
  const parts = [0, 4, 8, 12].map((at) => wanted.slice(at, at + 4).toSorted((a, b) => a - b));
  expect(gathers().map((ranges) => ranges.map(({ block }) => block))).toEqual(parts);
  expect([batch.isDone, batch.upper, batch.highestBirth]).toEqual([true, 320, 1_005]);
  expect(tagsIn(store.read(60, 1))).toEqual([9]);
  expect(tagsIn(store.read(61, 259))).toEqual(tagsIn(source.read(61, 259)));
});

test('R22b: what live entries wrote stays: before the list, before a block is asked for, while it is on its way', () => {
  const { source, store, copier, gathers, live } = world((request) => {
    if (request.type === 'list') live(1_002, 20, 9);
    if (request.type === 'gather') live(store.last + 1, 21, 9);
  });
  for (const block of [19, 20, 21, 22]) source.write(source.last + 1, block, blocksFor([5]));
  live(1_001, 19, 9);
  run(copier);
  expect(tagsIn(store.read(19, 4))).toEqual([9, 9, 9, 5]);
  expect(gathers()).toEqual([[{ block: 21, count: 2 }]]);
});

test('R22c: what the source has newer is left out, and the stream has to pass it', () => {
  const { source, store, copier } = world((request) => {
    if (request.type === 'list') source.write(1_007, 30, blocksFor([9]));
  });
  source.write(11, 30, blocksFor([5]));
  source.write(12, 31, blocksFor([6]));
  source.write(1_005, 32, blocksFor([9]));
  const { batch } = run(copier);
  expect([tagsIn(store.read(30, 3)), batch.highestBirth]).toEqual([[0, 6, 0], 1_007]);
});

test('R22c: so it is where nothing else is to be copied', () => {
  const { source, copier } = world();
  source.write(1_005, 32, blocksFor([9]));
  expect(run(copier).batch.highestBirth).toBe(1_005);
});

test('R20: where we alone hold something the source is asked, whatever the birth there', () => {
  const { source, store, copier, stored } = world();
  store.write(40, 1, blocksFor([77, 78])); // dead
  source.write(50, 500, blocksFor([5]));
  run(copier);
  expect(tagsIn(store.read(0, 4))).toEqual([1, 2, 3, 0]);
  expect(store.births(0, 0, 3, 9).extents).toEqual(source.births(0, 0, 3, 9).extents);
  expect(stored).toContainEqual({ block: 1, count: 2, birth: 40, mapped: true });
});

test('R9, R23: what both have of one number is not copied again, what they have of two is', () => {
  const { source, store, copier, gathers } = world();
  source.write(11, 100, blocksFor([1, 2, 3, 4]));
  store.copyIn([{ block: 100, count: 3, birth: 11, data: blocksFor([1, 2, 3]) }]);
  store.copyIn([{ block: 102, count: 1, birth: 12, data: blocksFor([66]) }]);
  const { batch } = run(copier);
  expect(gathers()).toEqual([[{ block: 102, count: 2 }]]);
  expect([tagsIn(store.read(100, 4)), batch.isDone]).toEqual([[1, 2, 3, 4], true]);
});

test('R21: long holes come with the list, short ones like data; none over what a live entry wrote', () => {
  const { source, store, copier, gathers, live } = world();
  for (const one of [source, store]) one.write(10 + one.last, 600, blocksFor([5, 6, 7]));
  store.write(store.last + 1, 0, blocksFor([1])); // so that the long one is not all holes here
  source.unmap(900, 300, 330);
  source.unmap(901, 0, 2);
  live(1_001, 601, 9);
  const { batch } = run(copier);
  expect(tagsIn(store.read(600, 3))).toEqual([0, 9, 0]);
  expect(tagsIn(store.read(0, 3))).toEqual([0, 0, 3]);
  expect(gathers()).toEqual([[{ block: 0, count: 2 }]]);
  expect(batch.isDone).toBe(true);
});

test('a source that answers what it was not asked for, or lists what is no list, is not believed', () => {
  const outcomes = (answer: (request: CopyRequest) => CopyReply): string[] => {
    const ask: CopyLink['ask'] = (request, done) => done({ ok: true, value: answer(request) });
    return run(copierOf(storeOf('to'), ask)).outcomes.map(({ outcome }) => outcome);
  };
  const list = (block: number, birth: number, next = blocks): CopyReply => ({
    type: 'list',
    extents: [{ block, count: 1, birth, mapped: true }],
    next,
    highestBirth: 0,
  });
  const of = (block: number, birth: number): CopyReply => ({
    type: 'blocks',
    extents: [{ block, count: 1, birth, data: blocksFor([1]) }],
    next: 0,
    highestBirth: 0,
  });
  const refused: CopyReply = { type: 'refused', message: 'no' };
  const then = (first: CopyReply, second: CopyReply) => (request: CopyRequest) =>
    request.type === 'list' ? first : second;
  expect(outcomes(() => refused)).toEqual(['plainly']);
  for (const wrong of [list(5, 10), list(5, firstLive), list(5, 20, 3), list(5, 20, blocks + 1), of(5, 20)])
    expect(outcomes(() => wrong)).toEqual(['failed']);
  for (const wrong of [of(6, 20), of(5, firstLive), list(5, 20)])
    expect(outcomes(then(list(5, 20), wrong))).toEqual(['copied', 'failed']);
  expect(outcomes(then(list(5, 20), refused))).toEqual(['copied', 'sourceLost']);
  expect(outcomes(then(list(5, 20), of(5, 20)))).toEqual(['copied', 'copied']);
});
