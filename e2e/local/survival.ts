/**
 * What the data plane must survive, under a writer that records what was acknowledged and what was flushed. After each
 * fault: service resumes by itself, the volume becomes healthy, the verifier is clean, replicas are byte for byte equal.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { prng } from '../../src/shared/prng.ts';
import { openDisk, type Disk } from '../initiator/disk.ts';
import { verify } from '../initiator/verifier.ts';
import { startWriter, type Writer } from '../initiator/writer.ts';
import { until } from '../until.ts';
import {
  gone,
  healthy,
  identical,
  inFolder,
  restart,
  startLocal,
  statusOf,
  targetClient,
  type FirstLine,
  type Served,
} from './local-volume.ts';
import { overwritten } from './overwriting.ts';
import { injectFaults } from './random-faults.ts';
import type { Check } from './suite.ts';

interface World {
  readonly folder: string;
  readonly dir: string;
  readonly local: Served<FirstLine>;
  readonly writer: Writer;
}

/** Writes that must be acknowledged before a fault, and again after it. */
const enough = 400;
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const openWriter = async ({ portal, iqn }: FirstLine): Promise<{ disk: Disk; writer: Writer }> => {
  const disk = await openDisk({ portal, target: iqn, recoverMsMax: 60_000 });
  const writer = startWriter({
    disk,
    seed,
    blocks: 4_096,
    flushEvery: 64,
    unmapShare: 0.1,
    writesPerSecondMax: 1_000,
  });
  return { disk, writer };
};

const moreWrites = async (writer: Writer): Promise<void> => {
  const now = writer.progress.acknowledged;
  await writer.acknowledgedAtLeast(now + enough);
};

/** The fault leaves everything running again. */
const survives = (name: string, fault: (world: World) => Promise<void>): Check => ({
  name: `survives: ${name}`,
  timeoutMs: 90_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder);
      const { disk, writer } = await openWriter(local.line);
      try {
        await moreWrites(writer);
        await fault({ folder, dir, local, writer });
        await moreWrites(writer);
        const record = await writer.stop();
        await healthy(dir);
        const report = await verify({ disk, record });
        assert.ok(report.ok, JSON.stringify(report.problems.slice(0, 5)));
        await disk.close();
        await identical(dir);
        assert.equal(await local.stop(), 0);
      } catch (error) {
        throw new Error(`seed ${seed}, ${JSON.stringify(writer.progress)}: ${String(error)}`, {
          cause: error,
        });
      }
    }),
});

const pidOf = ({ local }: World, pool: string): number => local.line.pids.pools[pool] ?? 0;

const poolKilled = survives('a pool killed and restarted', async (world) => {
  process.kill(pidOf(world, 'pool-2'), 'SIGKILL');
  await moreWrites(world.writer);
  await restart(world.dir, 'pool-2');
});

const twoPoolsKilled = survives('two of three pools killed and restarted', async (world) => {
  process.kill(pidOf(world, 'pool-1'), 'SIGKILL');
  process.kill(pidOf(world, 'pool-3'), 'SIGKILL');
  await until('the volume offline', 15_000, async () => {
    const status = await statusOf(world.dir);
    return status.state === 'Offline' ? status : JSON.stringify(status);
  });
  await Promise.all([restart(world.dir, 'pool-1'), restart(world.dir, 'pool-3')]);
});

const targetKilled = survives('the target killed and restarted', async (world) => {
  const { epoch } = await statusOf(world.dir);
  process.kill(world.local.line.pids.target, 'SIGKILL');
  await restart(world.dir, 'target');
  await moreWrites(world.writer);
  assert.ok((await statusOf(world.dir)).epoch > epoch);
});

const poolPaused = survives('a pool stopped for five seconds', async (world) => {
  process.kill(pidOf(world, 'pool-1'), 'SIGSTOP');
  await Promise.all([delay(5_000), moreWrites(world.writer)]);
  process.kill(pidOf(world, 'pool-1'), 'SIGCONT');
});

const targetPaused = survives('the target stopped for five seconds', async (world) => {
  process.kill(world.local.line.pids.target, 'SIGSTOP');
  await delay(5_000);
  process.kill(world.local.line.pids.target, 'SIGCONT');
});

/** More than the target keeps for resending (64 MiB), beside what the writer writes. */
const missedBytes = 80 * 2 ** 20;

