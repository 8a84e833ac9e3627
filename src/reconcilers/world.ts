/** What every reconciler of the operator works with: made once in main.ts and handed down. */
import { annotations } from '../api/names.ts';
import type { KubernetesObject, ObjectKey } from '../api/object-meta.ts';
import type { Resource } from '../api/resources.ts';
import { resources } from '../api/resources.ts';
import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { TlsMode } from '../shared/tls-files.ts';
import type { Pools, Targets } from './data-plane/services.ts';
import type { KubernetesClient } from './runtime/client.ts';
import { core } from './runtime/core-resources.ts';
import type { EventRecorder } from './runtime/events.ts';
import type { Informer, Informers } from './runtime/informer.ts';

export interface Settings {
  readonly namespace: string;
  /** Image of pool and target pods. */
  readonly image: string;
  readonly imagePullPolicy: string;
  /** Label openebs.io/version. */
  readonly version: string;
  /** Folder of sparse files on the nodes. */
  readonly sparseDir: string;
  /** Secret with the certificates of replication and copy links; empty: they are not encrypted. */
  readonly replicationTlsSecret: string;
  readonly replicationTlsMode: TlsMode;
  /** Seccomp profile of pools: RuntimeDefault, Unconfined, or localhost/ and its path below the kubelet's folder of them. */
  readonly poolSeccompProfile: string;
}

export interface World {
  readonly settings: Settings;
  readonly client: KubernetesClient;
  readonly informers: Watched;
  readonly recorder: Pick<EventRecorder, 'event'>;
  readonly pools: Pools;
  readonly targets: Targets;
  readonly masterKey: Uint8Array;
  readonly clock: Clock;
  readonly log: Log;
  /** Wall time for conditions, RFC 3339. */
  readonly nowIso: () => string;
}

/** Everything the operator watches; nothing else is cached. */
export function watch(informers: Informers, namespace: string) {
  const of = <T extends KubernetesObject>(resource: Resource<T>, labelSelector?: string): Informer<T> =>
    informers.of(resource, {
      ...(resource.namespaced ? { namespace } : {}),
      ...(labelSelector === undefined ? {} : { labelSelector }),
    });
  const dataPlane = 'openebs.io/cas-type=cstor';
  return {
    nodes: of(core.nodes),
    claims: of(resources.storagePoolClaim),
    devices: of(resources.blockDevice),
    deviceClaims: of(resources.blockDeviceClaim),
    clusters: of(resources.cstorPoolCluster),
    instances: of(resources.cstorPoolInstance),
    policies: of(resources.cstorVolumePolicy),
    configs: of(resources.cstorVolumeConfig),
    volumes: of(resources.cstorVolume),
    replicas: of(resources.cstorVolumeReplica),
    deployments: of(core.deployments, dataPlane),
    services: of(core.services, dataPlane),
    configMaps: of(core.configMaps, dataPlane),
    secrets: of(core.secrets, dataPlane),
    pods: of(core.pods, dataPlane),
    storageClasses: of(core.storageClasses),
    persistentVolumes: of(core.persistentVolumes),
    persistentVolumeClaims: informers.of(core.persistentVolumeClaims),
  };
}
export type Watched = ReturnType<typeof watch>;

/** A person has asked us to keep our hands off the object. */
export const isDisabled = (object: KubernetesObject): boolean =>
  object.metadata.annotations?.[annotations.reconcileDisable] === 'true' ||
  object.metadata.annotations?.[annotations.reconcile] === 'false';

export const keyIn = (settings: Settings, name: string): ObjectKey => ({
  namespace: settings.namespace,
  name,
});
