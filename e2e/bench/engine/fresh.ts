/** A fresh pool of one device beside fio: bandwidth, operations, flushes. */
import { type Bench, GiB, MiB, type Part } from './bench.ts';
import { makeFile, removeFiles } from './files.ts';
import { fio, type FioJob, type FioResult } from './fio.ts';
import { freshReads } from './fresh-reads.ts';
import type { FreshSteps } from './fresh-steps.ts';
import { freshWrites } from './fresh-writes.ts';
import { startSubject } from './subject-process.ts';

const steps: FreshSteps = { ...freshReads, ...freshWrites };

export const freshPart: Part = { steps: Object.keys(steps), run: benchFresh };

async function benchFresh({ folder, scale, report }: Bench, wants: (step: string) => boolean): Promise<void> {
  const poolBytes = Math.ceil(8 * scale) * GiB;
  const volumeBytes = Math.floor(2 * 1024 * scale) * MiB;
  const device = makeFile(folder, 'pool-0', poolBytes);
  const file = makeFile(folder, 'reference', volumeBytes);
  const run = (job: Omit<FioJob, 'seconds'>): FioResult => fio(file, volumeBytes, { ...job, seconds: 2 });
  const subject = startSubject();
  try {
    await subject.ask({ do: 'open', layout: 'stripe', groups: [[device]] });
    await subject.ask({ do: 'volume', sizeBytes: volumeBytes });
    await subject.ask({ do: 'sequentialWrite', bytes: volumeBytes });
    for (const [name, step] of Object.entries(steps))
      if (wants(name)) await step({ subject, run, report, bytes: Math.floor(1024 * scale) * MiB });
    await subject.ask({ do: 'close' });
  } finally {
    await subject.stop();
    removeFiles([device, file]);
  }
}
