/** All controllers of the operator, and the status streams that wake them beside the watches. */
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import { blockDeviceClaimController } from './block-device-claim/reconciler.ts';
import { openPools, openTargets } from './data-plane/services.ts';
import { legacyClaimController } from './legacy-claim/reconciler.ts';
import { poolClusterController } from './pool-cluster/reconciler.ts';
import { poolInstanceController } from './pool-instance/reconciler.ts';
import type { KubernetesClient } from './runtime/client.ts';
import { Controller, type ControllerMetrics } from './runtime/controller.ts';
import { EventRecorder } from './runtime/events.ts';
import type { Stoppable } from './runtime/manager.ts';
import { storagePoolClaimController } from './storage-pool-claim/reconciler.ts';
import { volumeConfigController } from './volume-config/reconciler.ts';
import { volumeReplicaController } from './volume-replica/reconciler.ts';
import { volumeController } from './volume/reconciler.ts';
import { keyIn, type Settings, type Watched, type World } from './world.ts';

export interface Parts {
  readonly settings: Settings;
  readonly client: KubernetesClient;
  readonly informers: Watched;
  readonly masterKey: Uint8Array;
  readonly metrics: ControllerMetrics;
  readonly clock: Clock;
  readonly log: Log;
}

export function controllersOf({ metrics, ...parts }: Parts): readonly Stoppable[] {
  const { settings, clock, log } = parts;
  /** Filled in below: a stream has something to say only after its controllers have asked for it. */
  const heard = { pool: (_name: string): void => undefined, target: (_name: string): void => undefined };
  const world: World = {
    ...parts,
    recorder: loggedRecorder(parts),
    pools: openPools({ clock, log, onChange: (name) => heard.pool(name) }),
    targets: openTargets({ clock, log, onChange: (name) => heard.target(name) }),
    nowIso: () => new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const start = (
    options: Pick<ConstructorParameters<typeof Controller>[0], 'name' | 'watches' | 'workers' | 'reconcile'>,
  ) => new Controller({ ...options, clock, log, metrics });

  const instances = start(poolInstanceController(world));
  const volumes = start(volumeController(world));
  const configOptions = volumeConfigController(world);
  const configs = start(configOptions);
  const replicaOptions = volumeReplicaController(world);
  const replicas = start(replicaOptions);
  heard.pool = (name) => {
    instances.enqueue(keyIn(settings, name));
    for (const key of replicaOptions.ofPool(name)) replicas.enqueue(key);
    for (const key of configOptions.pending()) configs.enqueue(key);
  };
  heard.target = (name) => {
    volumes.enqueue(keyIn(settings, name));
    configs.enqueue(keyIn(settings, name));
    for (const key of replicaOptions.ofVolume(name)) replicas.enqueue(key);
  };
  return [
    start(storagePoolClaimController(world)),
    start(blockDeviceClaimController(world)),
    start(poolClusterController(world)),
    instances,
    configs,
    volumes,
    replicas,
    start(legacyClaimController(world)),
    {
      stop: () => {
        world.pools.stop();
        world.targets.stop();
        return Promise.resolve();
      },
    },
  ];
}

/** What is worth an event is worth a line. */
function loggedRecorder({ client, clock, log }: Pick<Parts, 'client' | 'clock' | 'log'>): World['recorder'] {
  const recorder = new EventRecorder({ client, component: 'caskade-operator', clock, log });
  return {
    event(object, type, reason, message) {
      log.info(message, { kind: object.kind, object: object.metadata.name, reason });
      recorder.event(object, type, reason, message);
    },
  };
}
