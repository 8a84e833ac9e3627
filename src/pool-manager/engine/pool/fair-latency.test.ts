/** How long a volume waits beside a busy one: the real queue with its usual limits, on a device that is made of numbers. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { defaultLimits } from './engine-limits.ts';
import { FairQueue } from './fair-queue.ts';

const blockBytes = 4096;
/** A flash device: it works on so many requests at a time, each for so long; more wait inside it, in order. */
const channels = 8;
const serviceMs = 1;
const requests = 800;

class Device {
  readonly #clock: ManualClock;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  constructor(clock: ManualClock) {
    this.#clock = clock;
  }
  read(done: () => void, ms: number): void {
    const start = () => {
      this.#busy++;
      this.#clock.after(ms, () => {
        this.#busy--;
        this.#waiting.shift()?.();
        done();
      });
    };
    if (this.#busy < channels) start();
    else this.#waiting.push(start);
  }
}

/** What a volume gets that reads `depth` blocks at a time, beside one that reads `beside`. */
function measure(depth: number, beside: number, seed: number): { p99Ms: number; ratePerMs: number } {
  const clock = new ManualClock();
  const random = prng(seed);
  const device = new Device(clock);
  const queue = new FairQueue(defaultLimits.reading);
  const latencies: number[] = [];
  const ask = (slot: number, onDone: (ms: number) => void): void => {
    const beganMs = clock.nowMs();
    const turn = {
      slot,
      bytes: blockBytes,
      go: () =>
        device.read(
          () => {
            queue.end(turn);
            onDone(clock.nowMs() - beganMs);
          },
          serviceMs * (0.5 + random.below(1_000) / 1_000),
        ),
    };
    queue.begin(turn);
  };
  const keepAsking = (slot: number, onDone: (ms: number) => void): void =>
    ask(slot, (ms) => {
      onDone(ms);
      if (latencies.length < requests) keepAsking(slot, onDone);
    });
  for (let i = 0; i < beside; i++) keepAsking(2, () => undefined);
  for (let i = 0; i < depth; i++) keepAsking(1, (ms) => void latencies.push(ms));
  while (latencies.length < requests) clock.advance(serviceMs / 4);
  const p99Ms = must(latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)], 'a latency');
  return { p99Ms, ratePerMs: latencies.length / clock.nowMs() };
}

test.each([1, 2, 4])('at depth %i a neighbour of depth 128 at most doubles the 99th percentile', (depth) => {
  for (const seed of [1, 2, 3]) {
    const alone = measure(depth, 0, seed);
    expect(measure(depth, 128, seed).p99Ms / alone.p99Ms).toBeLessThanOrEqual(2);
  }
});

test('at a depth that fills the device alone a neighbour of depth 128 leaves half of the rate', () => {
  for (const seed of [1, 2, 3]) {
    const alone = measure(channels, 0, seed);
    expect(measure(channels, 128, seed).ratePerMs / alone.ratePerMs).toBeGreaterThanOrEqual(0.45);
  }
});
