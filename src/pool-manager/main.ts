/** `caskade pool`: the daemon of one pool, from its configuration file; and commands for pools without a daemon. */
import type { Server } from '@grpc/grpc-js';
import { loadProto } from '../shared/grpc/load.ts';
import { serveGrpc } from '../shared/grpc/serve.ts';
import type { ProtoGrpcType } from '../api/proto/pool.ts';
import type { PoolConfig } from '../api/pool-config.ts';
import { readChanged, readConfig, readKey, readToken } from '../shared/edge/config-file.ts';
import { listening } from '../shared/edge/endpoint.ts';
import { helpOf, parseCount, parseFlags } from '../shared/edge/flags.ts';
import { watchContent } from '../shared/edge/file-watch.ts';
import { openHealth } from '../shared/edge/health-endpoint.ts';
import { keepIdleHeap } from '../shared/edge/idle-heap.ts';
import { LinkTls } from '../shared/edge/link-tls.ts';
import { openLog } from '../shared/edge/logger.ts';
import { reportToParent } from '../shared/edge/parent.ts';
import { stopRequested } from '../shared/edge/shutdown.ts';
import { systemClock } from '../shared/edge/system-clock.ts';
import { poolHandlers } from './admin-server.ts';
import { statusOf } from './admin-status.ts';
import { exitCode } from '../shared/exit-codes.ts';
import { deviceIo } from './device/device-io.ts';
import { collectLate } from './device/heap-limits.ts';
import { isOfflineCommand, type OfflineCommand } from './offline/commands.ts';
import { isOnlineCommand } from './online/commands.ts';
import { deviceDeadlineSeconds, poolCommand, poolConfigShape, poolLimits } from './options.ts';
import { PoolDaemon } from './pool-daemon.ts';
import { openPoolMedia } from './pool-media.ts';
import { Refusals } from '../replication/refusals.ts';
import { serveReplicas } from './replica-server.ts';
import { watchDevices } from './returning-devices.ts';

export async function run(argv: readonly string[]): Promise<void> {
  const [name = '', ...rest] = argv;
  if (isOnlineCommand(name)) console.log(await (await import('./online/run.ts')).onlineCommands[name](rest));
  else if (isOfflineCommand(name)) await offline(name, rest);
  else await serve(argv);
}

async function offline(name: OfflineCommand, argv: readonly string[]): Promise<void> {
  const { offlineCommands } = await import('./offline/run.ts');
  const { text, isWrong } = await offlineCommands[name](argv);
  console.log(text);
  if (isWrong) process.exitCode = exitCode.failure;
}

function deadlineOf(seconds: string | undefined): Pick<PoolConfig, 'deviceDeadlineSeconds'> {
  const { min, max } = deviceDeadlineSeconds;
  return seconds === undefined
    ? {}
    : { deviceDeadlineSeconds: parseCount('--device-deadline', seconds, min, max) };
}

async function serve(argv: readonly string[]): Promise<void> {
  const parsed = parseFlags(poolCommand, argv);
  if (parsed === undefined) {
    console.log(helpOf(poolCommand));
    return;
  }
  const { 'device-deadline': seconds, config: file } = parsed.flags;
  const config = { ...readConfig(file, poolConfigShape), ...deadlineOf(seconds) };
  const poolKey = readKey(config.keyFile);
  const token = readToken(config.adminTokenFile);
  const log = openLog({ role: 'pool', pool: config.name });
  const clock = systemClock;
  const io = deviceIo();
  collectLate();
  keepIdleHeap();
  const stop = stopRequested(log, poolLimits.stopMs);

  const refusals = new Refusals();
  const tls = config.tls && new LinkTls(config.tls, poolLimits.fileLookMs, log);
  const daemon = new PoolDaemon({
    media: openPoolMedia(config, io),
    serve: (pool) =>
      serveReplicas({
        pool,
        poolKey,
        replication: config.listen.replication,
        copy: config.listen.copy,
        clock,
        log,
        refusals,
        tls,
      }),
    clock,
    log,
  });
  const paths = new Map(
    config.groups.flatMap(({ devices }) =>
      devices.map(({ name, paths: [path = ''] }) => [name, path] as const),
    ),
  );
  const status = () => statusOf(config.name, daemon.state, paths);
  const add = (server: Server) => {
    const { service } = loadProto<ProtoGrpcType>('pool.proto').caskade.pool.v1.Pool;
    server.addService(service, { ...poolHandlers({ daemon, status, clock, log }) });
  };
  const { listen } = config;
  const admin = await listening(
    'listen.admin',
    listen.admin,
    serveGrpc({ listen: listen.admin, token, add }),
  );
  // Ready as soon as the admin calls are answered: a pool that does not exist yet is created through them.
  const health = await openHealth(listen.http, async () => ({
    healthy: () => undefined,
    ready: () => undefined,
    metrics: (await import('./metrics.ts')).poolMetrics(status, () => refusals.counts()),
  }));
  log.info('started', {
    admin: admin.address,
    io: io.why === undefined ? io.name : `${io.name} (${io.why})`,
  });

  await daemon.start();
  await reportToParent({ event: 'started' });
  const stopWatching = watchDevices(daemon, clock, log);
  // Of its changed file a running daemon takes the mode of TLS; the rest is for the next one.
  const takeTlsMode = () => {
    const links = readChanged(file, poolConfigShape, log)?.tls;
    if (links) tls?.setMode(links);
  };
  const watching = tls && watchContent(file, poolLimits.fileLookMs, takeTlsMode);
  const failure = await Promise.race([daemon.failed, stop.then(() => undefined)]);
  if (failure !== undefined) {
    log.error('the pool can not go on', { error: failure });
    process.exit(1);
  }
  stopWatching();
  watching?.stop();
  await daemon.stop();
  tls?.stop();
  await Promise.all([admin.stop(), health.stop()]);
  log.info('stopped');
}
