/** The csi-controller role: CSI Identity and Controller beside the sidecars. */
import { Registry } from '@prometheus-io/client';
import type { ProtoGrpcType } from '../../api/proto/csi.ts';
import { KubernetesClient } from '../../reconcilers/runtime/client.ts';
import { Informers } from '../../reconcilers/runtime/informer.ts';
import { helpOf, parseFlags, type Command, type Flags } from '../../shared/edge/flags.ts';
import { openHealth } from '../../shared/edge/health-endpoint.ts';
import { openLog } from '../../shared/edge/logger.ts';
import { stopRequested } from '../../shared/edge/shutdown.ts';
import { systemClock } from '../../shared/edge/system-clock.ts';
import { version } from '../../shared/edge/version.ts';
import { UsageError } from '../../shared/exit-codes.ts';
import { loadProto } from '../../shared/grpc/load.ts';
import { serveGrpc } from '../../shared/grpc/serve.ts';
import { listenAddress, socketPath } from '../endpoint.ts';
import { identity } from '../identity.ts';
import { VolumeLocks } from '../volume-locks.ts';
import { KubernetesVolumeStore } from './kubernetes-volume-store.ts';
import { controllerService } from './service.ts';
import { Volumes } from './volumes.ts';

const command = {
  name: 'caskade csi-controller',
  does: 'CSI Identity and Controller services over the custom resources of volumes.',
  flags: {
    endpoint: { value: 'unix:///PATH', does: 'socket shared with the sidecars', required: true },
    http: { value: 'HOST:PORT', does: 'health and metrics, default [::]:9500' },
  },
} as const satisfies Command<Flags>;

export async function run(argv: readonly string[]): Promise<void> {
  const parsed = parseFlags(command, argv);
  if (parsed === undefined) {
    console.log(helpOf(command));
    return;
  }
  const namespace = process.env['CASKADE_NAMESPACE'] ?? '';
  if (namespace === '')
    throw new UsageError("$CASKADE_NAMESPACE is not set: the chart sets it from the pod's own fields");
  const path = socketPath('--endpoint', parsed.flags.endpoint);
  const log = openLog({ role: 'csi-controller' });
  const client = KubernetesClient.fromEnvironment({
    log,
    clock: systemClock,
    fieldManager: 'caskade-csi-controller',
  });
  const informers = new Informers({ client, log, clock: systemClock });
  const store = new KubernetesVolumeStore(client, informers, namespace);
  const health = await openHealth(parsed.flags.http ?? '[::]:9500', () =>
    Promise.resolve({
      healthy: () => undefined,
      ready: () => (informers.isSynced ? undefined : 'the API server has not answered yet'),
      metrics: new Registry(),
    }),
  );
  const stopped = stopRequested(log, 15_000);
  informers.start();
  await Promise.race([informers.synced(), stopped]);

  const { csi } = loadProto<ProtoGrpcType>('csi.proto');
  const volumes = new Volumes({ store, namespace, version });
  const server = await serveGrpc({
    listen: listenAddress(path),
    add: (grpc) => {
      grpc.addService(csi.v1.Identity.service, {
        ...identity({ version, log, ready: () => informers.isSynced }),
      });
      grpc.addService(csi.v1.Controller.service, {
        ...controllerService({ volumes, locks: new VolumeLocks(), log }),
      });
    },
  });
  log.info('serving', { endpoint: path, version });
  await stopped;
  await server.stop(10_000);
  await informers.stop();
  await health.stop();
}
