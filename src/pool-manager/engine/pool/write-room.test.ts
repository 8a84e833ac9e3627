import { expect, test } from '@jest/globals';
import { ManualClock, settled } from '../../../testing/manual-clock.ts';
import { WriteRoom } from './write-room.ts';

function openRoom() {
  const clock = new ManualClock();
  const state = { room: 0, pauses: 0 };
  const room = new WriteRoom({
    clock,
    state: () => (state.room > 0 ? 'open' : 'soon'),
    pause: async () => {
      state.pauses++;
      await Promise.resolve();
    },
  });
  const served: number[] = [];
  /** A writer that takes one of what there is when it is answered. */
  const write = async (slot: number) => {
    await room.wait(slot);
    state.room--;
    served.push(slot);
  };
  return { clock, room, state, served, write };
}

test('whoever waits is served in turn by volume, and no more than there is room', async () => {
  const { room, state, served, write } = openRoom();
  for (let i = 0; i < 10; i++) void write(1);
  for (let i = 0; i < 3; i++) void write(2);
  await settled();
  expect(served).toEqual([]);
  state.room = 5;
  room.changed();
  await settled();
  expect([served, state.room]).toEqual([[1, 2, 1, 2, 1], 0]);
});

test('a run of writes lets the event loop turn every few milliseconds, a single one does not', async () => {
  const { clock, state, write } = openRoom();
  state.room = 1_000;
  for (let i = 0; i < 10; i++) {
    clock.advance(10);
    await write(1);
  }
  expect(state.pauses).toBe(0);
  for (let i = 0; i < 100; i++) {
    clock.advance(0.5);
    await write(1);
  }
  expect(state.pauses).toBeGreaterThan(10);
  expect(state.pauses).toBeLessThan(40);
});

test('a pool that fails tells whoever waits, and whoever asks later', async () => {
  const { room, write } = openRoom();
  const waiting = write(1);
  room.fail(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  await expect(write(2)).rejects.toThrow('gone');
});

test('what others took while the event loop had its turn is not promised', async () => {
  const { clock, room, state, served, write } = openRoom();
  state.room = 100;
  for (let i = 0; i < 10 && state.pauses === 0; i++) {
    clock.advance(0.5);
    const pauses = state.pauses;
    const writing = write(1);
    if (state.pauses > pauses) state.room = 0; // the cleaner opens a segment
    else await writing;
  }
  expect(state.pauses).toBe(1);
  const before = served.length;
  await settled();
  expect([served.length, state.room]).toEqual([before, 0]);
  state.room = 1;
  room.changed();
  await settled();
  expect([served.length, state.room]).toEqual([before + 1, 0]);
});
