/** Births and snapshots: what they take, and whom they hold up. */
import { type Bench, GiB, type Part } from './bench.ts';
import { type Figure, milliseconds, perSecond } from './figures.ts';
import { makeFile, removeFiles } from './files.ts';
import { startSubject, type Subject } from './subject-process.ts';

export const snapshotsPart: Part = { steps: ['births', 'snapshot'], run: benchSnapshots };

async function benchSnapshots(
  { folder, scale, report }: Bench,
  wants: (step: string) => boolean,
): Promise<void> {
  const bytes = Math.ceil(2 * scale) * GiB;
  const device = makeFile(folder, 'pool-0', 2 * bytes);
  const subject = startSubject();
  try {
    await subject.ask({ do: 'open', layout: 'stripe', groups: [[device]] });
    await subject.ask({ do: 'volume', sizeBytes: bytes });
    await subject.ask({ do: 'sequentialWrite', bytes });
    await subject.ask({ do: 'settle' });
    if (wants('births')) await births(subject, report);
    if (wants('snapshot')) {
      const { extra } = await subject.ask({ do: 'snapshots', count: 5 });
      report(time('snapshot created', extra['createMs'], 5));
      report(time('writers held up by a snapshot', extra['stallMs'], 20));
    }
    await subject.ask({ do: 'close' });
  } finally {
    await subject.stop();
    removeFiles([device]);
  }
}

async function births(subject: Subject, report: Bench['report']): Promise<void> {
  const dense = await subject.ask({ do: 'births' });
  report({
    name: 'births listed, dense, blocks',
    ours: perSecond(dense.operations / (dense.seconds - (dense.extra['oneMs'] ?? 0) / 1_000)),
    reference: '-',
    ratio: dense.operations / dense.seconds,
    goal: 2_000_000,
    better: 'more',
  });
  report({ ...time('one changed block found', dense.extra['oneMs'], 50) });
}

function time(name: string, ms: number | undefined, goal: number): Figure {
  return {
    name,
    ours: milliseconds(ms ?? Number.NaN),
    reference: '-',
    ratio: ms ?? Number.NaN,
    goal,
    better: 'less',
  };
}
