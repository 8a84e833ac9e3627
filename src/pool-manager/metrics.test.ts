import { expect, test } from '@jest/globals';
import { poolMetrics } from './metrics.ts';

test('gauges follow the status; what is gone is not shown any more', async () => {
  let replicas = [
    { volume: 'v', allocatedBytes: 7, state: 'Rebuilding' },
    { volume: 'w', allocatedBytes: 8, state: 'Healthy' },
  ];
  const registry = poolMetrics(
    () => ({
      name: 'p',
      phase: 'POOL_PHASE_DEGRADED',
      totalBytes: 200,
      usedBytes: 50,
      freeBytes: 150,
      devices: [{ name: 'd1', checksumErrors: 2, ioErrors: 1 }],
      replicas,
    }),
    () => ({ garbage: 3, proof: 0 }),
  );
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'));
  expect(await lines()).toEqual(
    expect.arrayContaining([
      'openebs_pool_size 200',
      'openebs_used_pool_capacity_percent 25',
      'openebs_pool_status{pool="p"} 2',
      'openebs_volume_replica_used_size{name="v"} 7',
      'openebs_replica_status{vol="v",pool="p"} 3',
      'openebs_replica_status{vol="w",pool="p"} 1',
      'caskade_device_checksum_errors{pool="p",device="d1"} 2',
      'caskade_device_io_errors{pool="p",device="d1"} 1',
      'caskade_replication_refused_total{reason="garbage"} 3',
      'caskade_replication_refused_total{reason="proof"} 0',
    ]),
  );
  replicas = replicas.slice(1);
  expect((await lines()).filter((line) => line.includes('"v"'))).toEqual([]);
});

test('a pool that does not exist is offline and empty', async () => {
  const text = await poolMetrics(
    () => ({ name: 'p', phase: 'POOL_PHASE_ABSENT' }),
    () => ({}),
  ).metrics();
  expect(text).toContain('openebs_pool_status{pool="p"} 0');
  expect(text).toContain('openebs_used_pool_capacity_percent 0');
});
