/** The ndm role: one per node, finds its block devices. */
import { Registry, Counter, Gauge } from '@prometheus-io/client';
import { labels } from '../api/names.ts';
import { resources } from '../api/resources.ts';
import { KubernetesClient } from '../reconcilers/runtime/client.ts';
import { core } from '../reconcilers/runtime/core-resources.ts';
import { Informers } from '../reconcilers/runtime/informer.ts';
import { InvariantError } from '../shared/assert.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import { helpOf, parseFlags } from '../shared/edge/flags.ts';
import { serveHealth } from '../shared/edge/health-server.ts';
import { openLog } from '../shared/edge/logger.ts';
import { stopRequested } from '../shared/edge/shutdown.ts';
import { systemClock } from '../shared/edge/system-clock.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { Agent } from './agent.ts';
import { command, readOptions } from './options.ts';
import { ContentReader } from './probe/content.ts';
import { probeMachine } from './probe/machine.ts';
import { makeSparseFiles } from './probe/sparse.ts';
import { Rescan } from './rescan.ts';

export async function run(argv: readonly string[]): Promise<void> {
  const parsed = parseFlags(command, argv);
  if (parsed === undefined) {
    console.log(helpOf(command));
    return;
  }
  const options = readOptions(parsed.flags, process.env);
  const log = openLog({ role: 'ndm', node: options.nodeName });
  const client = KubernetesClient.fromEnvironment({ log, clock: systemClock, fieldManager: 'caskade-ndm' });
  const informers = new Informers({ client, log, clock: systemClock });
  const blockDevices = informers.of(resources.blockDevice, { namespace: options.namespace });

  const metrics = new Registry();
  const gauge = new Gauge({
    name: 'caskade_ndm_devices',
    help: 'Block devices that this node offers.',
    registers: [metrics],
  });
  const writes = new Counter({
    name: 'caskade_ndm_writes_total',
    help: 'Writes to the API server.',
    registers: [metrics],
  });
  const failures = new Counter({
    name: 'caskade_ndm_failed_passes_total',
    help: 'Looks at the machine that failed.',
    registers: [metrics],
  });
  let problem: string | undefined = 'no pass has succeeded yet';
  let lastPassMs = performance.now();
  const http = parseEndpoint(options.http);
  if (http.kind !== 'tcp')
    throw new UsageError(`--http ${options.http} is no HOST:PORT: give for example [::]:9500`);
  const health = await serveHealth(
    {
      // A probe that hangs for good is mended by a restart, if by anything.
      healthy: () =>
        performance.now() - lastPassMs > 10 * 60_000 ? 'no pass has ended for ten minutes' : undefined,
      ready: () => problem,
      metrics,
    },
    http.host,
    http.port,
  );

  if (options.sparse) await makeSparseFiles(options.sparse);
  const stopped = stopRequested(log, 20_000);
  informers.start();
  const found = await client.get(core.nodes, { name: options.nodeName });
  const hostname = found?.metadata.labels?.[labels.hostname] ?? options.nodeName;
  await informers.synced();

  const content = new ContentReader(log);
  const agent = new Agent({
    node: { nodeName: options.nodeName, hostname },
    namespace: options.namespace,
    client,
    blockDevices,
    configFile: options.configFile,
    probe: (isWanted) =>
      probeMachine({ content, hostPid: options.hostPid, sparseFolder: options.sparse?.folder, isWanted }),
    log,
  });
  const rescan = new Rescan({
    everyMs: options.rescanMs,
    gapMs: 1_000,
    folder: '/dev',
    log,
    pass: async () => {
      try {
        const result = await agent.pass();
        gauge.set(result.devices);
        writes.inc(result.writes);
        problem = undefined;
      } catch (error) {
        if (error instanceof InvariantError) throw error;
        failures.inc();
        problem = (error as Error).message;
        log.error('pass failed, the next one tries again', { error });
      }
      lastPassMs = performance.now();
    },
  });
  blockDevices.onChange(() => rescan.ask());
  rescan.start();
  await stopped;
  await rescan.stop();
  await agent
    .stop()
    .catch((error: unknown) => log.error('devices could not be marked as unwatched', { error }));
  await informers.stop();
  health.close();
}
