/** The target of a replicated volume: recovers first, serves iSCSI only when it can answer, ends when it is fenced. */
import type { Server } from '@grpc/grpc-js';
import type { ProtoGrpcType } from '../api/proto/target.ts';
import type { TargetConfig } from '../api/target-config.ts';
import { defaultTiming } from '../replication/timing.ts';
import { ChangeFeed } from '../shared/edge/change-feed.ts';
import { readChanged, readConfig, readKeys, readToken } from '../shared/edge/config-file.ts';
import { listening } from '../shared/edge/endpoint.ts';
import { watchContent } from '../shared/edge/file-watch.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { openHealth } from '../shared/edge/health-endpoint.ts';
import { LinkTls } from '../shared/edge/link-tls.ts';
import { reportToParent } from '../shared/edge/parent.ts';
import { stopRequested } from '../shared/edge/shutdown.ts';
import { systemClock } from '../shared/edge/system-clock.ts';
import { loadProto } from '../shared/grpc/load.ts';
import { serveGrpc } from '../shared/grpc/serve.ts';
import type { Log } from '../shared/log.ts';
import { targetHandlers } from './admin-server.ts';
import { openAnnouncements } from './announcements.ts';
import { watchChapFile } from './chap-secrets.ts';
import { targetConfigShape, targetLimits } from './options.ts';
import { openReplicatedVolume, type ReplicatedVolume } from './replicated-volume.ts';
import { serveIscsi, type TargetServer } from './server.ts';
import { statusOf } from './target-status.ts';

/** Resolves after an orderly stop; ends the process with status 1 when the volume can not be served any more. */
export async function runConfigured(file: string, openLog: (config: TargetConfig) => Log): Promise<void> {
  const config = readConfig(file, targetConfigShape);
  const linkKeys = readKeys(config.keyFile);
  const token = readToken(config.adminTokenFile);
  const log = openLog(config);
  const clock = systemClock;
  const { listen } = config;
  const chap =
    config.chapFile === undefined
      ? undefined
      : watchChapFile('chapFile', config.chapFile, targetLimits.fileLookMs, log);
  const stop = stopRequested(log, targetLimits.stopMs);

  const tls = config.tls && new LinkTls(config.tls, targetLimits.fileLookMs, log);
  const volume = openReplicatedVolume({
    volume: config.volume,
    // All pods of a Deployment have one file: which of them it is, a pod knows of itself.
    instance: config.instance ?? process.env['CASKADE_INSTANCE'],
    membership: config.membership,
    nextMembership: config.nextMembership,
    withdrawnMembership: config.withdrawnMembership,
    replicas: config.replicas,
    linkKeys,
    tls,
    clock,
    log,
    timing: { quorumWaitMs: quorumWaitMs(config) },
  });
  const feed = new ChangeFeed();
  volume.onStatus(() => feed.changed());
  let iscsi: TargetServer | undefined;
  let { redirect } = config;
  const status = () =>
    statusOf(
      config.volume,
      volume.status(),
      volume.initiators(),
      iscsi?.sessions() ?? [],
      clock.nowMs(),
      volume.snapshots.list(),
    );
  const endOtherSessions = (iqns: readonly string[]) => {
    if (config.initiators === 'granted') iscsi?.endSessionsOf((initiator) => !names(iqns, initiator));
  };
  const add = (server: Server) => {
    const { service } = loadProto<ProtoGrpcType>('target.proto').caskade.target.v1.Target;
    server.addService(service, {
      ...targetHandlers({ volume, status, feed, endOtherSessions, clock, log }),
    });
  };
  const admin = await listening(
    'listen.admin',
    listen.admin,
    serveGrpc({ listen: listen.admin, token, add }),
  );
  const health = await openHealth(listen.http, async () => ({
    healthy: () => undefined,
    ready: () => (iscsi === undefined ? `not serving yet: ${volume.status().message}` : undefined),
    metrics: (await import('./metrics.ts')).targetMetrics(
      status,
      () => iscsi?.counters(),
      () => volume.refusals(),
      () => volume.plainLinks(),
    ),
  }));
  const announcements = await openAnnouncements(listen.announce, () => volume.announce());
  log.info('started', { admin: admin.address });
  await reportToParent({ event: 'started' });

  const over = Promise.race([stop.then(() => undefined), volume.ended]);
  const early = await Promise.race([volume.serving.then(() => 'serving' as const), over]);
  if (early === 'serving') {
    iscsi = await listening(
      'listen.iscsi',
      listen.iscsi,
      serveIscsi({
        volume,
        iqn: config.iqn,
        listen: listen.iscsi,
        advertise: config.advertise,
        chap: chap?.credentials,
        movedTo: () => redirect,
        mayLogin: (initiator) => config.initiators === 'any' || names(volume.initiators(), initiator),
        mayAnswer: () => volume.mayAnswer(),
        hurry: () => volume.hurry(),
        log,
      }),
    );
    iscsi.onSessions(() => feed.changed());
    feed.changed();
    const portal = `${iscsi.host.includes(':') ? `[${iscsi.host}]` : iscsi.host}:${iscsi.port}`;
    log.info('serving', { portal, epoch: volume.status().epoch });
    await reportToParent({ event: 'serving', portal });
  }
  const take = () => {
    const changed = takeChanges(file, config, volume, log);
    if (changed === undefined) return;
    redirect = changed.redirect;
    if (changed.tls) tls?.setMode(changed.tls);
  };
  // A newcomer's key comes in a file of its own, before or after the record that names it.
  const watching = [file, config.keyFile].map((each) => watchContent(each, targetLimits.fileLookMs, take));
  take();

  const ended = await over;
  if (ended !== undefined) {
    // Its epoch is over: nothing it could still say would be true, so it does not even say goodbye.
    log.error('this target may not serve any more', { reason: ended });
    process.exit(1);
  }
  for (const each of watching) each.stop();
  chap?.stop();
  tls?.stop();
  await iscsi?.stop();
  await volume.stop();
  await Promise.all([admin.stop(), health.stop(), announcements.stop()]);
  log.info('stopped');
}

