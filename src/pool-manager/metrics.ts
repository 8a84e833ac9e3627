/** Metrics of a pool daemon, read from its status when they are scraped. Names of cStor's exporter where it has one. */
import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { OwnStatus } from './admin-status.ts';

/** Values that cStor's dashboards know: 0 Offline, 1 Online, 2 Degraded, 3 Faulted. */
const phases: Readonly<Record<string, number>> = {
  POOL_PHASE_ONLINE: 1,
  POOL_PHASE_DEGRADED: 2,
  POOL_PHASE_FAULTED: 3,
};
/** 0 Offline, 1 Healthy, 2 Degraded, 3 Rebuilding. */
const states: Readonly<Record<string, number>> = { Healthy: 1, Degraded: 2, Rebuilding: 3 };

export function poolMetrics(
  status: () => OwnStatus,
  refused: () => Readonly<Record<string, number>>,
): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: (status: OwnStatus) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value(status()));
      },
    });
  gauge('openebs_pool_size', 'Usable bytes of the pool', (s) => Number(s.totalBytes ?? 0));
  gauge('openebs_used_pool_capacity', 'Used bytes of the pool', (s) => Number(s.usedBytes ?? 0));
  gauge('openebs_free_pool_capacity', 'Free bytes of the pool', (s) => Number(s.freeBytes ?? 0));
  gauge('openebs_used_pool_capacity_percent', 'Used part of the pool', (s) =>
    Number(s.totalBytes ?? 0) === 0 ? 0 : (100 * Number(s.usedBytes)) / Number(s.totalBytes),
  );
  new Gauge({
    name: 'openebs_pool_status',
    help: '0 Offline, 1 Online, 2 Degraded, 3 Faulted',
    labelNames: ['pool'],
    registers: [registry],
    collect() {
      const { name = '', phase } = status();
      this.set({ pool: name }, phases[phase] ?? 0);
    },
  });
  new Gauge({
    name: 'openebs_volume_replica_used_size',
    help: 'Bytes that a replica and its snapshots occupy',
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.reset();
      for (const replica of status().replicas ?? [])
        this.set({ name: replica.volume ?? '' }, Number(replica.allocatedBytes ?? 0));
    },
  });
  new Gauge({
    name: 'openebs_replica_status',
    help: '0 Offline, 1 Healthy, 2 Degraded, 3 Rebuilding',
    labelNames: ['vol', 'pool'],
    registers: [registry],
    collect() {
      this.reset();
      const { name = '', replicas } = status();
      for (const replica of replicas ?? [])
        this.set({ vol: replica.volume ?? '', pool: name }, states[replica.state ?? ''] ?? 0);
    },
  });
  new Gauge({
    name: 'caskade_replica_repaired_blocks',
    help: 'Blocks that were unreadable here and were given back by another replica, since the daemon was started',
    labelNames: ['vol', 'pool'],
    registers: [registry],
    collect() {
      this.reset();
      const { name = '', replicas } = status();
      for (const { volume = '', repairedBlocks } of replicas ?? [])
        this.set({ vol: volume, pool: name }, Number(repairedBlocks ?? 0));
    },
  });
  for (const kind of ['checksumErrors', 'ioErrors'] as const)
    new Gauge({
      name: kind === 'ioErrors' ? 'caskade_device_io_errors' : 'caskade_device_checksum_errors',
      help: 'Errors of a device since the pool was imported',
      labelNames: ['pool', 'device'],
      registers: [registry],
      collect() {
        const { name = '', devices } = status();
        for (const device of devices ?? [])
          this.set({ pool: name, device: device.name ?? '' }, Number(device[kind] ?? 0));
      },
    });
  new Counter({
    name: 'caskade_replication_refused_total',
    help: 'Connections and messages of other replicas and of targets that were refused, by reason (docs/replication.md)',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(refused())) this.inc({ reason }, count);
    },
  });
  return registry;
}
