/** What a step on a fresh pool has at hand. */
import { type Bench, cpuOf, MiB, pair, rate } from './bench.ts';
import { median, megabytes } from './figures.ts';
import type { FioJob, FioResult } from './fio.ts';
import type { Subject } from './subject-process.ts';

export interface Fresh {
  readonly subject: Subject;
  /** fio on a file beside the pool's. */
  readonly run: (job: Omit<FioJob, 'seconds'>) => FioResult;
  readonly report: Bench['report'];
  /** What a sequential load moves. */
  readonly bytes: number;
}

/** Steps in their order, by the name that `--only` looks for. */
export type FreshSteps = Readonly<Record<string, (fresh: Fresh) => Promise<void>>>;

export async function bandwidth(
  { subject, run, report, bytes }: Fresh,
  direction: 'read' | 'write',
  goal: number,
): Promise<void> {
  const { ours, reference, ratio } = await pair(
    subject,
    { do: direction === 'read' ? 'sequentialRead' : 'sequentialWrite', bytes },
    (measured) => rate(measured) * MiB,
    () => run({ rw: direction, blockBytes: MiB, depth: 8 }).bytesPerSecond,
  );
  report({
    name: `sequential ${direction} 1 MiB`,
    ours: megabytes(median(ours.map((m) => rate(m) * MiB))),
    reference: megabytes(median(reference)),
    ratio,
    goal,
    better: 'more',
    cpuUs: cpuOf(ours),
  });
}
