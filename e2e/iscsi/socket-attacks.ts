/**
 * What only sockets can do to a target: slow senders, connections that are opened and forgotten, floods of logins, texts
 * without end, initiators that do not read, all at once against a `caskade target --memory` of its own. Meanwhile a disk
 * is written and verified, and the memory of the process is looked at. Then mutated sessions, against another.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prng } from '../../src/shared/prng.ts';
import { defaultServerLimits } from '../../src/target/server-limits.ts';
import { serve, type FirstLine } from '../local/local-volume.ts';
import { openDisk } from '../initiator/disk.ts';
import { verify } from '../initiator/verifier.ts';
import { startWriter } from '../initiator/writer.ts';
import { attacks, mutatedSessions, type Ground } from './hostile-sockets.ts';

const volumeBytes = 64 << 20;
const attackersMax = 5;
/**
 * What the limits of the server allow: the process and what it serves, commands that run, and for each session a window of
 * commands with a first burst each, writes that are asked for, answers that are not taken.
 */
const { commandsMax, solicitedBytesMax, unsentBytesMax, runningBytesMax } = defaultServerLimits;
const perSessionBytes = commandsMax * 262_144 + solicitedBytesMax + unsentBytesMax;
const liveBytesMax = 160 * 2 ** 20 + volumeBytes + runningBytesMax + attackersMax * perSessionBytes;
/** The garbage collector lets as much again pile up before it looks at buffers. */
const rssBytesMax = 2 * liveBytesMax;

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

interface Attacked {
  readonly failures: readonly string[];
  /** For the log. */
  readonly summary: string;
}

/** Runs `attack` against a target of its own, which must stay within its memory and then stop in order. */
async function against(
  name: string,
  { seconds, seed }: Options,
  attack: (ground: Ground, portal: string) => Promise<readonly string[]>,
): Promise<Attacked> {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-attacks-'));
  const argv = ['target', '--memory', String(volumeBytes), '--listen', '127.0.0.1:0'];
  const target = await serve<FirstLine>(argv, join(folder, 'log'));
  const { portal, iqn } = target.line;
  const [host = '', port = ''] = portal.split(':');
  let rssBytes = 0;
  const watch = setInterval(() => {
    rssBytes = Math.max(rssBytes, rssOf(target.pid));
  }, 200);
  const until = performance.now() + seconds * 1000;
  const found = await attack({ host, port: Number(port), iqn, random: prng(seed), until }, portal);
  clearInterval(watch);
  const status = await target.stop();
  const rssMiB = Math.round(rssBytes / 2 ** 20);
  const failures = [
    ...found,
    ...(rssBytes > rssBytesMax ? [`${rssMiB} MiB of memory`] : []),
    ...(status === 0 ? [] : [`the target ended with ${status}, see ${folder}`]),
  ];
  if (failures.length === 0) rmSync(folder, { recursive: true });
  const summary = `sockets, ${name}: ${seconds} s, at most ${rssMiB} MiB, exit status ${status}`;
  return { failures: failures.map((failure) => `sockets, ${name}: ${failure}`), summary };
}

/** A disk is written, and verified in the end, beside all of `attacks`. */
async function withInnocentDisk(ground: Ground, portal: string, seed: number): Promise<readonly string[]> {
  const disk = await openDisk({ portal, target: ground.iqn, initiator: 'iqn.innocent:1', retryDelayMs: 10 });
  const writer = startWriter({ disk, seed, blocks: 1000, queueDepth: 8, unmapShare: 0.1 });
  await Promise.all(Object.values(attacks).map((run) => run(ground)));
  const { acknowledged } = writer.progress;
  const { problems } = await verify({ disk, record: await writer.stop() });
  await disk.close();
  return [
    ...(problems.length > 0 ? [`${problems.length} blocks of the other session are wrong`] : []),
    ...(acknowledged < 100 ? [`the other session got ${acknowledged} writes done`] : []),
  ];
}

export interface Options {
  readonly seconds: number;
  readonly seed: number;
}

/** Half of the time each; mutated sessions have a target of their own, for they may rightly overwrite what others wrote. */
export async function socketAttacks({ seconds, seed }: Options): Promise<readonly string[]> {
  const half = { seconds: seconds / 2, seed };
  const results = [
    await against('floods', half, (ground, portal) => withInnocentDisk(ground, portal, seed)),
    await against('mutated sessions', half, async (ground) => {
      await Promise.all(Array.from({ length: attackersMax - 1 }, () => mutatedSessions(ground)));
      return [];
    }),
  ];
  for (const { summary } of results) console.log(summary);
  return results.flatMap(({ failures }) => failures);
}
