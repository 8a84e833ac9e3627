/** The layouts beside a stripe of one device, all on files of one disk. */
import type { Layout } from '../../../src/pool-manager/engine/pool.ts';
import { type Bench, GiB, MiB, type Part, rate, rounds } from './bench.ts';
import { median, megabytes } from './figures.ts';
import { makeFile, removeFiles } from './files.ts';
import { startSubject } from './subject-process.ts';

interface Case {
  readonly step: string;
  readonly layout: Layout;
  readonly devices: number;
  readonly goal: number;
  readonly usable: number;
}

const cases: readonly Case[] = [{ step: 'mirror', layout: 'mirror', devices: 2, goal: 0.4, usable: 0.45 }];

export const layoutsPart: Part = { steps: cases.map(({ step }) => step), run: benchLayouts };

async function benchLayouts(
  { folder, scale, report }: Bench,
  wants: (step: string) => boolean,
): Promise<void> {
  const bytes = Math.floor(512 * scale) * MiB;
  const one = async (layout: Layout, devices: number): Promise<{ rate: number; usable: number }> => {
    const deviceBytes = 2 * GiB;
    const paths = Array.from({ length: devices }, (_, i) => makeFile(folder, `pool-${i}`, deviceBytes));
    const subject = startSubject(devices);
    try {
      const { extra } = await subject.ask({ do: 'open', layout, groups: [paths] });
      await subject.ask({ do: 'volume', sizeBytes: GiB });
      const rates: number[] = [];
      for (let i = 0; i < rounds; i++)
        rates.push(rate(await subject.ask({ do: 'sequentialWrite', bytes })) * MiB);
      await subject.ask({ do: 'close' });
      return { rate: median(rates), usable: (extra['usableBytes'] ?? 0) / (devices * deviceBytes) };
    } finally {
      await subject.stop();
      removeFiles(paths);
    }
  };
  for (const { layout, devices, goal, usable } of cases.filter(({ step }) => wants(step))) {
    const stripe = await one('stripe', 1);
    const ours = await one(layout, devices);
    const name = `${layout} of ${devices}`;
    report({
      name: `sequential write, ${name} beside stripe`,
      ours: megabytes(ours.rate),
      reference: megabytes(stripe.rate),
      ratio: ours.rate / stripe.rate,
      goal,
      better: 'more',
    });
    report({
      name: `usable space, ${name}`,
      ours: `${(100 * ours.usable).toFixed(1)} %`,
      reference: 'raw',
      ratio: ours.usable,
      goal: usable,
      better: 'more',
    });
  }
}
