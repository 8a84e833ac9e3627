/** The figures of the benchmark, their goals, and how they are told. */

export interface Figure {
  readonly name: string;
  /** With unit, for people. */
  readonly ours: string;
  readonly reference: string;
  readonly ratio: number;
  readonly goal: number;
  /** The ratio has to be at least, or at most, the goal. */
  readonly better: 'more' | 'less';
  readonly cpuUs?: number;
}

export const isReached = ({ ratio, goal, better }: Figure): boolean =>
  better === 'more' ? ratio >= goal : ratio <= goal;

export function lineOf(figure: Figure): string {
  const { name, ours, reference, ratio, goal, better, cpuUs } = figure;
  return [
    name.padEnd(44),
    ours.padStart(12),
    reference.padStart(12),
    rounded(ratio).padStart(9),
    `${better === 'more' ? '>=' : '<='} ${rounded(goal)}`.padStart(12),
    isReached(figure) ? 'ok   ' : 'short',
    cpuUs === undefined ? '' : `${cpuUs.toFixed(1)} us CPU`,
  ]
    .join(' ')
    .trimEnd();
}

export const heading = `${'name'.padEnd(44)} ${'ours'.padStart(12)} ${'reference'.padStart(12)} ${'ratio'.padStart(9)} ${'goal'.padStart(12)}`;

const rounded = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);

export const megabytes = (bytesPerSecond: number): string => `${Math.round(bytesPerSecond / 1e6)} MB/s`;
export const perSecond = (operations: number): string => `${Math.round(operations).toLocaleString('en')}/s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
