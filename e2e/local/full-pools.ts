/** Pools that fill up: initiators are warned, then refused; reads, flushes and UNMAP go on, and what makes room lets them write again. */
import { snapshot, succeeds } from './snapshots.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ProtoGrpcType as PoolProto } from '../../src/api/proto/pool.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { login } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import { Filler } from './filler.ts';
import { healthy, identical, inFolder, startLocal, token, type FirstLine } from './local-volume.ts';
import type { Check } from './suite.ts';

const { Pool } = loadProto<PoolProto>('pool.proto').caskade.pool.v1;
const mebibyte = 2 ** 20;
const sizeBytes = 24 * mebibyte;
const blocks = sizeBytes / 4096;
const options = { size: String(sizeBytes) };

/** Sense key and code of a refusal: DATA PROTECT, space allocation failed write protect. */
const refusal = '7/2707';
/** Thin provisioning soft threshold reached. */
const warning = 0x3807;

async function openFiller({ portal, iqn }: FirstLine, before?: Filler): Promise<Filler> {
  const disk = await login({ portal, target: iqn });
  await disk.capacity(); // takes the power-on
  return new Filler(disk, blocks, before?.record);
}

/** All volumes of these pools may use so much of them. */
async function setThreshold(dir: string, { admin }: FirstLine, percent: number): Promise<void> {
  for (const name of Object.keys(admin).filter((each) => each !== 'target')) {
    const client = openClient(Pool.service, `unix:${admin[name] ?? ''}`, { token: token(dir, name) });
    try {
      await client.call(
        'SetProperties',
        { readOnlyThresholdPercent: percent, compression: 'lz4' },
        { deadlineMs: 20_000 },
      );
    } finally {
      client.close();
    }
  }
}

/** Writes are taken again; there may be something to be cleaned first. */
const writesAgain = (filler: Filler, at: number) =>
  until('a write', 30_000, async () => ((await filler.fill(at, 1)) === undefined ? {} : 'refused'), 200);

async function everythingElseGoesOn(filler: Filler, dir: string): Promise<void> {
  await filler.disk.flush();
  await filler.compare();
  const status = await healthy(dir, 5_000);
  assert.deepEqual([status.state, ...status.replicas.map(({ state }) => state)], Array(4).fill('Healthy'));
  assert.deepEqual(await filler.otherWrites(), {
    writeSame: refusal,
    compareAndWrite: refusal,
    zeros: 'good',
  });
}

const fullPools: Check = {
  name: 'local: pools that are full: warned before, refused as SCSI says it, reads and UNMAP go on, room lets writes go on, nothing is lost',
  timeoutMs: 180_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const local = await startLocal(folder, options);
      let filler = await openFiller(local.line);
      assert.equal(await filler.fill(0, blocks), undefined);
      await filler.disk.flush();
      await succeeds(snapshot(dir, 'create', 'first'));
      assert.deepEqual(filler.attentions, []);
      assert.equal(await filler.fill(0, blocks), refusal);
      assert.deepEqual(filler.attentions, [warning], 'one warning');
      const taken = filler.taken;
      assert.ok(filler.takenAtWarning < taken, 'the warning comes while there is room');
      assert.equal(await filler.roomMiB(), 0);
      await everythingElseGoesOn(filler, dir);

      // UNMAP of what no snapshot has.
      await filler.unmap(0, Math.floor(taken / 2));
      await writesAgain(filler, 0);
      await until('room', 10_000, async () => ((await filler.roomMiB()) > 0 ? {} : 'none'), 200);
      assert.equal(await filler.fill(1, blocks - 1), refusal);
      await everythingElseGoesOn(filler, dir);

      // Everything dies while the pools are full.
      await local.kill();
      const again = await until('served again', 60_000, () => startLocal(folder, options));
      await healthy(dir);
      filler = await openFiller(again.line, filler);
      await filler.compare();
      assert.equal(await filler.fill(0, blocks), refusal);

      await succeeds(snapshot(dir, 'delete', 'first'));
      await writesAgain(filler, 0);
      assert.equal(await filler.fill(1, blocks - 1), undefined);
      await filler.compare();
      await filler.disk.logout();
      await healthy(dir);
      await identical(dir);
    }),
};

const threshold: Check = {
  name: 'local: pools at their threshold (roThresholdLimit) are full for initiators, and stay in sync',
  timeoutMs: 120_000,
  run: () =>
    inFolder(async (folder) => {
      const dir = join(folder, 'd');
      const { line } = await startLocal(folder, options);
      await setThreshold(dir, line, 40);
      const filler = await openFiller(line);
      assert.equal(await filler.fill(0, blocks), refusal);
      await everythingElseGoesOn(filler, dir);
      await setThreshold(dir, line, 85);
      await writesAgain(filler, 0);
      assert.equal(await filler.fill(1, blocks - 1), undefined);
      await filler.compare();
      await filler.disk.logout();
      await identical(dir);
    }),
};

export const fullPoolChecks: readonly Check[] = [fullPools, threshold];
