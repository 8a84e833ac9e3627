import { describe, expect, test } from '@jest/globals';
import { checkOrder, type Histories, isBefore, type Ordered, type Place } from './sim-order.ts';

/** Epoch 1 has 11 to 14; epoch 2 took over at 12 and said that it may have lost something, epoch 3 at 22 and did not. */
const epochs = [
  { epoch: 1, last: Infinity, lossy: false },
  { epoch: 2, last: 12, lossy: true },
  { epoch: 3, last: 22, lossy: false },
] as const;
/** Entries: what they put into register 0; 13 is a return to what was never written. */
const entries = [
  { epoch: 1, number: 11, value: 1 },
  { epoch: 1, number: 12, value: 2 },
  { epoch: 1, number: 13, value: 0 },
  { epoch: 1, number: 14, value: 4 },
  { epoch: 2, number: 21, value: 5 },
  { epoch: 2, number: 22, value: 6 },
  { epoch: 2, number: 23, value: 7 },
  { epoch: 3, number: 31, value: 8 },
];
const histories: Histories = {
  values: (end) => [
    { epoch: 0, number: 0, value: 0 },
    ...entries.filter(({ epoch, number }) => number <= (histories.lastOf(end, epoch) ?? 0)),
  ],
  lastOf: (end, epoch) => {
    if (epoch === end.epoch) return end.number;
    return epoch < end.epoch ? epochs[epoch]?.last : undefined;
  },
  isLossyAfter: (end, epoch) => epoch < end.epoch && epochs[epoch]?.lossy === true,
};

const placeOf = (value: number): Place =>
  entries.findLast((each) => each.value === value) ?? { epoch: 0, number: 0 };
const write = (value: number, startMs: number, finishMs = startMs + 1, register = 0): Ordered => ({
  kind: 'write',
  register,
  value,
  place: placeOf(value),
  startMs,
  finishMs,
});
const read = (value: number, startMs: number, end: Place): Ordered => ({
  kind: 'read',
  register: 0,
  value,
  end,
  startMs,
  finishMs: startMs + 1,
});
const back: Ordered = { kind: 'return', place: placeOf(0), startMs: 24, finishMs: 25 };
const end = { epoch: 3, number: 31 };
const isKept = ({ epoch, number }: Place) => number <= (histories.lastOf(end, epoch) ?? 0);
const check =
  (...operations: readonly Ordered[]) =>
  () =>
    checkOrder(operations, histories, isKept);

test('places are in order by epoch, then by number', () => {
  expect(isBefore({ epoch: 1, number: 14 }, { epoch: 2, number: 11 })).toBe(true);
  expect(isBefore({ epoch: 2, number: 22 }, { epoch: 2, number: 22 })).toBe(false);
});

describe('where nothing was lost', () => {
  test('an answer is the value at some entry between what was known and what there was', () => {
    const writes = [write(1, 10), write(2, 20)];
    expect(check(...writes, read(2, 30, { epoch: 1, number: 12 }))).not.toThrow();
    expect(check(...writes, read(1, 30, { epoch: 1, number: 12 }))).toThrow('I4: register 0: 1 was read');
    expect(check(...writes, read(1, 15, { epoch: 1, number: 12 }))).not.toThrow();
  });

  test('of two reads the later one has no older value', () => {
    const at = { epoch: 1, number: 12 };
    const open = write(2, 20, 90);
    expect(check(write(1, 10), open, read(2, 30, at), read(1, 40, at))).toThrow('I4: register 0: 1 was read');
    expect(check(write(1, 10), open, read(1, 30, at), read(2, 40, at))).not.toThrow();
  });

  test('a write that was asked for after an answered one has the higher place, in another register, too', () => {
    expect(check(write(2, 10), write(1, 20))).toThrow('I2: 1 in register 0, of 1/11');
    expect(check(write(2, 10, 11, 3), write(1, 20))).toThrow('I2: 1 in register 0, of 1/11');
    expect(check(write(2, 10, 90, 3), write(1, 20))).not.toThrow();
  });

  test('a return is behind what was answered before, and before what is asked for later', () => {
    const at = { epoch: 1, number: 14 };
    expect(check(write(1, 10), write(2, 20), back, read(0, 30, at))).not.toThrow();
    expect(check(write(1, 10), write(2, 20), back, read(2, 30, at))).toThrow('I4: register 0: 2 was read');
    expect(check(write(4, 10), back)).toThrow('I2: a return, of 1/13');
  });
});

describe('after a recovery that lost the end of a history', () => {
  test('what is gone is gone in one piece: older values are there again, lost ones never', () => {
    const before = [write(1, 10), write(2, 20), back, write(4, 30), read(4, 35, { epoch: 1, number: 14 })];
    const at = { epoch: 2, number: 20 };
    expect(check(...before, read(2, 40, at))).not.toThrow();
    expect(check(...before, read(4, 40, at))).toThrow('I4: register 0: 4 was read');
    expect(check(...before, read(0, 40, at))).toThrow('I4: register 0: 0 was read');
    expect(check(...before, read(1, 40, at))).toThrow('I4: register 0: 1 was read');
  });

  test('a write that nobody answered and that is gone says nothing', () => {
    expect(check(write(2, 10), write(4, 20, Infinity), write(5, 30))).not.toThrow();
  });

  test('a recovery that said nothing has to have all of it', () => {
    expect(check(write(6, 10), write(8, 20))).not.toThrow();
    expect(check(write(7, 10), write(8, 20))).toThrow(
      'I2: 8 in register 0, of 3/31: what was known before, 2/23',
    );
    expect(check(write(7, 10), read(6, 20, { epoch: 3, number: 30 }))).toThrow('I2: a read of 6');
  });
});
