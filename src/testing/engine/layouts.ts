/** Pools that the engine is proved on: small, of every layout. */
import type { Layout } from '../../pool-manager/engine/pool.ts';

export interface TestLayout {
  readonly layout: Layout;
  /** Devices of each group. */
  readonly groups: readonly number[];
  readonly deviceBytes: number;
  /** Log devices of each group of them. */
  readonly logs?: readonly number[];
}

const MiB = 2 ** 20;

// prettier-ignore
export const layouts = {
  'stripe-1':   { layout: 'stripe', groups: [1], deviceBytes: 16 * MiB },
  'stripe-2':   { layout: 'stripe', groups: [1, 1], deviceBytes: 16 * MiB },
  'mirror-2':   { layout: 'mirror', groups: [2], deviceBytes: 16 * MiB },
  'mirror-3':   { layout: 'mirror', groups: [3], deviceBytes: 16 * MiB },
  'raidz-3':    { layout: 'raidz', groups: [3], deviceBytes: 16 * MiB },
  'raidz-4':    { layout: 'raidz', groups: [4], deviceBytes: 16 * MiB },
  'raidz2-4':   { layout: 'raidz2', groups: [4], deviceBytes: 16 * MiB },
  'raidz2-6':   { layout: 'raidz2', groups: [6], deviceBytes: 16 * MiB },
  'mirror-2x2': { layout: 'mirror', groups: [2, 2], deviceBytes: 16 * MiB },
  'raidz-2x3':  { layout: 'raidz', groups: [3, 3], deviceBytes: 16 * MiB },
  'stripe-log': { layout: 'stripe', groups: [1], deviceBytes: 16 * MiB, logs: [1] },
  'stripe-4':   { layout: 'stripe', groups: [1, 1, 1, 1], deviceBytes: 16 * MiB },
  'raidz-log':  { layout: 'raidz', groups: [3], deviceBytes: 16 * MiB, logs: [2] },
} as const satisfies Readonly<Record<string, TestLayout>>;

export type LayoutName = keyof typeof layouts;

/** Names of those that have at least so many devices that may be missing from each group. */
export const redundant = (parity = 1): readonly LayoutName[] =>
  // Keys of the table.
  (Object.keys(layouts) as LayoutName[]).filter((name) => parityOf(layouts[name]) >= parity);

/** Devices that a group can do without. */
export function parityOf({ layout, groups }: TestLayout): number {
  const smallest = Math.min(...groups);
  return { stripe: 0, mirror: smallest - 1, raidz: 1, raidz2: 2 }[layout];
}
