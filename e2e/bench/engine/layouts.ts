/** The layouts beside a stripe of one device, all on files of one disk. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from '../../../src/pool-manager/engine/pool.ts';
import { labelBytes, logBytesFor } from '../../../src/pool-manager/engine/group/geometry.ts';
import { blockBytes } from '../../../src/shared/block-size.ts';
import { type Bench, GiB, MiB, type Part, rate, rounds } from './bench.ts';
import { median, megabytes } from './figures.ts';
import { makeFile, removeFiles } from './files.ts';
import { startSubject, type Subject } from './subject-process.ts';

interface Case {
  readonly step: string;
  readonly layout: Layout;
  readonly devices: number;
  readonly deviceBytes: number;
  /** Of a stripe, with all devices on one disk; and of what the devices hold besides labels and log. */
  readonly goal: number;
  readonly usable: number;
}

const cases: readonly Case[] = [
  { step: 'mirror', layout: 'mirror', devices: 2, deviceBytes: 2 * GiB, goal: 0.45, usable: 0.45 },
  { step: 'raidz', layout: 'raidz', devices: 4, deviceBytes: 768 * MiB, goal: 0.4, usable: 0.68 },
  { step: 'raidz2', layout: 'raidz2', devices: 6, deviceBytes: 512 * MiB, goal: 0.35, usable: 0.6 },
];
const volumeBytes = GiB;
/** Of each device of a pool that is filled. */
const fullBytes = 2 * GiB;

export const layoutsPart: Part = { steps: cases.map(({ step }) => step), run: benchLayouts };

interface Opened {
  readonly subject: Subject;
  readonly paths: readonly string[];
}

async function benchLayouts(bench: Bench, wants: (step: string) => boolean): Promise<void> {
  const wanted = cases.filter(({ step }) => wants(step));
  if (wanted.length === 0) return;
  const stripe = await open(bench, 'stripe', 1, 2 * GiB, 'stripe');
  try {
    for (const one of wanted) await benchOne(bench, one, stripe.subject);
  } finally {
    await close(stripe);
  }
}

async function open(
  { folder }: Bench,
  layout: Layout,
  devices: number,
  deviceBytes: number,
  name: string,
): Promise<Opened> {
  const paths = Array.from({ length: devices }, (_, i) => makeFile(folder, `${name}-${i}`, deviceBytes));
  const subject = startSubject(devices);
  await subject.ask({ do: 'open', layout, groups: [paths] });
  await subject.ask({ do: 'volume', sizeBytes: volumeBytes });
  return { subject, paths };
}

async function close({ subject, paths }: Opened): Promise<void> {
  await subject.stop();
  removeFiles(paths);
}

/** In turns with the stripe. */
async function benchOne(bench: Bench, one: Case, stripe: Subject): Promise<void> {
  const { layout, devices, deviceBytes, goal } = one;
  const bytes = Math.floor(384 * bench.scale) * MiB;
  const ours = await open(bench, layout, devices, deviceBytes, 'pool');
  const write = async (subject: Subject) => rate(await subject.ask({ do: 'sequentialWrite', bytes })) * MiB;
  const name = `${layout} of ${devices}`;
  try {
    const rates: { readonly ours: number; readonly stripe: number }[] = [];
    for (let i = 0; i < rounds; i++)
      rates.push({ ours: await write(ours.subject), stripe: await write(stripe) });
    bench.report({
      name: `sequential write, ${name} beside stripe`,
      ours: megabytes(median(rates.map((each) => each.ours))),
      reference: megabytes(median(rates.map((each) => each.stripe))),
      ratio: median(rates.map((each) => each.ours / each.stripe)),
      goal,
      better: 'more',
    });
  } finally {
    await close(ours);
  }
  await benchUsable(bench, one, name);
}

/** What a pool takes until it is full; its segments are nearly as large as those of any larger pool. */
async function benchUsable(bench: Bench, { layout, devices, usable }: Case, name: string): Promise<void> {
  const paths = Array.from({ length: devices }, (_, i) => join(bench.folder, `full-${i}`));
  for (const path of paths) {
    writeFileSync(path, '');
    truncateSync(path, fullBytes);
  }
  const rawBytes = devices * (fullBytes - 2 * labelBytes - logBytesFor(fullBytes));
  const subject = startSubject(devices);
  try {
    await subject.ask({ do: 'open', layout, groups: [paths] });
    await subject.ask({ do: 'volume', sizeBytes: rawBytes });
    const { operations } = await subject.ask({ do: 'fill' });
    const part = (operations * blockBytes) / rawBytes;
    bench.report({
      name: `usable space, ${name}`,
      ours: `${(100 * part).toFixed(1)} %`,
      reference: 'raw',
      ratio: part,
      goal: usable,
      better: 'more',
    });
  } finally {
    await close({ subject, paths });
  }
}
