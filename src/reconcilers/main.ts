/** `caskade operator`: all reconcilers in one process, one leader at a time. */
import { Registry } from '@prometheus-io/client';
import { systemClock } from '../shared/edge/system-clock.ts';
import { helpOf, parseFlags } from '../shared/edge/flags.ts';
import { openHealth } from '../shared/edge/health-endpoint.ts';
import { openLog } from '../shared/edge/logger.ts';
import { stopRequested } from '../shared/edge/shutdown.ts';
import { exitCode } from '../shared/exit-codes.ts';
import { controllersOf } from './controllers.ts';
import { masterKey } from './master-key.ts';
import { httpDefault, operatorCommand, operatorOptions } from './options.ts';
import { KubernetesClient } from './runtime/client.ts';
import { controllerMetrics } from './runtime/controller-metrics.ts';
import { Informers } from './runtime/informer.ts';
import { runManager } from './runtime/manager.ts';
import { watch } from './world.ts';

/** Within the pod's grace period. */
const stopMs = 20_000;

export async function run(argv: readonly string[]): Promise<void> {
  const parsed = parseFlags(operatorCommand, argv);
  if (parsed === undefined) {
    console.log(helpOf(operatorCommand));
    return;
  }
  const { settings, identity } = operatorOptions(process.env);
  const log = openLog({ role: 'operator' });
  const clock = systemClock;
  const stop = stopRequested(log, stopMs);
  const client = KubernetesClient.fromEnvironment({ fieldManager: 'caskade-operator', clock, log });
  const informers = new Informers({ client, clock, log });
  const watched = watch(informers, settings.namespace);
  const metrics = new Registry();
  const numbers = controllerMetrics(metrics);

  const manager = runManager({
    client,
    informers,
    clock,
    log,
    lease: { namespace: settings.namespace, name: 'caskade-operator', identity },
    controllers: async ({ client: fenced }) => {
      const key = await masterKey(fenced, settings.namespace);
      return controllersOf({
        settings,
        client: fenced,
        informers: watched,
        masterKey: key,
        metrics: numbers,
        clock,
        log,
      });
    },
  });
  const health = await openHealth(parsed.flags.http ?? httpDefault, () =>
    Promise.resolve({ healthy: () => manager.unhealthy(), ready: () => manager.notReady(), metrics }),
  );
  log.info('started', { namespace: settings.namespace, version: settings.version, identity });
  const lost = await Promise.race([manager.ended, stop.then(() => undefined)]);
  if (lost !== undefined) {
    log.error('ending, the pod starts again', { reason: lost });
    process.exit(exitCode.failure);
  }
  await manager.stop();
  await health.stop();
  log.info('stopped');
}
