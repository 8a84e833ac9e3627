/** A pool that is four fifths full and overwritten at random for the third time. */
import { type Bench, MiB, type Part, rate } from './bench.ts';
import { type Figure, median, milliseconds, perSecond } from './figures.ts';
import { makeFile, removeFiles } from './files.ts';
import { fio } from './fio.ts';
import { startSubject, type Subject } from './subject-process.ts';

const blockBytes = 4096;
/** The rest of what is live is the map. */
const dataPart = 127 / 128;

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
  const deviceBytes = Math.ceil(4096 * scale) * MiB;
  const device = makeFile(folder, 'pool-0', deviceBytes);
  const file = makeFile(folder, 'reference', 512 * MiB);
  const subject = startSubject();
  const tell = (what: string, figure: Omit<Figure, 'name'>): void =>
    report({ name: `${one.name}: ${what}`, ...figure });
  try {
    const { extra } = await subject.ask({ do: 'open', layout: 'stripe', groups: [[device]] });
    const liveBytes = (extra['segmentsBytes'] ?? 0) * one.full * dataPart;
    const sizeBytes = Math.floor(liveBytes / MiB) * MiB;
    const burst = Math.floor(((extra['segmentsBytes'] ?? 0) * (1 - one.full)) / 4 / blockBytes);
    await subject.ask({ do: 'volume', sizeBytes });
    await subject.ask({ do: 'sequentialWrite', bytes: sizeBytes });
    const reads = async () => rate(await subject.ask({ do: 'randomRead', seconds: 1, depth: 32 }));
    await subject.ask({ do: 'settle' }); // reads alone, not beside what writes left to build
    const freshReads = median([await reads(), await reads(), await reads()]);
    const freshBurst = rate(await subject.ask({ do: 'acknowledge', operations: burst }));
    const fresh = rate(await subject.ask({ do: 'randomWrite', seconds: 0.5, skew: one.skew }));
    await overwrite(subject, 2 * (sizeBytes / blockBytes), one.skew);
    const third = await subject.ask({ do: 'randomWrite', seconds: 6, skew: one.skew });
    const { appendedUnits = 1, movedUnits = 0 } = third.extra;
    const amplification = 1 + movedUnits / appendedUnits;
    tell('amplification of data', {
      ours: amplification.toFixed(2),
      reference: `${(third.writtenBytes / (third.operations * blockBytes)).toFixed(2)} in all`,
      ratio: amplification,
      goal: one.amplification,
      better: 'less',
      cpuUs: third.cpuUs / third.operations,
    });
    const mixed = fio(file, 512 * MiB, { rw: 'randrw', blockBytes: 262_144, depth: 8, seconds: 2 });
    const allowed = Math.min(0.6 * fresh, mixed.bytesPerSecond / blockBytes / (2 * amplification));
    tell('writes', {
      ours: perSecond(rate(third)),
      reference: perSecond(allowed),
      ratio: rate(third) / allowed,
      goal: 0.75,
      better: 'more',
    });
    tell('longest wait of a write', {
      ours: milliseconds(third.waitMsMax),
      reference: '-',
      ratio: third.waitMsMax,
      goal: 100,
      better: 'less',
    });
    await subject.ask({ do: 'settle' });
    const agedReads = median([await reads(), await reads(), await reads()]);
    tell('random reads beside fresh', {
      ours: perSecond(agedReads),
      reference: perSecond(freshReads),
      ratio: agedReads / freshReads,
      goal: 0.9,
      better: 'more',
    });
    await subject.ask({ do: 'idle', seconds: 20 });
    const agedBurst = rate(await subject.ask({ do: 'acknowledge', operations: burst }));
    tell('burst after idle cleaning', {
      ours: perSecond(agedBurst),
      reference: perSecond(freshBurst),
      ratio: agedBurst / freshBurst,
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
