/** The longest pause for garbage collection of a target under load, told by the target itself (garbage-watch.ts). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetPortal } from '../../iscsi/portal.ts';
import { milliseconds } from '../engine/figures.ts';
import { load } from '../initiator.ts';
import { nameOf, type Bench } from './bench.ts';
import type { Pauses } from './garbage-watch.ts';

export async function garbage(bench: Bench): Promise<void> {
  for (const operation of ['read', 'write'] as const) {
    const row = { operation, bytes: 4096, depth: 32 };
    const name = `memory: ${nameOf(row)}, GC pause`;
    if (!bench.wanted(name)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'caskade-garbage-'));
    const file = join(folder, 'pauses.json');
    const watch = `--import=${join(import.meta.dirname, 'garbage-watch.ts')}`;
    const target = await targetPortal('memory', { NODE_OPTIONS: watch, GARBAGE_FILE: file });
    try {
      const { operations } = await load([target.url], { ...row, seconds: 3 * bench.seconds, warmSeconds: 1 });
      await target.stop();
      const { longestMs, count } = JSON.parse(readFileSync(file, 'utf8')) as Pauses;
      const reference = `${Math.round((count * 1e6) / operations)} per M`;
      bench.report({
        name,
        ours: milliseconds(longestMs),
        reference,
        ratio: longestMs,
        floor: 4,
        goal: 2,
        better: 'less',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}
