/** Writes into a fresh pool beside fio, and flushes. */
import { cpuOf, pair, rate, rounds } from './bench.ts';
import { median, milliseconds, perSecond } from './figures.ts';
import { bandwidth, type FreshSteps } from './fresh-steps.ts';
import type { Measured } from './subject.ts';

/** fio's rate counts up to 100,000/s: what is asked is twice that, or 200,000/s. */
const fastest = 100_000;

export const freshWrites: FreshSteps = {
  'sequential-write': (fresh) => bandwidth(fresh, 'write', 0.8),
  async 'flush-alone'({ subject, run, report }) {
    const single = await pair(
      subject,
      { do: 'writeFlush', seconds: 2, depth: 1 },
      (measured) => 1 / rate(measured),
      () => 1 / run({ rw: 'randwrite', blockBytes: 4096, depth: 1, sync: 'through' }).operationsPerSecond,
    );
    report({
      name: '4 KiB write + flush, QD1: time',
      ours: milliseconds(median(single.ours.map((m) => 1_000 / rate(m)))),
      reference: milliseconds(1_000 * median(single.reference)),
      ratio: single.ratio,
      goal: 2.5,
      better: 'less',
      cpuUs: cpuOf(single.ours),
    });
  },
  async 'flush-many'({ subject, run, report }) {
    const many = await pair(subject, { do: 'writeFlush', seconds: 2, depth: 32 }, rate, () => {
      return run({ rw: 'randwrite', blockBytes: 4096, depth: 1, sync: 'flush' }).operationsPerSecond;
    });
    report({
      name: '4 KiB write + flush, QD32: writes',
      ours: perSecond(median(many.ours.map(rate))),
      reference: perSecond(median(many.reference)),
      ratio: many.ratio,
      goal: 3,
      better: 'more',
      cpuUs: cpuOf(many.ours),
    });
  },
  async 'random-write-taken'({ subject, report }) {
    const taken: Measured[] = [];
    await subject.ask({ do: 'acknowledge', operations: 60_000 }); // V8 compiles what a daemon has long compiled
    for (let i = 0; i < rounds; i++) taken.push(await subject.ask({ do: 'acknowledge', operations: 60_000 }));
    const cpuUs = cpuOf(taken);
    report({
      name: '4 KiB random write, taken in: CPU',
      ours: `${cpuUs.toFixed(1)} us`,
      reference: '-',
      ratio: cpuUs,
      goal: 4,
      better: 'less',
    });
  },
  async 'random-write-sustained'({ subject, run, report }) {
    const sustained = await pair(subject, { do: 'randomWrite', seconds: 4 }, rate, () => {
      const { operationsPerSecond } = run({ rw: 'randwrite', blockBytes: 4096, depth: 32 });
      return Math.min(fastest, operationsPerSecond);
    });
    report({
      name: '4 KiB random write, through commits',
      ours: perSecond(median(sustained.ours.map(rate))),
      reference: perSecond(median(sustained.reference)),
      ratio: sustained.ratio,
      goal: 2,
      better: 'more',
      cpuUs: cpuOf(sustained.ours),
    });
    const loopMs = Math.max(...sustained.ours.map((m) => m.loopMs));
    report({
      name: 'event loop under random writes, p99.9',
      ours: milliseconds(loopMs),
      reference: '-',
      ratio: loopMs,
      goal: 5,
      better: 'less',
    });
  },
};