const rebuilt: Check = {
  name: 'survives: a pool that missed too much is rebuilt by copying, also when killed half-way',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder, { size: '128M' });
      const { disk, writer } = await openWriter(local.line);
      await moreWrites(writer);
      process.kill(local.line.pids.pools['pool-2'] ?? 0, 'SIGKILL');
      const piece = prng(seed).bytes(2 ** 20);
      for (let at = 0; at < missedBytes; at += piece.length) await disk.write(32 * 2 ** 20 + at, piece);
      const client = targetClient(dir, local.line);
      const rebuilding = () =>
        until(
          'pool-2 rebuilding',
          20_000,
          async () => {
            const { replicas } = await client.call('GetStatus', {}, { deadlineMs: 5_000 });
            const replica = replicas.find(({ pool }) => pool === 'pool-2');
            return replica?.rebuild ?? JSON.stringify(replica);
          },
          10,
        );
      const pid = await restart(dir, 'pool-2');
      const { percent } = await rebuilding();
      assert.ok(percent >= 0 && percent <= 100);
      process.kill(pid, 'SIGKILL');
      client.close();
      await moreWrites(writer);
      await restart(dir, 'pool-2');
      await moreWrites(writer);
      const record = await writer.stop();
      await healthy(dir);
      const report = await verify({ disk, record });
      assert.ok(report.ok, `seed ${seed}: ${JSON.stringify(report.problems.slice(0, 5))}`);
      await disk.close();
      await identical(dir);
      assert.equal(await local.stop(), 0);
    }),
};

const fiveReplicas: Check = {
  name: 'survives: two of five pools killed and restarted',
  timeoutMs: 90_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder, { replicas: 5 });
      const { disk, writer } = await openWriter(local.line);
      await moreWrites(writer);
      for (const pool of ['pool-2', 'pool-5']) process.kill(local.line.pids.pools[pool] ?? 0, 'SIGKILL');
      await moreWrites(writer);
      assert.equal((await statusOf(dir)).state, 'Degraded');
      for (const pool of ['pool-2', 'pool-5']) await restart(dir, pool);
      const record = await writer.stop();
      await healthy(dir);
      const report = await verify({ disk, record });
      assert.ok(report.ok, `seed ${seed}: ${JSON.stringify(report.problems.slice(0, 5))}`);
      await disk.close();
      await identical(dir);
      assert.equal(await local.stop(), 0);
    }),
};

/** Every process at once, the command included: what was flushed is there, what was only acknowledged may be not. */
const allKilled: Check = {
  name: 'survives: everything killed at once and started again on the same D',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder);
      const { portal, pids } = local.line;
      const { disk, writer } = await openWriter(local.line);
      await moreWrites(writer);
      const all = [local.pid, pids.target, ...Object.values(pids.pools)];
      for (const pid of all) process.kill(pid, 'SIGKILL');
      await gone(all, 5_000);
      // What was on its way is not known to have happened, or not to have.
      await disk.close();
      await writer.failed;
      const record = writer.record();

      const again = await startLocal(folder, { listen: portal });
      const fresh = await openDisk({ portal, target: again.line.iqn });
      const report = await verify({ disk: fresh, record, acknowledged: 'mayBeLost' });
      assert.ok(report.ok, `seed ${seed}: ${JSON.stringify(report.problems.slice(0, 5))}`);
      await fresh.close();
      await healthy(dir);
      await identical(dir);
      assert.equal(await again.stop(), 0);
    }),
};

/** Everything stopped in order under load and started again: nothing acknowledged is lost, flushed or not. */
const stopped: Check = {
  name: 'survives: an orderly stop under load and a new start',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const local = await startLocal(folder);
      const { portal } = local.line;
      const { disk, writer } = await openWriter(local.line);
      await moreWrites(writer);
      assert.equal(await local.stop(), 0);
      const again = await startLocal(folder, { listen: portal });
      await moreWrites(writer);
      const record = await writer.stop();
      assert.equal(writer.progress.lossesTold, 0);
      const report = await verify({ disk, record });
      assert.ok(report.ok, `seed ${seed}: ${JSON.stringify(report.problems.slice(0, 5))}`);
      await disk.close();
      await healthy(join(folder, 'd'));
      await identical(join(folder, 'd'));
      assert.equal(await again.stop(), 0);
    }),
};

const soakMs = Number(process.env['SOAK_SECONDS'] ?? 20) * 1_000;

const random: Check = {
  ...survives(`random faults for ${soakMs / 1_000} s`, async (world) => {
    const { target, pools } = world.local.line.pids;
    const done: string[] = [];
    const pids = new Map([['target', target], ...Object.entries(pools)]);
    try {
      await injectFaults({ dir: world.dir, pids, seed, durationMs: soakMs, done });
    } catch (error) {
      throw new Error(`after ${done.join(', ')}: ${String(error)}`, { cause: error });
    }
  }),
  timeoutMs: soakMs + 120_000,
};

export const survivalChecks: readonly Check[] = [
  poolKilled,
  twoPoolsKilled,
  targetKilled,
  poolPaused,
  targetPaused,
  rebuilt,
  fiveReplicas,
  allKilled,
  stopped,
  overwritten,
  random,
];
