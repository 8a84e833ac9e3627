/**
 * `node e2e/local/walk-through.ts [--write]`: what a person sees who kills, cuts off and loses replicas of a volume, with the
 * real output of each command. --write renews docs/walk-through.md.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { login } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import {
  command,
  endAll,
  gone,
  healthy,
  inFolder,
  startLocal,
  statusOf,
  type FirstLine,
} from './local-volume.ts';

const lines: string[] = [];
const dirShown = '/tmp/vol';

/** Words for the reader. */
const say = (...text: readonly string[]): void => void lines.push(...text, '');

/** Runs a command of the product and shows it as a person would have typed it. */
async function show(dir: string, ...argv: readonly string[]): Promise<void> {
  const { stdout, stderr, status } = await command(
    'local',
    ...argv.slice(0, 1),
    ...argv.slice(1),
    '--dir',
    dir,
  );
  const shown = [stdout.trimEnd(), stderr.trimEnd()].filter((text) => text !== '').join('\n');
  const exit = status === 0 ? [] : [`(exit status ${status})`];
  const typed = ['caskade', 'local', ...argv, '--dir', dirShown].join(' ');
  lines.push('```', `$ ${typed}`, ...shown.replaceAll(dir, dirShown).split('\n'), ...exit, '```', '');
}

const state = (dir: string, wanted: string) =>
  until(`the volume is ${wanted}`, 60_000, async () => {
    const { state: is } = await statusOf(dir);
    return is === wanted ? { is } : is;
  });

/** Written and flushed, or not acknowledged: BUSY, or no word while the target has no leases. */
async function write({ portal, iqn }: FirstLine, block: number): Promise<'written' | 'not'> {
  try {
    const disk = await login({ portal, target: iqn });
    await disk.write(block * 4096, Buffer.alloc(4096, block));
    await disk.flush();
    await disk.logout();
    return 'written';
  } catch (error) {
    // Whatever an initiator can hear of it: it tries again.
    if (error instanceof Error) return 'not';
    throw error;
  }
}

async function walk(folder: string): Promise<void> {
  const dir = join(folder, 'd');
  const { line } = await startLocal(folder, { size: '64M', more: ['--quorum-wait', '1'] });
  const volume = line.iqn.split(':')[1] ?? '';
  const pool = (n: number): number => line.pids.pools[`pool-${n}`] ?? 0;

  say(
    '# A walk through what can happen',
    '',
    'Recorded by `node e2e/local/walk-through.ts --write`; commands and answers are real.',
  );
  say(
    'A volume of three replicas, `caskade local --dir /tmp/vol --replicas 3 --size 64M --quorum-wait 1 …`, and an initiator that writes and flushes:',
  );
  assert.equal(await write(line, 1), 'written');
  await healthy(dir);
  await show(dir, 'status');

  say(
    '## A pool is killed',
    '',
    'SIGKILL for `pool-3`. Two of three are enough: a write and a flush in the meantime succeed.',
  );
  process.kill(pool(3), 'SIGKILL');
  await gone([pool(3)], 5_000);
  await state(dir, 'Degraded');
  assert.equal(await write(line, 2), 'written');
  await show(dir, 'status');
  say('It is started again, gets what it lacks, and is trusted when that is proved:');
  await show(dir, 'restart', 'pool-3');
  await healthy(dir);
  await show(dir, 'status');

  say(
    '## A pool is cut off',
    '',
    '`pool-2` is paused (SIGSTOP), as if its network were gone: it lives, and nobody hears of it. After 8 s of silence its link is given up.',
  );
  process.kill(pool(2), 'SIGSTOP');
  await state(dir, 'Degraded');
  assert.equal(await write(line, 3), 'written');
  await show(dir, 'status');
  say('It is back (SIGCONT), and is resent what it missed:');
  process.kill(pool(2), 'SIGCONT');
  await healthy(dir);
  await show(dir, 'status');
  say('Nothing was lost on the way, and all replicas hold the same:');
  await show(dir, 'scrub');

  say(
    '## Too many are away',
    '',
    '`pool-1` and `pool-2` are killed. One of three acknowledges nothing: a write is not answered, or hears BUSY, and its initiator tries again.',
  );
  const away = [pool(1), pool(2)];
  for (const pid of away) process.kill(pid, 'SIGKILL');
  await gone(away, 5_000);
  await state(dir, 'Offline');
  assert.equal(await write(line, 4), 'not');
  await show(dir, 'status');
  say('One that comes back is enough, and nobody has to say so:');
  await show(dir, 'restart', 'pool-1');
  await state(dir, 'Degraded');
  assert.equal(await write(line, 4), 'written');
  await show(dir, 'status');

  say(
    '## Two are lost for good',
    '',
    'Say that the disks of `pool-1` and `pool-2` will never come back. A majority is gone, and only a person can decide to go on with `pool-3`. Without the right words nothing happens:',
  );
  const { replicas } = await statusOf(dir);
  assert.equal(replicas.length, 3);
  await endPool(dir, 'pool-1');
  await state(dir, 'Offline');
  const force = ['replica', 'force', '--survivors', 'pool-3'];
  await show(dir, ...force);
  await show(dir, ...force, '--volume', volume);
  await show(dir, ...force, '--volume', volume, '--loss', 'flushed');
  await healthy(dir);
  await show(dir, 'status');
  say(
    'Each initiator hears of the possible loss once, at its next flush; then the volume is made whole again:',
  );
  assert.equal(await write(line, 5), 'not');
  assert.equal(await write(line, 5), 'written');
  await show(dir, 'replica', 'add');
  await show(dir, 'replica', 'add');
  await healthy(dir);
  await show(dir, 'status');
  await show(dir, 'verify');
}

/** By its name: it was started anew since the first line. */
async function endPool(dir: string, name: string): Promise<void> {
  const { stdout } = await command('local', 'restart', '--dir', dir, name);
  const { pid } = JSON.parse(stdout) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await gone([pid], 5_000);
  await delay(0);
}

await inFolder(walk);
await endAll();
const text = `${lines.join('\n').trimEnd()}\n`;
if (process.argv.includes('--write'))
  writeFileSync(join(import.meta.dirname, '../../docs/walk-through.md'), text);
else console.log(text);
