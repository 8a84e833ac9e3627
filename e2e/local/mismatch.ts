/**
 * A replica whose content is not what it calls it, checksums and all: while its process is down, the engine itself writes another
 * block under the old birth. Nobody can know before it is compared: with its source after a rebuild, or with all by a scrub.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { engineHost } from '../../src/pool-manager/device/engine-host.ts';
import { openFileDevice } from '../../src/pool-manager/device/file-device.ts';
import { nodeZstd } from '../../src/pool-manager/device/node-zstd.ts';
import { importPool } from '../../src/pool-manager/engine/pool/pool-import.ts';
import { prng } from '../../src/shared/prng.ts';
import { login } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import {
  command,
  gone,
  healthy,
  identical,
  inFolder,
  restart,
  startLocal,
  targetClient,
  type FirstLine,
} from './local-volume.ts';
import { succeeds } from './snapshots.ts';
import type { Check } from './suite.ts';

const blockBytes = 4096;
const content = prng(12).bytes(64 * blockBytes);
/** In the same group that hash trees compare. */
const [alteredBlock, writtenBlock] = [5, 9] as const;
const pool = 'pool-2';

/** In order, so that nothing is left to be replayed. */
async function stopped({ pids }: FirstLine): Promise<void> {
  const pid = pids.pools[pool] ?? 0;
  process.kill(pid, 'SIGTERM');
  await gone([pid], 20_000);
}

/** The block holds something else, as old as before. */
async function alter(dir: string): Promise<void> {
  const device = await openFileDevice(join(dir, pool, 'device-1'));
  try {
    const opened = await importPool({ devices: [device], host: engineHost, zstd: nodeZstd });
    const [volume] = opened.volumes();
    assert.ok(volume !== undefined);
    const { extents } = await volume.births(0, alteredBlock, 1, 1);
    const [{ birth } = { birth: 0 }] = extents;
    assert.ok(birth > 0, 'it was written');
    volume.copyIn([{ block: alteredBlock, count: 1, birth, data: prng(13).bytes(blockBytes) }]);
    await volume.commit();
    await opened.close();
  } finally {
    await device.close();
  }
}

async function altered(folder: string): Promise<{ readonly dir: string; readonly line: FirstLine }> {
  const dir = join(folder, 'd');
  const { line } = await startLocal(folder, { size: '16M' });
  const disk = await login({ portal: line.portal, target: line.iqn });
  await disk.write(0, content);
  await disk.flush();
  await disk.logout();
  await healthy(dir);
  await stopped(line);
  await alter(dir);
  return { dir, line };
}

/** Asked all the time, the target never calls it in sync before it has found what differs. */
async function provedOnlyThen(dir: string, line: FirstLine): Promise<void> {
  const client = targetClient(dir, line);
  let unnoticed = false;
  const ask = async () => {
    const { replicas } = await client.call('GetStatus', {}, { deadlineMs: 5_000 });
    const seen = replicas.find((replica) => replica.pool === pool);
    if (seen?.state !== 'InSync') return `${seen?.state} ${seen?.message}`;
    unnoticed ||= seen.mismatches === 0;
    return seen;
  };
  try {
    await until(`${pool} is in sync`, 60_000, ask, 5);
    assert.ok(!unnoticed, 'it was in sync, and nobody had noticed');
  } finally {
    client.close();
  }
}

async function readsRight({ portal, iqn }: FirstLine): Promise<void> {
  const disk = await login({ portal, target: iqn });
  const read = await disk.read(0, content.byteLength);
  assert.ok(Buffer.from(read).equals(content), 'what is read is what was written');
  await disk.logout();
}

const rebuilt: Check = {
  name: 'local: a rebuilt replica whose content differs from its source is a mismatch, is copied again, and Healthy only then',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const { dir, line } = await altered(folder);
      const disk = await login({ portal: line.portal, target: line.iqn });
      const at = writtenBlock * blockBytes;
      await disk.write(at, content.subarray(at, at + blockBytes));
      await disk.flush();
      await disk.logout();
      // Another target has no window: what the replica missed is copied, and proved.
      await restart(dir, 'target');
      await restart(dir, pool);
      await provedOnlyThen(dir, line);
      await healthy(dir);
      await readsRight(line);
      await identical(dir);
    }),
};

const scrubbed: Check = {
  name: 'local: a scrub finds the block that one of three replicas has otherwise, and has it written anew',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const { dir, line } = await altered(folder);
      await restart(dir, pool);
      await healthy(dir); // it missed nothing: nobody has reason to compare
      const { status } = await command('local', 'verify', '--dir', dir);
      assert.notEqual(status, 0, 'the replicas differ');
      const found = JSON.parse(await succeeds(command('local', 'scrub', '--dir', dir, '--json'))) as {
        readonly different: number;
        readonly mendedBlocks: number;
        readonly leftBlocks: number;
      };
      assert.deepEqual([found.different, found.leftBlocks], [1, 0]);
      assert.ok(found.mendedBlocks > 0, 'what differed was written anew');
      await healthy(dir);
      await readsRight(line);
      await identical(dir);
    }),
};

export const mismatchChecks: readonly Check[] = [rebuilt, scrubbed];
