/**
 * `node e2e/bench/idle.ts [ROUNDS]`: start-up time to serving and idle memory of pool and target; and, while a demo cluster runs
 * on this machine, the memory of each role in its containers.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serve, startArgv, type FirstLine } from '../local/local-volume.ts';

const rounds = Number(process.argv[2] ?? 3);
/** Garbage of the start is collected, or not: what stays after this is called idle. */
const idleMs = 5_000;

/** Bytes of the process alone: shared pages (the node binary) are counted by share. */
function memoryOf(pid: number): { rss: number; pss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { rss: kib('Rss') / 1024, pss: kib('Pss') / 1024 };
}

/** Milliseconds from the start of process `pid` to the log line that says `message`. */
function startOf(log: string, pid: number, message: string): number {
  const lines = log
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          message: string;
          pid?: number;
          timestamp: string;
          role: string;
          process?: string;
        },
    );
  const started = lines.find((line) => line.message === 'process started' && line.pid === pid);
  const role = started?.process === 'target' ? 'target' : 'pool';
  const reached = lines.find(
    (line) =>
      line.message === message &&
      line.role === role &&
      (role === 'target' || (line as { pool?: string }).pool === started?.process),
  );
  if (started === undefined || reached === undefined) return Number.NaN;
  return Date.parse(reached.timestamp) - Date.parse(started.timestamp);
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const measured: Record<string, { startMs: number[]; rss: number[]; pss: number[] }> = {};
const note = (name: string, startMs: number, memory?: { rss: number; pss: number }) => {
  const entry = (measured[name] ??= { startMs: [], rss: [], pss: [] });
  entry.startMs.push(startMs);
  if (memory !== undefined) {
    entry.rss.push(memory.rss);
    entry.pss.push(memory.pss);
  }
};

async function round(folder: string, size: string): Promise<void> {
  const logFile = join(folder, `log-${performance.now()}`);
  const beganMs = performance.now();
  const local = await serve<FirstLine>(startArgv(join(folder, 'd'), { replicas: 3, size }), logFile);
  const wholeMs = performance.now() - beganMs;
  await delay(idleMs);
  const log = local.log();
  const { target, pools } = local.line.pids;
  note('target (recovered, iSCSI open)', startOf(log, target, 'serving'), memoryOf(target));
  for (const pid of Object.values(pools))
    note('pool (imported, replicas served)', startOf(log, pid, 'pool is open'), memoryOf(pid));
  note('caskade local, 3 replicas, existing volume', wholeMs, memoryOf(local.pid));
  await local.stop();
}

const folder = mkdtempSync(join(tmpdir(), 'caskade-bench-'));
try {
  const log = join(folder, 'first');
  const first = await serve<FirstLine>(startArgv(join(folder, 'd'), { replicas: 3, size: '1Gi' }), log);
  await first.stop();
  for (let i = 0; i < rounds; i++) await round(folder, '1Gi');
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`Median of ${rounds} starts, idle for ${idleMs / 1000} s, 1 GiB volume, node ${process.version}`);
console.log(`| process | start to serving, ms | RSS, MiB | PSS, MiB |\n|---|---|---|---|`);
for (const [name, { startMs, rss, pss }] of Object.entries(measured))
  console.log(
    `| ${name} | ${median(startMs).toFixed(0)} | ${median(rss).toFixed(0)} | ${median(pss).toFixed(0)} |`,
  );

/** Roles in containers of the image on this machine, seen from outside: role → memory of each process. */
function rolesInContainers(): Map<string, { rss: number; pss: number }[]> {
  const found = new Map<string, { rss: number; pss: number }[]>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      const [, role] =
        /\/opt\/caskade\/dist\/main\.js\0([\w-]+)\0/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? [];
      if (role !== undefined) found.set(role, [...(found.get(role) ?? []), memoryOf(Number(pid))]);
    } catch {
      // It has ended meanwhile, or is not ours to look at.
    }
  return found;
}

const roles = rolesInContainers();
if (roles.size > 0)
  console.log(
    '\nRunning in containers on this machine\n| role | processes | RSS, MiB | PSS, MiB |\n|---|---|---|---|',
  );
for (const [role, memory] of [...roles].toSorted(([a], [b]) => a.localeCompare(b)))
  console.log(
    `| ${role} | ${memory.length} | ${median(memory.map(({ rss }) => rss)).toFixed(0)} | ${median(memory.map(({ pss }) => pss)).toFixed(0)} |`,
  );
