/** What users feel of a rebuild and of a slow replica, on a clock of the test's own. */
import { describe, expect, test } from '@jest/globals';
import { prng, type Prng } from '../shared/prng.ts';
import { TargetBench } from '../testing/replication/bench.ts';
import { Pace } from './coordinator/pace.ts';
import { Budget } from './replica/budget.ts';
import { defaultTiming } from './timing.ts';

const mib = 2 ** 20;
/** 0 … 1. */
const fraction = (random: Prng): number => random.below(1_000) / 1_000;
const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;

/** Pools that do `capacity` bytes a second: a write waits the longer the busier they are. */
class Pools {
  readonly pace = new Pace(defaultTiming);
  readonly capacity = 200 * mib;
  readonly random = prng(6);
  nowMs = 0;
  #number = 0;

  /** For so long; answers how long writes took, and what was copied. `load`: part of the capacity that users take. */
  run(
    forMs: number,
    load: number,
    rebuilding: boolean,
  ): { readonly tookMs: number[]; readonly copied: number } {
    const tookMs: number[] = [];
    let copied = 0;
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs;) {
      const free = this.capacity * (1 - load);
      const rate = rebuilding ? Math.min(this.pace.bytesPerSecond, free * 0.95) : 0;
      const busy = load + rate / this.capacity;
      const took = (0.2 + 0.2 * fraction(this.random)) / (1 - Math.min(busy, 0.99));
      const stepMs = load === 0 ? 5 : 5 * fraction(this.random);
      if (load > 0) {
        this.#number += 1;
        this.pace.issued(this.#number, this.nowMs);
        this.pace.settled(this.#number, this.nowMs + took);
        tookMs.push(took);
      }
      this.nowMs += stepMs;
      copied += (rate * stepMs) / 1_000;
      this.pace.tick(rebuilding, false, this.nowMs);
    }
    return { tookMs, copied };
  }
}

describe('the rate of a rebuild', () => {
  test('follows what writes feel: they stay below twice of without, and copying goes on', () => {
    const pools = new Pools();
    const calm = pools.run(5_000, 0.3, false);
    pools.run(2_000, 0.3, true); // it finds its rate
    const during = pools.run(20_000, 0.3, true);
    expect(quantile(during.tookMs, 0.99) / quantile(calm.tookMs, 0.99)).toBeLessThan(2);
    expect(during.copied / 20).toBeGreaterThan(0.1 * pools.capacity);
  });

  test('takes everything when nobody writes', () => {
    const pools = new Pools();
    pools.run(2_000, 0.3, false);
    pools.run(2_000, 0.3, true);
    const { copied } = pools.run(5_000, 0, true);
    expect(copied / 5).toBeGreaterThan(0.8 * pools.capacity);
  });

  test('is never below its least, however slow the pools are', () => {
    const pace = new Pace(defaultTiming);
    let least = Infinity;
    for (let n = 1; n < 400; n++) {
      pace.issued(n, n * 100);
      pace.settled(n, n * 100 + 1.2 ** Math.min(n, 100));
      pace.tick(n > 20, false, n * 100 + 90);
      if (n > 40) least = Math.min(least, pace.bytesPerSecond);
    }
    expect(least).toBe(defaultTiming.paceBytesMin);
  });

  test('begins slowly, and is soon above its least whatever writes feel', () => {
    const pace = new Pace(defaultTiming);
    const rates: number[] = [];
    for (let n = 1; n < 10; n++) {
      pace.issued(n, n * 250);
      pace.settled(n, n * 250 + (n > 4 ? 30 : 1));
      pace.tick(n > 4, false, n * 250 + 200);
      rates.push(Math.round(pace.bytesPerSecond / mib));
    }
    expect(rates).toEqual([4, 4, 4, 4, 6, 8, 11, 8, 8]);
  });

  test('finds within three seconds what there is room for, and rises slowly where writes feel it', () => {
    const rates = (duringMs: number): number => {
      const pace = new Pace(defaultTiming);
      for (let n = 1; n <= 20 + 12; n++) {
        pace.issued(n, n * 250);
        pace.settled(n, n * 250 + (n > 20 ? duringMs : 4));
        pace.tick(n > 20, false, n * 250 + 200);
      }
      return Math.round(pace.bytesPerSecond / mib);
    };
    expect([rates(5), rates(6)]).toEqual([227, 39]);
  });

  test('is not held down by what slows writes whatever is copied', () => {
    const pace = new Pace(defaultTiming);
    for (let n = 1; n < 400; n++) {
      pace.issued(n, n * 100);
      pace.settled(n, n * 100 + (n > 20 ? 9 : 1));
      pace.tick(n > 20, false, n * 100 + 90);
    }
    expect(pace.bytesPerSecond).toBeGreaterThan(8 * defaultTiming.paceBytesFirst);
  });

  test('falls while a write waits: that is not as if nobody wrote', () => {
    const pace = new Pace(defaultTiming);
    for (let n = 1; n < 24; n++) {
      pace.issued(n, n * 250);
      pace.settled(n, n * 250 + 1);
      pace.tick(n > 4, false, n * 250 + 10);
    }
    expect(pace.bytesPerSecond).toBeGreaterThan(8 * defaultTiming.paceBytesMin);
    pace.issued(24, 24 * 250);
    const rates: number[] = [];
    for (let n = 24; n < 120; n++) {
      pace.tick(true, false, n * 250 + 10);
      rates.push(pace.bytesPerSecond);
    }
    expect(Math.max(...rates.slice(20))).toBe(defaultTiming.paceBytesMin);
  });

  test('makes way at once for the first who writes', () => {
    const pools = new Pools();
    pools.run(2_000, 0.3, false);
    pools.run(5_000, 0, true);
    expect(pools.pace.bytesPerSecond).toBe(defaultTiming.paceBytesMax);
    pools.run(500, 0.3, true);
    expect(pools.pace.bytesPerSecond).toBeLessThan(2 * defaultTiming.paceBytesMin);
  });

  test('without a calm to compare with, the best that was seen is one', () => {
    const pools = new Pools();
    pools.run(3_000, 0.3, true);
    const during = pools.run(10_000, 0.3, true);
    expect(during.copied / 10).toBeGreaterThan(0.05 * pools.capacity);
    expect(quantile(during.tookMs, 0.99)).toBeLessThan(3);
  });
});

describe('a budget', () => {
  test('gives out its rate, spends in advance, and saves up no more than a burst', () => {
    const budget = new Budget({ burstMs: 100 });
    budget.set(10 * mib);
    let copied = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 50)
      while (budget.allows(nowMs)) {
        budget.spend(mib);
        copied += mib;
      }
    expect(copied / mib).toBeGreaterThan(95);
    expect(copied / mib).toBeLessThan(105);
    let burst = 0;
    while (budget.allows(60_000)) {
      budget.spend(mib / 4);
      burst += mib / 4;
    }
    expect(burst).toBeLessThanOrEqual(1.5 * mib);
  });
  test('without a rate allows everything', () => {
    const budget = new Budget({ burstMs: 100 });
    for (let i = 0; i < 100; i++) {
      expect(budget.allows(0)).toBe(true);
      budget.spend(mib);
    }
  });
});

