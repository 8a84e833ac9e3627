/** A pool that is four fifths full and overwritten at random for the third time. */
import { type Bench, MiB, type Part, rate } from './bench.ts';
import { median, milliseconds, perSecond } from './figures.ts';
import { makeFile, removeFiles } from './files.ts';
import { fio } from './fio.ts';
import { startSubject, type Subject } from './subject-process.ts';

const blockBytes = 4096;

/** Share of the segments' space that is live, load, and the greatest amplification of what is written. */
const cases = [
  { full: 0.8, skew: false, amplification: 3, step: 'aged-uniform', name: '80 % full, uniform' },
  { full: 0.8, skew: true, amplification: 2.7, step: 'aged-skew', name: '80 % full, 80-20' },
  { full: 0.65, skew: false, amplification: 1.8, step: 'aged-65', name: '65 % full, uniform' },
] as const;

export const agedPart: Part = {
  steps: cases.map(({ step }) => step),
  async run(bench, wants) {
    for (const one of cases) if (wants(one.step)) await benchOne(bench, one);
  },
};

async function benchOne({ folder, scale, report }: Bench, one: (typeof cases)[number]): Promise<void> {
  const deviceBytes = Math.ceil(1024 * scale) * MiB;
  const device = makeFile(folder, 'pool-0', deviceBytes);
  const file = makeFile(folder, 'reference', 512 * MiB);
  const subject = startSubject();
  try {
    await subject.ask({ do: 'open', layout: 'stripe', groups: [[device]] });
    const sizeBytes = Math.floor((deviceBytes * one.full) / MiB) * MiB;
    await subject.ask({ do: 'volume', sizeBytes });
    await subject.ask({ do: 'sequentialWrite', bytes: sizeBytes });
    const freshReads = rate(await subject.ask({ do: 'randomRead', seconds: 2, depth: 32 }));
    const fresh = rate(await subject.ask({ do: 'randomWrite', seconds: 0.5, skew: one.skew }));
    await overwrite(subject, 2 * (sizeBytes / blockBytes), one.skew);
    const third = await subject.ask({ do: 'randomWrite', seconds: 5, skew: one.skew });
    const amplification = third.writtenBytes / (third.operations * blockBytes);
    report({
      name: `${one.name}: amplification`,
      ours: amplification.toFixed(2),
      reference: '-',
      ratio: amplification,
      goal: one.amplification,
      better: 'less',
      cpuUs: third.cpuUs / third.operations,
    });
    const mixed = fio(file, 512 * MiB, { rw: 'randrw', blockBytes: 262_144, depth: 8, seconds: 2 });
    const allowed = Math.min(0.6 * fresh, mixed.bytesPerSecond / blockBytes / (2 * amplification));
    report({
      name: `${one.name}: writes`,
      ours: perSecond(rate(third)),
      reference: perSecond(allowed),
      ratio: rate(third) / allowed,
      goal: 0.75,
      better: 'more',
    });
    report({
      name: `${one.name}: longest wait of a write`,
      ours: milliseconds(third.waitMsMax),
      reference: '-',
      ratio: third.waitMsMax,
      goal: 100,
      better: 'less',
    });
    const agedReads = median([
      rate(await subject.ask({ do: 'randomRead', seconds: 1, depth: 32 })),
      rate(await subject.ask({ do: 'randomRead', seconds: 1, depth: 32 })),
      rate(await subject.ask({ do: 'randomRead', seconds: 1, depth: 32 })),
    ]);
    report({
      name: `${one.name}: random reads beside fresh`,
      ours: perSecond(agedReads),
      reference: perSecond(freshReads),
      ratio: agedReads / freshReads,
      goal: 0.9,
      better: 'more',
    });
    await subject.ask({ do: 'close' });
  } finally {
    await subject.stop();
    removeFiles([device, file]);
  }
}

/** A few rounds before what counts, of a bounded length. */
async function overwrite(subject: Subject, operations: number, skew: boolean): Promise<void> {
  let done = 0;
  for (let i = 0; i < 30 && done < operations; i++)
    done += (await subject.ask({ do: 'randomWrite', seconds: 2, skew })).operations;
}
