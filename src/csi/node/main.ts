/** The csi-node role: CSI Identity and Node of one node, and its registration with the kubelet. */
import { Registry } from '@prometheus-io/client';
import { mkdir } from 'node:fs/promises';
import type { ProtoGrpcType } from '../../api/proto/csi.ts';
import { labels } from '../../api/names.ts';
import { KubernetesClient } from '../../reconcilers/runtime/client.ts';
import { core } from '../../reconcilers/runtime/core-resources.ts';
import { helpOf, parseFlags } from '../../shared/edge/flags.ts';
import { openHealth } from '../../shared/edge/health-endpoint.ts';
import { openLog } from '../../shared/edge/logger.ts';
import { stopRequested } from '../../shared/edge/shutdown.ts';
import { systemClock } from '../../shared/edge/system-clock.ts';
import { version } from '../../shared/edge/version.ts';
import { loadProto } from '../../shared/grpc/load.ts';
import { serveGrpc } from '../../shared/grpc/serve.ts';
import type { Log } from '../../shared/log.ts';
import { listenAddress } from '../endpoint.ts';
import { identity } from '../identity.ts';
import { VolumeLocks } from '../volume-locks.ts';
import type { Attacher } from './attacher.ts';
import { hostCommands, ownCommands } from './command.ts';
import { Mounter } from './mounter.ts';
import { OpenIscsiAttacher } from './open-iscsi-attacher.ts';
import { command, readOptions, type NodeOptions } from './options.ts';
import { QemuAttacher } from './qemu-attacher.ts';
import { Readiness } from './readiness.ts';
import { serveRegistration } from './registration.ts';
import { nodeService } from './service.ts';

function attacherOf({ attach, hostPid, attachFolder, nodeName }: NodeOptions, log: Log): Attacher {
  const host = hostPid === 'self' ? ownCommands : hostCommands(hostPid);
  return attach === 'qemu'
    ? new QemuAttacher({ folder: attachFolder, nodeName, host, hostPid, log })
    : new OpenIscsiAttacher({ host, log });
}

export async function run(argv: readonly string[]): Promise<void> {
  const parsed = parseFlags(command, argv);
  if (parsed === undefined) {
    console.log(helpOf(command));
    return;
  }
  const options = readOptions(parsed.flags, process.env);
  const { nodeName } = options;
  const log = openLog({ role: 'csi-node', node: nodeName });
  const stopped = stopRequested(log, 15_000);
  const attacher = attacherOf(options, log);
  await mkdir(options.attachFolder, { recursive: true, mode: 0o700 });
  for (const found of await attacher.recover()) log.info('attached before this start', { found });

  const client = KubernetesClient.fromEnvironment({
    log,
    clock: systemClock,
    fieldManager: 'caskade-csi-node',
  });
  const readiness = new Readiness({ nodeName, attacher, client, log, now: () => new Date().toISOString() });
  let registered: string | undefined = 'the kubelet has not registered the driver yet';
  const health = await openHealth(options.http, () =>
    Promise.resolve({
      healthy: () => undefined,
      ready: () => readiness.problem ?? registered,
      metrics: new Registry(),
    }),
  );
  await readiness.start();
  const hostname = async () =>
    (await client.get(core.nodes, { name: nodeName }))?.metadata.labels?.[labels.hostname] ?? nodeName;

  const { csi } = loadProto<ProtoGrpcType>('csi.proto');
  const server = await serveGrpc({
    listen: listenAddress(options.socket),
    add: (grpc) => {
      grpc.addService(csi.v1.Identity.service, { ...identity({ version, log, ready: () => true }) });
      grpc.addService(csi.v1.Node.service, {
        ...nodeService({
          nodeName,
          hostname,
          attacher,
          mounter: new Mounter(),
          locks: new VolumeLocks(),
          log,
        }),
      });
    },
  });
  listenAddress(options.registrationSocket);
  const registration = await serveRegistration({
    socket: options.registrationSocket,
    endpoint: options.socket,
    log,
    onStatus: (done, error) => {
      registered = done ? undefined : `the kubelet refused the driver: ${error}`;
      if (done) log.info('registered with the kubelet');
      else log.error('the kubelet refused the driver', { reason: error });
    },
  });
  log.info('serving', { endpoint: options.socket, attach: attacher.name, version });
  await stopped;
  readiness.stop();
  await registration.stop(1_000);
  await server.stop(10_000);
  await health.stop();
}
