/** A fresh pool of one device beside fio: bandwidth, operations, flushes. */
import { type Bench, cpuOf, GiB, MiB, pair, rate, rounds } from './bench.ts';
import { median, megabytes, milliseconds, perSecond } from './figures.ts';
import { makeFile, removeFiles } from './files.ts';
import { fio, type FioJob } from './fio.ts';
import { startSubject, type Subject } from './subject-process.ts';
import type { Measured } from './subject.ts';

export async function benchFresh({ folder, scale, report }: Bench): Promise<void> {
  const poolBytes = Math.ceil(8 * scale) * GiB;
  const volumeBytes = Math.floor(((2 * GiB * scale) / GiB) * 1024) * MiB;
  const device = makeFile(folder, 'pool-0', poolBytes);
  const file = makeFile(folder, 'reference', volumeBytes);
  const run = (job: Omit<FioJob, 'seconds'>) => fio(file, volumeBytes, { ...job, seconds: 2 });
  const subject = startSubject();
  try {
    await subject.ask({ do: 'open', layout: 'stripe', groups: [[device]] });
    await subject.ask({ do: 'volume', sizeBytes: volumeBytes });
    await subject.ask({ do: 'sequentialWrite', bytes: volumeBytes });
    await bandwidth(subject, run, Math.floor(GiB * scale), report);
    await flushes(subject, run, report);
    await randomReads(subject, run, report);
    await randomWrites(subject, run, report);
    await subject.ask({ do: 'close' });
  } finally {
    await subject.stop();
    removeFiles([device, file]);
  }
}

type Run = (job: Omit<FioJob, 'seconds'>) => ReturnType<typeof fio>;
type Report = Bench['report'];

async function bandwidth(subject: Subject, run: Run, bytes: number, report: Report): Promise<void> {
  for (const [name, load, rw, goal] of [
    ['sequential write 1 MiB', 'sequentialWrite', 'write', 0.8],
    ['sequential read 1 MiB', 'sequentialRead', 'read', 0.9],
  ] as const) {
    const { ours, reference, ratio } = await pair(
      subject,
      { do: load, bytes },
      (measured) => rate(measured) * MiB,
      () => run({ rw, blockBytes: MiB, depth: 8 }).bytesPerSecond,
    );
    report({
      name,
      ours: megabytes(median(ours.map((m) => rate(m) * MiB))),
      reference: megabytes(median(reference)),
      ratio,
      goal,
      better: 'more',
      cpuUs: cpuOf(ours),
    });
  }
}

async function flushes(subject: Subject, run: Run, report: Report): Promise<void> {
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
}

async function randomReads(subject: Subject, run: Run, report: Report): Promise<void> {
  const reads = await pair(subject, { do: 'randomRead', seconds: 2, depth: 32 }, rate, () => {
    return run({ rw: 'randread', blockBytes: 4096, depth: 32 }).operationsPerSecond;
  });
  report({
    name: '4 KiB random read, QD32, data cold',
    ours: perSecond(median(reads.ours.map(rate))),
    reference: perSecond(median(reads.reference)),
    ratio: reads.ratio,
    goal: 0.7,
    better: 'more',
    cpuUs: cpuOf(reads.ours),
  });
}

/** fio's rate counts up to 100,000/s: what is asked is twice that, or 200,000/s. */
const fastest = 100_000;

async function randomWrites(subject: Subject, run: Run, report: Report): Promise<void> {
  const taken: Measured[] = [];
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
}
