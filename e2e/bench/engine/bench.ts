/** What the parts of the benchmark share. */
import { type Figure, median } from './figures.ts';
import type { Subject } from './subject-process.ts';
import type { Load, Measured } from './subject.ts';

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

export interface Bench {
  readonly folder: string;
  /** 1 is the full size; smaller is quicker and says less. */
  readonly scale: number;
  readonly report: (figure: Figure) => void;
}

/** Figures that are measured on pools of their own; each step can be run alone. */
export interface Part {
  readonly steps: readonly string[];
  readonly run: (bench: Bench, wants: (step: string) => boolean) => Promise<void>;
}

export interface Pair {
  readonly ours: readonly Measured[];
  readonly reference: readonly number[];
  readonly ratio: number;
}

export const rounds = 3;

/** In turns: ours, fio, ours, fio. */
export async function pair(
  subject: Subject,
  load: Load,
  rateOf: (measured: Measured) => number,
  reference: () => number,
): Promise<Pair> {
  const ours: Measured[] = [];
  const references: number[] = [];
  const ratios: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const measured = await subject.ask(load);
    const known = reference();
    ours.push(measured);
    references.push(known);
    ratios.push(rateOf(measured) / known);
  }
  return { ours, reference: references, ratio: median(ratios) };
}

export const rate = ({ operations, seconds }: Measured) => operations / seconds;
export const cpuOf = (measured: readonly Measured[]) => median(measured.map((m) => m.cpuUs / m.operations));
