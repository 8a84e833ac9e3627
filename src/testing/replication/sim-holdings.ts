/** Whether a replica holds what it says it holds (invariants I6, I7, I9, R23, R24): its records and blocks beside what an observer knows. */
import { historyAt } from '../../replication/history.ts';
import {
  baseSnapshot,
  type CopyRangeState,
  decodeRecord,
  type ReplicaRecord,
  storedName,
} from '../../replication/record.ts';
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { isAltered } from '../block-content.ts';
import type { VolumeFacts } from './sim-fold.ts';
import type { Content, SimStore } from './sim-store.ts';
import { hold, namesOf, type Truth } from './sim-truth.ts';

interface Holding {
  readonly truth: Truth;
  readonly store: SimStore;
  readonly content: Content;
  readonly record: ReplicaRecord;
  /** For messages: which replica, and when. */
  readonly who: string;
}

/** A replica that calls its state complete holds exactly its history up to its number, and one that is filled what its ranges say. */
export function checkHoldings(truth: Truth, store: SimStore, when: string): void {
  const { content, sizeBytes } = store;
  const check = (part: Content, at: string) =>
    checkContent({
      truth,
      store,
      content: part,
      record: decodeRecord(part.record, sizeBytes),
      who: `${store.identity.replicaId} ${at}`,
    });
  check(content, when);
  for (const { name } of store.snapshots())
    if (name === baseSnapshot) check(store.contentOf(name), `${when}, base`);
}

function checkContent(holding: Holding): void {
  const { content, record, who } = holding;
  const { births, last } = content;
  hold(
    births.every((birth) => birth <= last),
    `I9: ${who}: a birth above ${last}`,
  );
  for (const snapshot of record.snapshots ?? []) checkSnapshot(holding, snapshot);
  if (record.state.kind === 'complete') checkWhole(holding);
  else for (const range of record.state.ranges) checkRange(holding, range);
}

function checkWhole({ truth, content, record, who }: Holding): void {
  const epoch = record.epochs.at(-1)?.epoch ?? 0;
  const at = `${who}, at ${epoch}/${content.last}`;
  const expected = truth.at(epoch, content.last);
  sameBlocks(content, expected, record.sizeBytes, at);
  const [has, due] = [record.snapshots ?? [], expected.snapshots].map(namesOf);
  hold(has === due, `R24: ${at}: snapshots ${has}, not ${due}`);
  const [values, wanted] = [record.values, expected.values].map(inOrder);
  hold(values === wanted, `I6: ${who}: values ${values}, not ${wanted}`);
  const { membership } = record;
  const version = (membership?.next ?? membership?.current)?.version ?? 1;
  const { record: { version: newest } = { version: 1 }, over = [] } = expected.change ?? {};
  hold(version === newest || over.includes(version), `I6: ${who}: membership ${version}, not ${newest}`);
}

/** R23: a range equals the history up to its own number, and has holes above. What was altered on its way is the proof's to find. */
function checkRange({ truth, content, record, who }: Holding, range: CopyRangeState): void {
  const { block: first, count, common } = range;
  const epoch = record.epochs.findLast((start) => start.first <= common)?.epoch ?? 0;
  const due = truth.at(epoch, common);
  for (let block = first; block < Math.min(first + count, due.tags.length); block++) {
    const [birth = 0, tag = 0] = [content.births[block], content.tags[block]];
    if (birth > common || isAltered(tag)) continue;
    const should = `${due.tags[block]} of ${due.births[block]}`;
    hold(
      `${tag} of ${birth}` === should,
      `R23: ${who}: block ${block} is ${tag} of ${birth}, not ${should} as at ${epoch}/${common}`,
    );
  }
}

/** R24: it is whole, the state at its number, on whatever replica, complete or not. */
function checkSnapshot(holding: Holding, snapshot: NonNullable<ReplicaRecord['snapshots']>[number]): void {
  const { truth, store, who } = holding;
  const { name, number, sizeBytes } = snapshot;
  const dues = epochsOf(holding, number)
    .map((epoch) => truth.at(epoch, number).snapshots)
    .flatMap((all) => all.filter((one) => one.number === number && one.name === name));
  hold(dues.length > 0, `R24: ${who}: nobody took ${name} at ${number}`);
  const content = store.contentOf(storedName(snapshot));
  const isSame = (due: (typeof dues)[number]) => firstOther(content, due.content, sizeBytes) === undefined;
  const found = dues.find(isSame) ?? must(dues[0], 'a due');
  sameBlocks(content, found.content, sizeBytes, `${who}, snapshot ${name}`);
}

/**
 * In which epochs entry `number` of what a replica holds may have been made: its record may have let go of old ones. What
 * is being rebuilt has snapshots of the histories that it was copied from, and the epochs of its base.
 */
function epochsOf({ truth, content, record }: Holding, number: number): readonly number[] {
  if (record.state.kind !== 'complete') return truth.epochsWith(number);
  const whole = truth.history(record.epochs.at(-1)?.epoch ?? 0, content.last);
  return historyAt(whole, number)
    .epochs.slice(-1)
    .map(({ epoch }) => epoch);
}

const inOrder = (values: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(values).toSorted(([a], [b]) => a.localeCompare(b)));

/** The first block, as far as the volume reaches, that is not what it should be. */
function firstOther(
  content: Content,
  due: Pick<VolumeFacts, 'births' | 'tags'>,
  sizeBytes: number,
): string | undefined {
  const blocks = Math.min(due.tags.length, sizeBytes / blockBytes);
  for (let block = 0; block < blocks; block++) {
    const is = `${content.tags[block]} of ${content.births[block]}`;
    const should = `${due.tags[block]} of ${due.births[block]}`;
    if (is !== should) return `block ${block} is ${is}, not ${should}`;
  }
  return undefined;
}

/** I6: births and content. */
function sameBlocks(
  content: Content,
  due: Pick<VolumeFacts, 'births' | 'tags'>,
  sizeBytes: number,
  who: string,
): void {
  const other = firstOther(content, due, sizeBytes);
  hold(other === undefined, `I6: ${who}: ${other}`);
}
