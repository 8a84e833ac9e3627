import { expect, test } from '@jest/globals';
import { targetMetrics } from './metrics.ts';
import type { TargetServer } from './server.ts';
import type { OwnStatus } from './target-status.ts';

const status: OwnStatus = {
  phase: 'Degraded',
  sizeBytes: 2 ** 31,
  epoch: 5,
  sessions: ['iqn.a'],
  initiatorSessions: [
    { initiator: 'iqn.a', isid: '800000000001', peer: '192.0.2.7:1', upSeconds: 9, authenticated: true },
    { initiator: 'iqn.a', isid: '800000000002', peer: '192.0.2.7:2', upSeconds: 5, dataDigest: true },
    { initiator: 'iqn.b', isid: '800000000003', peer: '192.0.2.7:3', upSeconds: 1, discovery: true },
  ],
  replicas: [
    { replicaId: 'r1', pool: 'p1', state: 'InSync' },
    { replicaId: 'r2', pool: 'p2', state: 'Rebuilding', rebuild: { percent: 40 } },
    { replicaId: 'r3', pool: 'p3', state: 'Offline' },
  ],
};
const counters = {
  readCommands: 1,
  writeCommands: 2,
  readBytes: 4096,
  writtenBytes: 8192,
  flushes: 3,
  logins: { '0x0000': 2, '0x0201': 1 },
};

test('gauges and counters follow; counters are not added up twice', async () => {
  const registry = targetMetrics(
    () => status,
    () => counters as unknown as ReturnType<TargetServer['counters']>,
    () => ({ stranger: 2 }),
    () => 1,
  );
  await registry.metrics();
  const lines = (await registry.metrics()).split('\n');
  expect(lines.filter((line) => line.includes('iqn.b'))).toEqual([]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'openebs_volume_status 2',
      'openebs_size_of_volume 2',
      'openebs_total_replica_count 3',
      'openebs_healthy_replica_count 1',
      'openebs_degraded_replica_count 1',
      'openebs_iscsi_initiator_login_status 1',
      'caskade_iscsi_initiators 1',
      'caskade_iscsi_session_seconds{initiator="iqn.a",isid="800000000001",peer="192.0.2.7:1",authenticated="CHAP",digests=""} 9',
      'caskade_iscsi_session_seconds{initiator="iqn.a",isid="800000000002",peer="192.0.2.7:2",authenticated="none",digests="data"} 5',
      'caskade_iscsi_logins_total{status="0x0000"} 2',
      'caskade_iscsi_logins_total{status="0x0201"} 1',
      'caskade_volume_epoch 5',
      'caskade_replica_rebuild_percent{replica="r2",pool="p2"} 40',
      'openebs_reads 1',
      'openebs_total_write_bytes 8192',
      'caskade_flushes 3',
      'caskade_replication_refused_total{reason="stranger"} 2',
      'caskade_replication_plain_links 1',
    ]),
  );
});

test('before anything is served counters are zero', async () => {
  const text = await targetMetrics(
    () => ({ phase: 'Init', replicas: [] }),
    () => undefined,
    () => ({}),
    () => 0,
  ).metrics();
  expect(text).toContain('openebs_volume_status 4');
  expect(text).toMatch(/^openebs_writes 0$/m);
});
