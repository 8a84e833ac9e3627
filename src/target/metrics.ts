/** Metrics of a target, read when they are scraped. Names of cStor's exporter where it has one. */
import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { TargetServer } from './server.ts';
import type { OwnStatus } from './target-status.ts';

const gib = 2 ** 30;
/** Values that cStor's dashboards know: 1 Offline, 2 Degraded, 3 Healthy, 4 Unknown. */
const phases: Readonly<Record<OwnStatus['phase'], number>> = { Init: 4, Offline: 1, Degraded: 2, Healthy: 3 };

export function targetMetrics(
  status: () => OwnStatus,
  counters: () => ReturnType<TargetServer['counters']> | undefined,
  refused: () => Readonly<Record<string, number>>,
  plainLinks: () => number,
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
  const inState = (...states: readonly string[]) =>
    (({ replicas }) => replicas.filter(({ state = '' }) => states.includes(state)).length) satisfies (
      s: OwnStatus,
    ) => number;
  gauge('openebs_volume_status', '1 Offline, 2 Degraded, 3 Healthy, 4 Unknown', (s) => phases[s.phase]);
  gauge('openebs_size_of_volume', 'Size of the volume, GiB', (s) => Number(s.sizeBytes ?? 0) / gib);
  gauge('openebs_total_replica_count', 'Members', (s) => s.replicas.length);
  gauge('openebs_healthy_replica_count', 'Members in sync', inState('InSync'));
  gauge(
    'openebs_degraded_replica_count',
    'Members attached, not in sync',
    inState('Attaching', 'Rebuilding', 'Proving'),
  );
  gauge('openebs_iscsi_initiator_login_status', '1 when an initiator is logged in', (s) =>
    Math.min(s.sessions?.length ?? 0, 1),
  );
  gauge('caskade_iscsi_initiators', 'Initiators that are logged in', (s) => s.sessions?.length ?? 0);
  new Gauge({
    name: 'caskade_iscsi_session_seconds',
    help: 'Age of each session; peer is where its initiator connects from',
    labelNames: ['initiator', 'isid', 'peer', 'authenticated', 'digests'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { initiator = '', isid = '', peer = '', upSeconds, ...session } of status()
        .initiatorSessions ?? []) {
        if (session.discovery === true) continue;
        const digests = [session.headerDigest && 'header', session.dataDigest && 'data'].filter(Boolean);
        const authenticated = session.authenticated === true ? 'CHAP' : 'none';
        this.set({ initiator, isid, peer, authenticated, digests: digests.join(',') }, Number(upSeconds));
      }
    },
  });
  gauge('caskade_volume_epoch', 'Epoch that this target serves under', (s) => Number(s.epoch ?? 0));
  gauge(
    'caskade_volume_unflushed_writes_lost_epoch',
    'Epoch since which acknowledged, unflushed writes may be gone; 0: never in this process',
    (s) => Number(s.unflushedWritesLostEpoch ?? 0),
  );
  gauge('caskade_volume_scrub_mended_blocks', 'Blocks that the last scrub wrote anew', (s) =>
    Number(s.scrub?.mendedBlocks ?? 0),
  );
  gauge('caskade_volume_scrub_left_blocks', 'Blocks that differ between replicas since the last scrub', (s) =>
    Number(s.scrub?.leftBlocks ?? 0),
  );
  new Gauge({
    name: 'caskade_replica_mismatches',
    help: 'Groups of blocks that proofs found different from the source, and that were copied again',
    labelNames: ['replica', 'pool'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { replicaId = '', pool = '', mismatches } of status().replicas)
        this.set({ replica: replicaId, pool }, Number(mismatches ?? 0));
    },
  });
  new Gauge({
    name: 'caskade_replica_rebuild_percent',
    help: 'Progress of a rebuild; absent while there is none',
    labelNames: ['replica', 'pool'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { replicaId = '', pool = '', rebuild } of status().replicas)
        if (rebuild) this.set({ replica: replicaId, pool }, Number(rebuild.percent ?? 0));
    },
  });
  const counter = (name: string, help: string, value: (c: ReturnType<TargetServer['counters']>) => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        const now = counters();
        if (now !== undefined) this.inc(value(now));
      },
    });
  gauge('caskade_replication_plain_links', 'Links to replicas that are open without TLS', plainLinks);
  counter('openebs_reads', 'Read commands', (c) => c.readCommands);
  counter('openebs_writes', 'Write commands', (c) => c.writeCommands);
  counter('openebs_total_read_bytes', 'Bytes read', (c) => c.readBytes);
  counter('openebs_total_write_bytes', 'Bytes written', (c) => c.writtenBytes);
  new Counter({
    name: 'caskade_replication_refused_total',
    help: 'Links whose other end was refused, by reason (docs/replication.md)',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(refused())) this.inc({ reason }, count);
    },
  });
  new Counter({
    name: 'caskade_iscsi_logins_total',
    help: 'Logins by the status that they ended with (RFC 7143 §11.13.5); 0x0000 began a session',
    labelNames: ['status'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [status, count] of Object.entries(counters()?.logins ?? {})) this.inc({ status }, count);
    },
  });
  counter('caskade_flushes', 'SYNCHRONIZE CACHE commands', (c) => c.flushes);
  return registry;
}
