/** What every SegmentGroup must do. */
import { describe, expect, test } from '@jest/globals';
import { blockBytes } from '../../../shared/block-size.ts';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';
import { processArena } from './arena.ts';
import type { SegmentGroup, SegmentWriter, UnitCheck } from './segment-group.ts';

/** The content of a unit that is told from every other. */
export function unitOf(tag: number): Uint8Array {
  const bytes = new Uint8Array(blockBytes);
  const words = new Uint32Array(bytes.buffer);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(tag * 1024 + i + 1, 2_654_435_761);
  return bytes;
}

/** Checks that unit `first + index` has the content of its tag. */
export const isTagged =
  (first: number): UnitCheck =>
  (index, bytes, from) =>
    Buffer.from(bytes.buffer, bytes.byteOffset + from, blockBytes).equals(unitOf(first + index));

/** Appends units with these tags. */
export function appendTags(writer: SegmentWriter, first: number, count: number): void {
  for (let i = 0; i < count; i++) writer.append(unitOf(first + i), 0);
}

export function segmentGroupContract(name: string, open: () => SegmentGroup): void {
  describe(`segment group: ${name}`, () => {
    test('what was appended is read, whole and in any part', async () => {
      const group = open();
      const writer = group.open(1);
      expect(writer.room).toBe(group.segmentUnits);
      appendTags(writer, 0, group.segmentUnits);
      expect([writer.units, writer.room]).toEqual([group.segmentUnits, 0]);
      await writer.drained();
      const random = prng(1);
      for (let i = 0; i < 50; i++) {
        const unit = random.below(group.segmentUnits);
        const count = 1 + random.below(Math.min(80, group.segmentUnits - unit));
        const { bytes, bad } = await group.read(1, unit, count, isTagged(unit));
        expect([unit, count, bytes.byteLength, bad]).toEqual([unit, count, count * blockBytes, []]);
      }
      await group.flush();
    });

    test('a unit is in memory until it is sent and written; sealing pads the row and goes on behind it', async () => {
      const group = open();
      const writer = group.open(2);
      appendTags(writer, 0, 3);
      expect(writer.isSent(0)).toBe(false);
      expect(isTagged(2)(0, must(writer.peek(2), 'the unit'), 0)).toBe(true);
      expect(writer.peek(3)).toBeUndefined();
      writer.seal();
      const padded = Math.ceil(3 / group.rowUnits) * group.rowUnits;
      expect([writer.units, writer.isSent(padded - 1)]).toEqual([padded, true]);
      writer.seal(); // nothing new: nothing is padded
      expect(writer.units).toBe(padded);
      expect(writer.append(unitOf(77), 0)).toBe(padded);
      expect(writer.isSent(padded)).toBe(false);
      await writer.drained();
      expect((await group.read(2, 0, 3, isTagged(0))).bad).toEqual([]);
      writer.finish();
      await writer.drained();
      expect(writer.room).toBe(0);
      expect(writer.peek(padded)).toBeUndefined();
      expect((await group.read(2, padded, 1, isTagged(77))).bad).toEqual([]);
      const isRight: UnitCheck = (index, bytes, from) => {
        const unit = bytes.subarray(from, from + blockBytes);
        return index < 3 ? isTagged(0)(index, bytes, from) : unit.every((byte) => byte === 0);
      };
      expect((await group.read(2, 0, padded, isRight)).bad).toEqual([]);
    });

    test('takes a unit out of the middle of other bytes', async () => {
      const group = open();
      const writer = group.open(0);
      const bytes = new Uint8Array(3 * blockBytes);
      bytes.set(unitOf(5), blockBytes);
      writer.append(bytes, blockBytes);
      bytes.fill(0);
      writer.finish();
      await writer.drained();
      expect((await group.read(0, 0, 1, isTagged(5))).bad).toEqual([]);
    });

    test('units that were put where they will be are appended as they are, and others among them', async () => {
      const arena = processArena();
      const group = open();
      const writer = group.open(0);
      const tags: number[] = [];
      const append = (tag: number, bytes: Uint8Array, from: number) =>
        (tags[writer.append(bytes, from)] = tag);
      for (let tag = 0; tags.length < group.segmentUnits;) {
        const staged = Math.min(writer.stage(arena), 5);
        const at = writer.stagedAt;
        if (staged === 0) append(tag, unitOf(tag++), 0);
        for (let i = 0; i < staged; i++) arena.bytes.set(unitOf(tag + i), at + i * blockBytes);
        // the second is left out: the others move up
        for (let i = 0; i < staged; i++) if (i !== 1) append(tag + i, arena.bytes, at + i * blockBytes);
        tag += staged;
      }
      writer.finish();
      await writer.drained();
      const isRight: UnitCheck = (index, bytes, from) => isTagged(tags[index] ?? -1)(0, bytes, from);
      expect((await group.read(0, 0, tags.length, isRight)).bad).toEqual([]);
    });

    test.each([1, 5, 64])(
      'units that were put where they will be are appended at once, %i at most',
      async (most) => {
        const arena = processArena();
        const group = open();
        const writer = group.open(0);
        for (let tag = 0; writer.room > 0;) {
          const staged = Math.min(writer.stage(arena), most);
          const at = writer.stagedAt;
          if (staged === 0) writer.append(unitOf(tag++), 0);
          for (let i = 0; i < staged; i++) arena.bytes.set(unitOf(tag + i), at + i * blockBytes);
          if (staged > 0) writer.appendStaged(staged);
          tag += staged;
          expect(writer.units).toBe(tag);
        }
        await writer.drained();
        const isRight: UnitCheck = (index, bytes, from) => isTagged(index)(0, bytes, from);
        expect((await group.read(0, 0, group.segmentUnits, isRight)).bad).toEqual([]);
      },
    );

    test('what nobody has is bad, and nothing else', async () => {
      const group = open();
      const writer = group.open(0);
      appendTags(writer, 0, group.rowUnits);
      writer.finish();
      await writer.drained();
      const { bad } = await group.read(
        0,
        0,
        4,
        (index, bytes, from) => index !== 2 && isTagged(0)(index, bytes, from),
      );
      expect(bad).toEqual([2]);
      expect((await group.verify(0, 0, 4, isTagged(0))).bad).toEqual([]);
    });

    test('a unit is written anew where it lies, and its neighbours stay as they are', async () => {
      const group = open();
      const writer = group.open(0);
      appendTags(writer, 0, 2 * group.rowUnits);
      writer.finish();
      await writer.drained();
      for (const unit of [0, group.rowUnits + 3]) {
        await group.rewrite(0, unit, unitOf(500 + unit));
        const isRight: UnitCheck = (index, bytes, from) => isTagged(500 + unit)(index, bytes, from);
        expect((await group.read(0, unit, 1, isRight)).bad).toEqual([]);
        await group.rewrite(0, unit, unitOf(unit)); // what it was
      }
      const { bad, repairedUnits } = await group.verify(0, 0, 2 * group.rowUnits, isTagged(0));
      expect([bad, repairedUnits]).toEqual([[], 0]);
    });

    test('several segments at once, sealed at any moment', async () => {
      const group = open();
      const random = prng(2);
      const writers = [0, 1, 2].map((segment) => ({ writer: group.open(segment), tags: [] as number[] }));
      for (let i = 0; i < 400; i++) {
        const { writer, tags } = random.pick(writers);
        if (writer.room === 0) continue;
        if (random.chance(0.05)) writer.seal();
        else {
          const tag = i * 3 + writer.segment;
          tags[writer.append(unitOf(tag), 0)] = tag;
        }
        if (random.chance(0.05)) await group.ready();
      }
      for (const { writer } of writers) writer.finish();
      await Promise.all(writers.map(({ writer }) => writer.drained()));
      for (const { writer, tags } of writers) {
        const isRight: UnitCheck = (index, bytes, from) =>
          tags[index] === undefined || isTagged(tags[index])(0, bytes, from);
        expect((await group.read(writer.segment, 0, tags.length, isRight)).bad).toEqual([]);
      }
    });

    test('a segment remembers in which transaction groups it was written', () => {
      const group = open();
      group.openTxg = 7;
      const writer = group.open(0);
      group.openTxg = 9;
      appendTags(writer, 0, 1);
      writer.seal();
      expect([group.firstTxg(0), group.lastTxg(0), group.lastTxg(1)]).toEqual([7, 9, 0]);
      group.restoreTxgs(1, 3, 4);
      expect([group.firstTxg(1), group.lastTxg(1)]).toEqual([3, 4]);
    });
  });
}
