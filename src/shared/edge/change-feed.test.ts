import { expect, test } from '@jest/globals';
import { ChangeFeed, streamStatus } from './change-feed.ts';

/** A clock that moves only when told to. */
function manualClock() {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; task: () => void }>();
  return {
    nowMs: () => nowMs,
    after(delayMs: number, task: () => void) {
      const timer = { atMs: nowMs + delayMs, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    timers,
    async advance(byMs: number) {
      nowMs += byMs;
      for (const timer of timers) if (timer.atMs <= nowMs && timers.delete(timer)) timer.task();
      await settle();
    },
  };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

async function setUp() {
  const clock = manualClock();
  const feed = new ChangeFeed();
  const abort = new AbortController();
  const status = { phase: 'A', counter: 0 };
  const sent: string[] = [];
  const done = streamStatus(
    { read: () => ({ ...status }), keyOf: ({ phase }) => phase, feed, clock, pauseMs: 500, lookMs: 1_000 },
    ({ phase, counter }) => Promise.resolve(void sent.push(`${phase}${counter}`)),
    abort.signal,
  );
  await settle();
  return { clock, feed, abort, status, sent, done };
}

test('at once, after changes, not for counters, at most once per pause', async () => {
  const { clock, feed, status, sent, abort, done } = await setUp();
  expect(sent).toEqual(['A0']);

  status.phase = 'B';
  feed.changed();
  await settle();
  expect(sent).toEqual(['A0']);
  status.phase = 'C';
  await clock.advance(500);
  expect(sent).toEqual(['A0', 'C0']);

  await clock.advance(500);
  status.counter = 7;
  feed.changed();
  await clock.advance(1_000);
  expect(sent).toEqual(['A0', 'C0']);

  status.phase = 'D';
  feed.changed();
  await settle();
  expect(sent).toEqual(['A0', 'C0', 'D7']);
  abort.abort();
  await done;
  expect(clock.timers.size).toBe(0);
});

test('a change nobody announced is seen by looking', async () => {
  const { clock, status, sent, abort, done } = await setUp();
  await clock.advance(500);
  status.phase = 'B';
  await clock.advance(1_000);
  expect(sent).toEqual(['A0', 'B0']);
  abort.abort();
  await done;
});
