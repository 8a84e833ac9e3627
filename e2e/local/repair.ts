/** A block that one pool can not read: the initiator notices nothing, the pool gets it back, and the status tells of it. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { prng } from '../../src/shared/prng.ts';
import { login } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import { gone, healthy, identical, inFolder, restart, startLocal, statusOf } from './local-volume.ts';
import type { Check } from './suite.ts';

const blockBytes = 4096;
const damagedBlock = 5;

/** Turns over bits of what lies there as it is; answers how many copies of it there were. */
function damage(file: string, content: Uint8Array): number {
  const bytes = readFileSync(file);
  const device = openSync(file, 'r+');
  let found = 0;
  try {
    for (let at = bytes.indexOf(content); at >= 0; at = bytes.indexOf(content, at + 1)) {
      writeSync(device, new Uint8Array(64).fill(0xa5), 0, 64, at + 128);
      found += 1;
    }
  } finally {
    closeSync(device);
  }
  return found;
}

const repaired: Check = {
  name: 'local: a damaged block of one pool is read from another one, given back, and counted',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder, { size: '16M' });
      const content = prng(11).bytes(16 * blockBytes);
      const damaged = content.subarray(damagedBlock * blockBytes, (damagedBlock + 1) * blockBytes);
      const disk = await login({ portal: line.portal, target: line.iqn });
      await disk.write(0, content);
      await disk.flush();
      await healthy(dir);
      const pid = line.pids.pools['pool-2'] ?? 0;
      process.kill(pid, 'SIGTERM'); // in order: what was written lies on the device, and no cache holds it afterwards
      await gone([pid], 20_000);
      assert.ok(
        damage(join(dir, 'pool-2', 'device-1'), damaged) > 0,
        'the block lies there as it was written',
      );
      await restart(dir, 'pool-2');
      await healthy(dir);
      const { replicas } = await until('pool-2 has it back', 60_000, async () => {
        // One block at a time: equal replicas take such reads in turn.
        const read = await disk.read(damagedBlock * blockBytes, blockBytes);
        assert.ok(Buffer.from(read).equals(damaged), 'what is read is what was written');
        const status = await statusOf(dir);
        const second = status.replicas.find(({ name }) => name === 'pool-2');
        return (second?.repairedBlocks ?? 0) > 0 ? status : JSON.stringify(second);
      });
      assert.deepEqual(
        replicas.map(({ name, repairedBlocks = 0 }) => [name, repairedBlocks]),
        [
          ['pool-1', 0],
          ['pool-2', 1],
          ['pool-3', 0],
        ],
      );
      await disk.logout();
      await restart(dir, 'pool-2');
      await healthy(dir);
      await identical(dir); // reads each pool whole
    }),
};

export const repairChecks: readonly Check[] = [repaired];
