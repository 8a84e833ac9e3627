/**
 * Runs again what the log has behind a root, so that the volumes are what they were at the last commit.
 *
 *  - First pass: finds the end, and keeps every segment that the log refers to from being given out.
 *  - Second pass: the mutations in their order. Names get new batch numbers on the way, inline data new places: so what
 *    came before a snapshot has lower numbers than what came behind, as the snapshot's mark wants it.
 *  - Only the last group can refer to data that a crash kept from the devices: it is verified, and is not applied unless
 *    all of it is there. One that an import has found whole before, and has served, is not judged again.
 */
import { assert } from '../../../shared/assert.ts';
import type { LogArea } from '../group/log-area.ts';
import {
  batchOf,
  compressionOf,
  isMapped,
  nameOf,
  offsetOf,
  pointerWords,
  sectorsOf,
  setCompression,
  setName,
} from '../map/pointer.ts';
import type { BatchPlace, BlockSpace } from '../space/block-space.ts';
import type { VolumeNote } from '../volume/volume-journal.ts';
import type { VolumeStore } from '../volume-store.ts';
import type { LogPosition, LogTurn } from './log-position.ts';
import { LogReader } from './log-reader.ts';
import { type LogRecord, readRecords, UnknownRecordError } from './record-reader.ts';

/** A volume as replay sees it; its journal notes nothing meanwhile. */
export interface ReplayedVolume extends VolumeStore {
  replayPut(block: number, count: number, words: Uint32Array, at: number): void;
  replayNumber(number: number): void;
}

/** A pointer whose data lies at a place that the log knows. */
export interface LoggedBlock {
  readonly place: BatchPlace;
  readonly block: number;
  readonly words: Uint32Array;
  readonly at: number;
}

export interface SurveyOptions {
  readonly area: LogArea;
  readonly pool: string;
  readonly position: LogPosition;
  readonly turns: readonly LogTurn[];
  readonly space: Pick<BlockSpace, 'reserve'>;
  /** Whether all of this can be read. */
  areGood(blocks: readonly LoggedBlock[]): Promise<boolean>;
  pause(): Promise<void>;
}

export interface Survey {
  /** To be applied. */
  readonly groups: number;
  /** Groups behind them had been promised, and are lost. */
  readonly isCut: boolean;
}

export interface ReplayOptions {
  readonly area: LogArea;
  readonly pool: string;
  readonly position: LogPosition;
  readonly turns: readonly LogTurn[];
  readonly space: Pick<BlockSpace, 'bind' | 'claim' | 'append'>;
  volume(slot: number): ReplayedVolume | undefined;
  /**
   * The log stays, and is all that has what is in it: each group is to be on as many devices as when it was answered. The
   * last one never was, and those before it are not on a device that was away.
   */
  readonly isKept: boolean;
  /** 64 bits over stored bytes, salted with the owner (checksum.ts), to `to[0]` and `to[1]`. */
  storedSum(bytes: Uint8Array, from: number, lengthBytes: number, owner: number, to: Uint32Array): void;
  pause(): Promise<void>;
}

/** Second pass. Rejects with UnknownRecordError when a group is not what this release writes. */
export async function replayLog(options: ReplayOptions, found: Survey): Promise<LogPosition> {
  const { area, pool, position, turns } = options;
  const reader = new LogReader(area, pool, position, turns);
  const replay = new Replay(options);
  let end = position;
  for (let i = 0; i < found.groups; i++) {
    const group = await reader.next();
    if (group === undefined) throw new UnknownRecordError(`group ${end.group} of the log was readable once`);
    if (options.isKept)
      for (const { offsetBytes, bytes } of group.runs()) await area.mend(offsetBytes, bytes);
    replay.apply(group.payload);
    end = group.next;
    await options.pause();
  }
  return end;
}

/** First pass: finds the end, and reserves the segments that the groups before it refer to. */
export async function surveyLog(options: SurveyOptions): Promise<Survey> {
  const { area, pool, position, turns } = options;
  const reader = new LogReader(area, pool, position, turns);
  let groups = 0;
  let last: Uint8Array | undefined;
  for (let group = await reader.next(); group !== undefined; group = await reader.next()) {
    groups++;
    last = group.payload;
    let reserved: BatchPlace | undefined;
    eachReferred(last, (place) => {
      if (place !== reserved) options.space.reserve(place.group, place.segment);
      reserved = place;
    });
    await options.pause();
  }
  const isCut = await reader.isCut();
  const judged = isCut || !reader.hasNewGroups || last === undefined ? [] : referred(last);
  const isTorn = judged.length > 0 && !(await options.areGood(judged));
  return { groups: isTorn ? groups - 1 : groups, isCut };
}

/** The pointers of a group whose data is not in the group. */
function referred(payload: Uint8Array): readonly LoggedBlock[] {
  const found: LoggedBlock[] = [];
  eachReferred(payload, (place, block, words, at) => found.push({ place, block, words, at }));
  return found;
}

