/** `caskade local replica add|remove|move|force`: a volume keeps what was flushed, whoever its replicas are. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { login, ScsiError } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import {
  command,
  gone,
  healthy,
  identical,
  inFolder,
  startLocal,
  statusOf,
  type FirstLine,
} from './local-volume.ts';
import type { Check } from './suite.ts';

const blockBytes = 4096;
const block = (fill: number) => Buffer.alloc(blockBytes, fill);

/** Block n holds n, for all n up to `last`. */
async function holds({ portal, iqn }: FirstLine, last: number): Promise<void> {
  const disk = await login({ portal, target: iqn });
  for (let n = 1; n <= last; n++)
    assert.ok(Buffer.from(await disk.read(n * blockBytes, blockBytes)).equals(block(n)), `block ${n}`);
  await disk.logout();
}

async function put({ portal, iqn }: FirstLine, n: number): Promise<void> {
  const disk = await login({ portal, target: iqn });
  await disk.write(n * blockBytes, block(n));
  await disk.flush();
  await disk.logout();
}

const replica = (dir: string, verb: string, ...more: readonly string[]) =>
  command('local', 'replica', verb, '--dir', dir, ...more);

const scaled: Check = {
  name: 'local: one replica becomes three, one moves, three become one; each time all hold the same',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder, { replicas: 1, size: '16M' });
      const steps = [['add'], ['add'], ['move', 'pool-1'], ['remove', 'pool-2'], ['remove', 'pool-3']];
      const expected = [
        'pool-1 pool-2',
        'pool-1 pool-2 pool-3',
        'pool-2 pool-3 pool-4',
        'pool-3 pool-4',
        'pool-4',
      ];
      for (const [i, [verb = '', ...name]] of steps.entries()) {
        await put(line, i + 1);
        const { status, stdout, stderr } = await replica(dir, verb, ...name);
        assert.equal(status, 0, stderr);
        const { replicas } = JSON.parse(stdout) as { replicas: readonly string[] };
        assert.equal(replicas.toSorted().join(' '), expected[i]);
        await healthy(dir);
        await identical(dir);
        await holds(line, i + 1);
      }
    }),
};

/** Exit status 2, and why. */
async function refused(dir: string, argv: readonly string[], says: string): Promise<void> {
  const { status, stderr } = await replica(dir, 'force', ...argv);
  assert.equal(status, 2, stderr);
  assert.ok(stderr.includes(says), `${stderr.trim()} says ${says}`);
}

const forced: Check = {
  name: 'local: two of three replicas are lost for good: one goes on when volume and loss are named, and becomes three',
  timeoutMs: 180_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder, { size: '16M', more: ['--quorum-wait', '1'] });
      const { line } = local;
      const volume = line.iqn.split(':')[1] ?? '';
      await put(line, 1);
      await healthy(dir);
      const survivors = ['--survivors', 'pool-1'];
      await refused(dir, [...survivors, '--volume', volume, '--loss', 'flushed'], 'the volume serves');
      const lost = [line.pids.pools['pool-2'] ?? 0, line.pids.pools['pool-3'] ?? 0];
      for (const pid of lost) process.kill(pid, 'SIGKILL');
      await gone(lost, 5_000);
      await until('the volume is Offline', 20_000, async () => {
        const { state } = await statusOf(dir);
        return state === 'Offline' ? { state } : state;
      });
      await assert.rejects(put(line, 2)); // BUSY, or no word while the target has no leases

      await refused(dir, survivors, `name ${volume}`);
      await refused(dir, [...survivors, '--volume', volume], 'even writes that were flushed may be missing');
      await refused(
        dir,
        [...survivors, '--volume', volume, '--loss', 'unflushed'],
        'naming the loss flushed',
      );
      await refused(
        dir,
        ['--survivors', 'pool-2', '--volume', volume, '--loss', 'flushed'],
        'pool-1 is not lost',
      );
      const { status, stdout, stderr } = await replica(
        dir,
        'force',
        ...survivors,
        '--volume',
        volume,
        '--loss',
        'flushed',
      );
      assert.equal(status, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), {
        replicas: ['pool-1'],
        givenUp: ['pool-2', 'pool-3'],
        version: 2,
      });
      await healthy(dir);
      assert.ok(existsSync(join(dir, 'given-up-2-pool-2')), 'what was given up is set aside, not destroyed');
      await holds(line, 1);
      // Whoever kept running hears of the loss once.
      await assert.rejects(put(line, 2), ScsiError);
      await put(line, 2);
      for (const _ of lost) assert.equal((await replica(dir, 'add')).status, 0);
      assert.equal((await healthy(dir)).replicas.length, 3);
      await identical(dir);
      await holds(line, 2);
      assert.equal(await local.stop(), 0);
      await startLocal(folder, { replicas: 3, size: '16M' });
      await healthy(dir);
    }),
};

export const memberChecks: readonly Check[] = [scaled, forced];
