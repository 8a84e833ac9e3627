/** What a volume takes that nobody uses. */
import { readFileSync } from 'node:fs';
import { load } from '../initiator.ts';
import { openVolume, type Bench } from './bench.ts';

const mib = 2 ** 20;
const name = 'idle volume';
const idleSeconds = 60;
/**
 * What the start took is over then: grants, the last commit and the roots that follow it, and what V8 does in the first
 * minutes: it compiles, and 106 and 212 seconds after the start it collects (src/shared/edge/idle-heap.ts).
 */
const settleMs = 240_000;

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;

export async function idleVolume(bench: Bench): Promise<void> {
  if (!bench.wanted(name)) return;
  const volume = await openVolume(bench, '1Gi');
  try {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const [target = 0] = volume.pids;
    const nothing = { operation: 'idle', bytes: 4096, depth: 1, seconds: idleSeconds } as const;
    const { processorNs, seconds } = await load(volume.urls, nothing, volume.pids);
    const resident = residentBytes(target) / mib;
    const told = { reference: '', better: 'less' } as const;
    bench.report({
      name: `${name}: target, MiB`,
      ours: `${resident.toFixed(0)} MiB`,
      ratio: resident,
      floor: 112,
      goal: 80,
      ...told,
    });
    const percent = (100 * processorNs.reduce((sum, ns) => sum + ns, 0)) / 1e9 / seconds;
    bench.report({
      name: `${name}: all, % of a core`,
      ours: `${percent.toFixed(2)} %`,
      ratio: percent,
      floor: 0.5,
      goal: 0.2,
      ...told,
    });
  } finally {
    await volume.end();
  }
}
