import { expect, test } from '@jest/globals';
import { FairQueue } from './fair-queue.ts';

const KiB = 1024;

/** A queue whose work ends when it is told to; `begun` has the slots in the order of their turns. */
function openQueue(bytes: number, requests = 64, sharedBytes = bytes) {
  const queue = new FairQueue({ bytes, requests, sharedBytes });
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const ask = (slot: number, bytes = 64 * KiB) =>
    queue.run(slot, bytes, async () => {
      begun.push(slot);
      await new Promise<void>((resolve) => ends.push(resolve));
    });
  const endOne = async () => {
    ends.shift()?.();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { ask, begun, endOne };
}

test('who asks alone is served at once, up to the bound', async () => {
  const { ask, begun, endOne } = openQueue(256 * KiB);
  for (let i = 0; i < 6; i++) void ask(1);
  expect(begun.length).toBe(4);
  await endOne();
  expect(begun.length).toBe(5);
});

test('one with a long queue gives a neighbour every other turn', async () => {
  const { ask, begun, endOne } = openQueue(128 * KiB);
  for (let i = 0; i < 64; i++) void ask(1, 128 * KiB);
  for (let i = 0; i < 4; i++) void ask(2, 128 * KiB);
  for (let i = 0; i < 9; i++) await endOne();
  expect(begun.filter((slot) => slot === 2).length).toBe(4);
});

test('turns are counted in bytes: small requests are not pushed back by large ones', async () => {
  const { ask, begun, endOne } = openQueue(1024 * KiB);
  for (let i = 0; i < 20; i++) void ask(1, 1024 * KiB);
  for (let i = 0; i < 64; i++) void ask(2, 4 * KiB); // each costs as much as 64 KiB
  for (let i = 0; i < 74; i++) await endOne();
  const large = begun.lastIndexOf(2) - begun.filter((slot) => slot === 2).length + 1;
  expect(begun.filter((slot) => slot === 2).length).toBe(64);
  expect(large).toBeLessThan(10);
});

test('work that fails gives its place back', async () => {
  const queue = new FairQueue({ requests: 1, bytes: 4 * KiB, sharedBytes: 4 * KiB });
  await expect(queue.run(1, 4 * KiB, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await queue.run(1, 4 * KiB, () => Promise.resolve(3))).toBe(3);
});

test('so many requests at once, however small', async () => {
  const { ask, begun, endOne } = openQueue(1024 * KiB, 3);
  for (let i = 0; i < 6; i++) void ask(1, 4 * KiB);
  expect(begun.length).toBe(3);
  await endOne();
  expect(begun.length).toBe(4);
});

test('while others read each has but a share under way, and who comes is not behind all of a full queue', async () => {
  const { ask, begun, endOne } = openQueue(1024 * KiB, 16, 256 * KiB);
  for (let i = 0; i < 40; i++) void ask(1, 4 * KiB);
  expect(begun.length).toBe(16);
  void ask(2, 4 * KiB); // from now on slot 1 is not alone
  for (let i = 0; i < 13; i++) await endOne();
  expect(begun.filter((slot) => slot === 2)).toEqual([2]);
  // the share of slot 1 is four: what was under way before has ended first
  expect(begun.filter((slot) => slot === 1).length).toBe(17);
  void ask(2, 4 * KiB);
  expect(begun.at(-1)).toBe(2);
});

test('a volume that nobody else was beside for a while has all again', async () => {
  const { ask, begun, endOne } = openQueue(1024 * KiB, 16, 64 * KiB);
  void ask(2, 4 * KiB);
  await endOne();
  for (let i = 0; i < 5_000; i++) {
    void ask(1, 4 * KiB);
    await endOne();
  }
  const before = begun.length;
  for (let i = 0; i < 20; i++) void ask(1, 4 * KiB);
  expect(begun.length - before).toBe(16);
});
