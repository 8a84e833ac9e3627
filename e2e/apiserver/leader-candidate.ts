/**
 * A process that wants to lead: while it does, it writes a line `IDENTITY NUMBER` into a ConfigMap again and again, through
 * the fenced client. argv: kubeconfig, namespace, identity, duration of the lease in ms.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { KubernetesClient } from '../../src/reconcilers/runtime/client.ts';
import { KubeConnection } from '../../src/reconcilers/runtime/connection.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import { Informers } from '../../src/reconcilers/runtime/informer.ts';
import { runManager } from '../../src/reconcilers/runtime/manager.ts';
import { systemClock } from '../../src/shared/edge/system-clock.ts';
import { silentLog } from '../../src/shared/log.ts';

const [kubeconfig = '', namespace = '', identity = '', durationMs = ''] = process.argv.slice(2);
const client = new KubernetesClient({
  connection: KubeConnection.fromFile(kubeconfig),
  fieldManager: identity,
  clock: systemClock,
  log: silentLog,
});
const informers = new Informers({ client, clock: systemClock, log: silentLog });
informers.of(core.configMaps, { namespace });

const manager = runManager({
  client,
  informers,
  log: silentLog,
  clock: systemClock,
  lease: { namespace, name: 'leader', identity, durationMs: Number(durationMs) },
  controllers: ({ client: fenced, signal }) => {
    let stopped = false;
    const write = async () => {
      console.log('leading');
      while (!stopped && !signal.aborted) {
        const key = { namespace, name: 'log' };
        await fenced
          .modify(core.configMaps, key, (object) => ({
            ...object,
            data: { lines: `${object.data?.['lines'] ?? ''}${identity}\n` },
          }))
          .catch((error: unknown) => console.log(`refused ${String(error)}`));
        await delay(20);
      }
    };
    const ended = write();
    return [
      {
        stop: async () => {
          stopped = true;
          await ended;
        },
      },
    ];
  },
});
process.on('SIGTERM', () => void manager.stop().then(() => process.exit(0)));
console.log(`ended ${await manager.ended}`);
process.exit(1);
