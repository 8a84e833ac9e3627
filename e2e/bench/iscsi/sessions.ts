/** Many sessions at once: whether each gets its share, what they take, and what they take when they do nothing. */
import { readFileSync } from 'node:fs';
import { perSecond } from '../engine/figures.ts';
import { load } from '../initiator.ts';
import type { Bench, Served } from './bench.ts';

const sessions = 64;
const mib = 2 ** 20;
/** Resident: 112 MiB and 2 MiB per session. */
const residentBytesMax = (112 + 2 * sessions) * mib;
/** Of one core. What a clock that ticks takes is within it. */
const idlePercentMax = 0.5;
/** So long that what the load before it left to do (garbage, optimising) counts for little. */
const idleSeconds = 20;

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;

/** `target` must be one whose data is not in its memory. */
export async function manySessions(bench: Bench, { url, pid }: Served): Promise<void> {
  const name = `file: ${sessions} sessions`;
  if (!bench.wanted(name)) return;
  let mostBytes = 0;
  const looking = setInterval(() => (mostBytes = Math.max(mostBytes, residentBytes(pid))), 50);
  const busy = { operation: 'read', bytes: 4096, depth: 4, sessions, seconds: 3 * bench.seconds } as const;
  const reads = await load([url], busy, [pid]);
  const writes = await load([url], { ...busy, operation: 'write' }, [pid]);
  clearInterval(looking);
  for (const [what, result] of Object.entries({ reads, writes })) {
    const counts = result.sessions.map(({ operations }) => operations);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    const rate = (count: number) => perSecond(count / result.seconds);
    const bounds = { floor: 2, goal: 2, better: 'less' } as const;
    const told = { ours: rate(most), reference: rate(least), ratio: most / least, latency: result };
    bench.report({ name: `${name}, ${what}, most of least`, ...told, ...bounds });
  }
  const [taken, bound] = [mostBytes / mib, residentBytesMax / mib];
  const memory = { ours: `${taken.toFixed(0)} MiB`, reference: `${bound} MiB`, ratio: taken / bound };
  bench.report({ name: `${name}, resident`, ...memory, floor: 1, goal: 1, better: 'less' });
  const idle = await load([url], { ...busy, operation: 'idle', seconds: idleSeconds }, [pid]);
  const percent = (100 * (idle.processorNs[0] ?? Number.NaN)) / 1e9 / idle.seconds;
  const share = { ours: `${percent.toFixed(2)} %`, reference: '', ratio: percent };
  bench.report({
    name: `${name} idle, % of a core`,
    ...share,
    floor: idlePercentMax,
    goal: 0.2,
    better: 'less',
  });
}
