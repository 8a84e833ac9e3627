/** Reads from a fresh pool beside fio. */
import { cpuOf, pair, rate } from './bench.ts';
import { median, milliseconds, perSecond } from './figures.ts';
import { bandwidth, type FreshSteps } from './fresh-steps.ts';

export const freshReads: FreshSteps = {
  async 'sequential-read'(fresh) {
    const { subject, bytes } = fresh;
    await subject.ask({ do: 'settle' }); // reads alone, not beside what writes left to build
    await subject.ask({ do: 'sequentialRead', bytes }); // V8 compiles
    await bandwidth(fresh, 'read', 0.9);
  },
  async 'random-read'({ subject, run, report }) {
    await subject.ask({ do: 'settle' });
    await subject.ask({ do: 'randomRead', seconds: 1, depth: 32 });
    const { ours, reference, ratio } = await pair(
      subject,
      { do: 'randomRead', seconds: 2, depth: 32 },
      rate,
      () => run({ rw: 'randread', blockBytes: 4096, depth: 32 }).operationsPerSecond,
    );
    report({
      name: '4 KiB random read, QD32, data cold',
      ours: perSecond(median(ours.map(rate))),
      reference: perSecond(median(reference)),
      ratio,
      goal: 0.7,
      better: 'more',
      cpuUs: cpuOf(ours),
    });
    const loopMs = Math.max(...ours.map((m) => m.loopMs));
    report({
      name: 'event loop under random reads, p99.9',
      ours: milliseconds(loopMs),
      reference: '-',
      ratio: loopMs,
      goal: 5,
      better: 'less',
    });
  },
};
