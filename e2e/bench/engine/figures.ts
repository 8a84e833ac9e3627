/** The figures of the benchmarks, their floors and goals, and how they are told. */

export interface Figure {
  readonly name: string;
  /** With unit, for people. */
  readonly ours: string;
  readonly reference: string;
  readonly ratio: number;
  /** Below it a figure is short; absent: below the goal. */
  readonly floor?: number;
  readonly goal: number;
  /** The ratio has to be at least, or at most, the goal. */
  readonly better: 'more' | 'less';
  readonly cpuUs?: number;
  /** Of our side. */
  readonly latency?: { readonly p50Us: number; readonly p99Us: number };
  /** What else is to be known of it. */
  readonly note?: string;
}

export const isReached = ({ ratio, floor, goal, better }: Figure): boolean =>
  better === 'more' ? ratio >= (floor ?? goal) : ratio <= (floor ?? goal);

export function lineOf(figure: Figure): string {
  const { name, ours, reference, ratio, floor, goal, better, cpuUs, latency, note = '' } = figure;
  const bound = (value: number) => `${better === 'more' ? '>=' : '<='} ${rounded(value)}`.padStart(12);
  return [
    name.padEnd(44),
    ours.padStart(12),
    reference.padStart(12),
    rounded(ratio).padStart(9),
    ...(floor === undefined ? [] : [bound(floor)]),
    bound(goal),
    isReached(figure) ? 'ok   ' : 'short',
    latency === undefined ? '' : `p50 ${microseconds(latency.p50Us)} p99 ${microseconds(latency.p99Us)}`,
    cpuUs === undefined ? '' : `${cpuUs.toFixed(1)} us CPU`,
    note,
  ]
    .join(' ')
    .trimEnd();
}

export const heading = `${'name'.padEnd(44)} ${'ours'.padStart(12)} ${'reference'.padStart(12)} ${'ratio'.padStart(9)} ${'goal'.padStart(12)}`;
/** Of a benchmark that tells floor and goal. */
export const headingWithFloors = `${heading.slice(0, -12)}${'floor'.padStart(12)} ${'goal'.padStart(12)}`;

const rounded = (value: number): string =>
  value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);

export const megabytes = (bytesPerSecond: number): string => `${Math.round(bytesPerSecond / 1e6)} MB/s`;
export const perSecond = (operations: number): string => `${Math.round(operations).toLocaleString('en')}/s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
export const microseconds = (us: number): string => `${us.toFixed(us < 10 ? 1 : 0)} us`;

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