/** Names of initiators are compared without regard to case (RFC 7143 §4.2.7.1); `initiator` is in lower case. */
const names = (iqns: readonly string[], initiator: string) =>
  iqns.some((iqn) => iqn.toLowerCase() === initiator);

const quorumWaitMs = ({ quorumWaitSeconds }: TargetConfig): number =>
  quorumWaitSeconds === undefined ? defaultTiming.quorumWaitMs : quorumWaitSeconds * 1_000;

const scrubIntervalMs = ({ scrubIntervalHours = targetLimits.scrubIntervalHours }: TargetConfig) =>
  scrubIntervalHours === 0 ? undefined : scrubIntervalHours * 3_600_000;

/**
 * Takes from the changed file what needs no new process: addresses of replicas, members, patience and a larger size. Answers the file, or
 * undefined when it can not be used.
 */
function takeChanges(
  file: string,
  started: TargetConfig,
  volume: ReplicatedVolume,
  log: Log,
): TargetConfig | undefined {
  const config = readChanged(file, targetConfigShape, log);
  if (config === undefined) return undefined;
  if (config.volume !== started.volume) {
    log.error('the configuration file is of another volume: it is not read', { other: config.volume });
    return undefined;
  }
  if (config.membership.forced === true && config.membership.version > volume.status().membership.version) {
    // What this process knows of the others is over: one that has heard of nothing begins with those that are left (R36).
    log.error('members were given up for good: this target ends', { version: config.membership.version });
    process.exit(1);
  }
  volume.setQuorumWait(quorumWaitMs(config));
  volume.setScrubInterval(scrubIntervalMs(config));
  try {
    volume.setReplicas(config.replicas);
    volume.setMembers({ ...config, linkKeys: readKeys(config.keyFile) });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    log.error('the members in the configuration file can not be used: those before stay', { error });
  }
  if (volume.sizeBytes > 0 && config.sizeBytes > volume.sizeBytes)
    volume.resize(config.sizeBytes).then(
      () => log.info('resized', { sizeBytes: config.sizeBytes }),
      (error: unknown) => log.error('resize failed: it is tried again when the file changes', { error }),
    );
  return config;
}
