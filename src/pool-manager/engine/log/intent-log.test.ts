import { describe, expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { prng } from '../../../shared/prng.ts';
import { memoryLogArea } from '../../../testing/memory-log-area.ts';
import { pointerWords, setBirth, setHole, setName } from '../map/pointer.ts';
import { IntentLog } from './intent-log.ts';
import { firstPosition, type LogPosition } from './log-position.ts';
import { LogReader } from './log-reader.ts';
import { LogRing } from './log-ring.ts';
import { type LogRecord, readRecords } from './record-reader.ts';

const pool = '0123456789abcdef';
const MiB = 2 ** 20;

/** A log of its own; data of batch n lies in segment n, and is in memory unless `isGone`. */
function openLog(options: { readonly sizeBytes?: number; readonly start?: LogPosition } = {}) {
  const area = memoryLogArea(options.sizeBytes ?? MiB);
  const start = options.start ?? firstPosition(1);
  const ring = new LogRing(area, pool, start);
  const seen = { flushes: 0, wanted: 0, durable: 0, noted: 0, isGone: false };
  const log = new IntentLog({
    ring,
    batchPlace: (batch) => ({ group: 0, segment: batch, firstUnit: 0 }),
    peek: (words, at) => (seen.isGone ? undefined : new Uint8Array(blockBytes).fill(words[at] ?? 0)),
    flushData: async () => {
      await Promise.resolve();
      seen.flushes++;
    },
    capture: () => {
      const { noted } = seen;
      return () => (seen.durable = noted);
    },
    durableTxg: () => 7,
    elsewhere: () => undefined,
    wantCheckpoint: () => void seen.wanted++,
    onFailure: () => undefined,
  });
  log.isMuted = false;
  let number = 0;
  /** Blocks with data in one batch; the number of the entry is the content of all of them. */
  const write = (count: number) => {
    const words = new Uint32Array(count * pointerWords);
    number++;
    for (let i = 0; i < count; i++) {
      setName(words, i * pointerWords, number, i * 8, 8, 0);
      setBirth(words, i * pointerWords, number);
    }
    log.wrote(3, number, 100, count, words, 0);
    seen.noted = number;
  };
  const groups = async (from = start) => {
    const reader = new LogReader(area, pool, from);
    const found = [];
    for (let group = await reader.next(); group !== undefined; group = await reader.next())
      found.push({ ...group, records: [...readRecords(group.payload)] });
    return { found, isCut: await reader.isCut() };
  };
  return { area, log, seen, write, groups };
}

describe('intent log', () => {
  test('a small group carries its data and needs no flush; a large one refers to it', async () => {
    const { log, seen, write, groups } = openLog();
    write(2);
    await log.commit();
    expect(seen).toMatchObject({ durable: 1, flushes: 0 });
    write(100);
    await log.commit();
    expect(seen).toMatchObject({ durable: 2, flushes: 1 });
    const { found } = await groups();
    expect(found.map(({ records }) => records.map(({ kind }) => kind))).toEqual([
      ['batch', 'wrote', 'inline', 'inline'],
      ['batch', 'wrote'],
    ]);
    expect(found[0]?.records[2]).toMatchObject({ stored: new Uint8Array(blockBytes).fill(1) });
  });

  test('data that is gone from memory is referred to, and flushed', async () => {
    const { log, seen, write, groups } = openLog();
    seen.isGone = true;
    write(2);
    await log.commit();
    expect(seen.flushes).toBe(1);
    expect((await groups()).found[0]?.records.map(({ kind }) => kind)).toEqual(['batch', 'wrote']);
  });

  test('one group is under way at a time, and what is noted meanwhile shares the next one', async () => {
    const { area, log, write, groups } = openLog();
    const open = area.hold();
    write(1);
    const first = log.commit();
    await Promise.resolve();
    await Promise.resolve();
    for (let i = 0; i < 5; i++) {
      write(1);
      void log.commit();
    }
    open();
    await first;
    await log.commit();
    expect(
      (await groups()).found.map(({ records }) => records.filter(({ kind }) => kind === 'wrote').length),
    ).toEqual([1, 5]);
  });

  test('every kind of mutation comes back as it was noted', async () => {
    const { log, groups } = openLog();
    const notes = [
      { do: 'unmap', number: 2 ** 52, block: 2 ** 40, count: 7 },
      { do: 'copyHole', birth: 0, block: 5, count: 2 ** 33 },
      { do: 'advance', number: 9 },
      { do: 'resize', number: 10, sizeBytes: 2 ** 50 },
      { do: 'setRecord', record: Uint8Array.of(1, 2, 3) },
      { do: 'setAnnotations', annotations: new Uint8Array(0) },
      { do: 'setProperties', properties: { compression: 'lz4', zstdLevel: 3 } },
      { do: 'snapshot', name: 'größe' },
      { do: 'deleteSnapshot', name: 'a' },
      { do: 'rollback', name: 'b' },
    ] as const;
    for (const note of notes) log.note(65_535, note);
    const words = new Uint32Array(pointerWords);
    setHole(words, 0, 77);
    log.copied(1, 2, 1, words, 0);
    await log.commit();
    const [group] = (await groups()).found;
    expect(group?.records.slice(0, -1)).toEqual(notes.map((note) => ({ kind: 'note', slot: 65_535, note })));
    const last = group?.records.at(-1);
    expect(last).toMatchObject({ kind: 'copied', slot: 1, number: 0, block: 2, count: 1 });
    const { words: found, at } = last as Extract<LogRecord, { readonly at: number }>;
    expect(found.slice(at)).toEqual(words);
  });

  test('goes round the ring while checkpoints free it, and every group of the last lap is found', async () => {
    const { log, write, groups, seen } = openLog({ sizeBytes: 256 * 1024 });
    const random = prng(5);
    let from = log.position;
    for (let i = 0; i < 300; i++) {
      write(1 + random.below(6));
      await log.commit();
      if (seen.wanted === 0) continue;
      seen.wanted = 0;
      await log.cut(() => (from = log.position));
      log.release(from);
    }
    const { found, isCut } = await groups(from);
    expect(isCut).toBe(false);
    const numbers = found.flatMap(({ records }) =>
      records.flatMap((r) => (r.kind === 'wrote' ? [r.number] : [])),
    );
    expect(numbers.length).toBeGreaterThan(0);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 300 - numbers.length + 1 + i));
  });

  test('what does not fit is left to a checkpoint, and nothing is logged before its root is durable', async () => {
    const { log, write, groups, seen } = openLog({ sizeBytes: 64 * 1024 });
    seen.isGone = true;
    const commit = async () => {
      write(800); // 25 KiB of pointers: more than a quarter of the ring
      await log.commit();
      seen.noted = -1;
    };
    const committed = commit();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(seen.wanted).toBeGreaterThan(0);
    let position = log.position;
    await log.cut(() => (position = log.position));
    write(1);
    const later = log.commit();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect((await groups(position)).found).toEqual([]);
    log.release(position);
    await Promise.all([committed, later]);
    const { found } = await groups(position);
    expect(
      found.flatMap(({ records }) => records.flatMap((r) => (r.kind === 'wrote' ? [r.number] : []))),
    ).toEqual([2]);
  });

  describe('the end', () => {
    const three = async () => {
      const made = openLog();
      const starts: LogPosition[] = [];
      for (let i = 0; i < 3; i++) {
        starts.push(made.log.position);
        write3(made);
        await made.log.commit();
      }
      return { ...made, starts };
    };
    const write3 = ({ write }: ReturnType<typeof openLog>) => write(3);

    test('a torn last group is not there: no promise is broken', async () => {
      const { area, groups, starts } = await three();
      area.flipBit(must(starts[2], 'the last group').offsetBytes + 5_000);
      const { found, isCut } = await groups();
      expect([found.length, isCut]).toEqual([2, false]);
    });

    test('a bad group with a valid one behind it is a loss', async () => {
      const { area, groups, starts } = await three();
      area.flipBit(must(starts[1], 'the middle group').offsetBytes + 5_000);
      const { found, isCut } = await groups();
      expect([found.length, isCut]).toEqual([1, true]);
    });

    test('any good copy will do', async () => {
      const { area, groups, starts } = await three();
      area.copies = 2;
      area.flipBit(must(starts[1], 'the middle group').offsetBytes + 5_000, 0);
      area.flipBit(must(starts[2], 'the last group').offsetBytes + 5_000, 1);
      const { found, isCut } = await groups();
      expect([found.length, isCut]).toEqual([3, false]);
    });

    test('groups of an earlier life are not taken for later ones', async () => {
      const { groups, starts } = await three();
      const { found, isCut } = await groups({ ...must(starts[1], 'the middle group'), incarnation: 2 });
      expect([found.length, isCut]).toEqual([0, false]);
    });
  });
});