/** Writes to three replicas that answer after so many ms; how long each took. */
function writeTimes(delaysMs: Readonly<Record<string, number>>): {
  readonly tookMs: number[];
  readonly states: string[];
} {
  const target = new TargetBench().serve('A', 'B', 'C');
  const random = prng(66);
  const due: { atMs: number; run: () => void }[] = [];
  const tookMs: number[] = [];
  let heard = target.sent.length;
  const hear = () => {
    for (; heard < target.sent.length; heard++) {
      const { to, message } = target.sent[heard] ?? {};
      if (!message || to === undefined) continue;
      const atMs = target.nowMs + (delaysMs[to] ?? 0) * (0.8 + 0.4 * fraction(random));
      const tell = (says: Parameters<TargetBench['tell']>[1]) =>
        due.push({ atMs, run: () => target.tell(to, says) });
      if (message.type === 'renew') tell({ type: 'renewed', sentAtMs: message.sentAtMs });
      if (message.type !== 'entry') continue;
      tell({ type: 'received', number: message.entry.number });
      if (message.entry.kind === 'flush') tell({ type: 'durable', number: message.entry.number });
    }
  };
  for (let ms = 0; ms < 8_000; ms++) {
    target.tick(1);
    hear();
    // A link is in order: what was answered later is heard later.
    due.sort((a, b) => a.atMs - b.atMs);
    while ((due[0]?.atMs ?? Infinity) <= target.nowMs) due.shift()?.run();
    hear();
    if (fraction(random) > 0.5) continue;
    const sinceMs = target.nowMs;
    target.coordinator.write(random.below(8), new Uint8Array(4096), false, sinceMs, () =>
      tookMs.push(target.nowMs - sinceMs),
    );
    if (ms % 100 === 0) target.coordinator.flush(target.nowMs, () => undefined);
    hear();
  }
  return { tookMs, states: target.coordinator.status().replicas.map(({ state }) => state) };
}

test('a replica that is 200 ms slower moves the p99 of writes by less than 1.5, and stays in sync', () => {
  const alike = writeTimes({ A: 2, B: 2, C: 2 });
  const slow = writeTimes({ A: 2, B: 2, C: 202 });
  expect(alike.tookMs.length).toBeGreaterThan(3_000);
  expect(slow.tookMs.length).toBeGreaterThan(3_000);
  expect(quantile(slow.tookMs, 0.99) / quantile(alike.tookMs, 0.99)).toBeLessThanOrEqual(1.5);
  expect(slow.states).toEqual(['InSync', 'InSync', 'InSync']);
});

test('whichever of the three it is', () => {
  expect(quantile(writeTimes({ A: 202, B: 2, C: 2 }).tookMs, 0.99)).toBeLessThan(10);
});