/** The same, one by one; those of one batch have one place. */
function eachReferred(
  payload: Uint8Array,
  visit: (place: BatchPlace, block: number, words: Uint32Array, at: number) => void,
): void {
  const records = [...readRecords(payload)];
  const inline = inlineOf(records);
  const places = new Map<number, BatchPlace>();
  for (const record of records) {
    if (record.kind === 'batch') places.set(record.batch, record.place);
    if (record.kind !== 'wrote' && record.kind !== 'copied') continue;
    const { words, block, count } = record;
    for (let i = 0, { at } = record; i < count; i++, at += pointerWords) {
      if (!isMapped(words, at) || inline.has(nameOf(words, at))) continue;
      visit(placeOf(places, batchOf(words, at)), block + i, words, at);
    }
  }
}

function placeOf(places: ReadonlyMap<number, BatchPlace>, batch: number): BatchPlace {
  const place = places.get(batch);
  if (place === undefined) throw new UnknownRecordError(`batch ${batch} has no place in the log`);
  return place;
}

/** Stored bytes by name. */
function inlineOf(records: readonly LogRecord[]): ReadonlyMap<number, Uint8Array> {
  const inline = new Map<number, Uint8Array>();
  for (const record of records)
    if (record.kind === 'inline')
      inline.set(nameOf(Uint32Array.of(record.nameLow, record.nameHigh), 0), record.stored);
  return inline;
}

class Replay {
  readonly #options: ReplayOptions;
  readonly #places = new Map<number, BatchPlace>();
  /** Numbers of now by numbers of then. */
  readonly #bound = new Map<number, number>();
  readonly #sum = new Uint32Array(2);

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  apply(payload: Uint8Array): void {
    const records = [...readRecords(payload)];
    const inline = inlineOf(records);
    for (const record of records) {
      if (record.kind === 'batch') this.#places.set(record.batch, record.place);
      else if (record.kind === 'note') noteAgain(this.#volume(record.slot), record.note);
      else if (record.kind !== 'inline') this.#put(record, inline);
    }
  }

  #put(
    { slot, number, block, count, words, at: first }: Extract<LogRecord, { kind: 'wrote' | 'copied' }>,
    inline: ReadonlyMap<number, Uint8Array>,
  ): void {
    const volume = this.#volume(slot);
    for (let i = 0, at = first; i < count; i++, at += pointerWords) {
      if (!isMapped(words, at)) continue;
      const stored = inline.get(nameOf(words, at));
      if (stored === undefined) this.#claim(words, at, slot, block + i);
      else this.#append(stored, slot, block + i, words, at);
    }
    volume.replayPut(block, count, words, first);
    if (number > 0) volume.replayNumber(number);
  }

  #claim(words: Uint32Array, at: number, slot: number, block: number): void {
    const { space } = this.#options;
    const then = batchOf(words, at);
    let now = this.#bound.get(then);
    if (now === undefined) {
      const { group, segment, firstUnit } = placeOf(this.#places, then);
      now = space.bind(group, segment, firstUnit);
      this.#bound.set(then, now);
    }
    setName(words, at, now, offsetOf(words, at), sectorsOf(words, at), compressionOf(words, at));
    space.claim(words, at, slot, block);
  }

  #append(stored: Uint8Array, slot: number, block: number, words: Uint32Array, at: number): void {
    const compression = compressionOf(words, at);
    const sectors = sectorsOf(words, at);
    assert(stored.byteLength === sectors * 512, 'inline data is as long as its pointer says');
    this.#options.storedSum(stored, 0, stored.byteLength, block, this.#sum);
    const [low = 0, high = 0] = this.#sum;
    this.#options.space.append('data', stored, 0, sectors, slot, block, low, high, words, at);
    setCompression(words, at, compression);
  }

  #volume(slot: number): ReplayedVolume {
    const volume = this.#options.volume(slot);
    if (volume === undefined) throw new UnknownRecordError(`the log speaks of volume slot ${slot}`);
    return volume;
  }
}

function noteAgain(volume: ReplayedVolume, note: VolumeNote): void {
  switch (note.do) {
    case 'unmap':
      volume.unmap(note.number, note.block, note.count);
      return;
    case 'copyHole':
      volume.copyIn([{ block: note.block, count: note.count, birth: note.birth, data: undefined }]);
      return;
    case 'advance':
      volume.advance(note.number);
      return;
    case 'resize':
      volume.resize(note.number, note.sizeBytes);
      return;
    case 'setRecord':
      volume.setRecord(note.record);
      return;
    case 'setProperties':
      volume.setProperties(note.properties);
      return;
    case 'setAnnotations':
      volume.setAnnotations(note.annotations);
      return;
    case 'snapshot':
      volume.snapshot(note.name);
      return;
    case 'deleteSnapshot':
      volume.deleteSnapshot(note.name);
      return;
    case 'rollback':
      volume.rollback(note.name);
      return;
  }
}
