/**
 * What a bare API server lacks, as far as the operator sees it: Deployments become pods (with a fake daemon behind the
 * pod's address) and objects whose owner is gone are collected.
 */
import type { BlockDevice } from '../../src/api/kinds/blockdevice.ts';
import { resources, type Resource } from '../../src/api/resources.ts';
import { keyOf, type KubernetesObject } from '../../src/api/object-meta.ts';
import { ports } from '../../src/api/names.ts';
import type { TargetConfig } from '../../src/api/target-config.ts';
import { isNotFound } from '../../src/reconcilers/runtime/api-error.ts';
import { KubernetesClient } from '../../src/reconcilers/runtime/client.ts';
import { KubeConnection } from '../../src/reconcilers/runtime/connection.ts';
import { core, type Json } from '../../src/reconcilers/runtime/core-resources.ts';
import { systemClock } from '../../src/shared/edge/system-clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import { FakePool } from './fake-pool.ts';
import { FakeTarget } from './fake-target.ts';
import type { V1Deployment } from '@kubernetes/client-node';

type Deployment = Json<V1Deployment>;
export const namespace = 'openebs';
const tickMs = 200;
/** Collecting looks at many kinds: less often. */
const collectEvery = 5;

const collected: readonly Resource<KubernetesObject>[] = [
  core.deployments,
  core.services,
  core.configMaps,
  core.secrets,
  resources.cstorPoolCluster,
  resources.cstorPoolInstance,
  resources.blockDeviceClaim,
  resources.cstorVolume,
  resources.cstorVolumeReplica,
];
const owners: readonly Resource<KubernetesObject>[] = [
  resources.storagePoolClaim,
  resources.cstorPoolCluster,
  resources.cstorPoolInstance,
  resources.cstorVolumeConfig,
];

export class FakeCluster {
  readonly client: KubernetesClient;
  /** Of every instance there ever was, by name: what lies on its disks stays. */
  readonly pools = new Map<string, FakePool>();
  readonly targets = new Map<string, FakeTarget>();
  /** Deployments whose pod can not run, as on a node without power. */
  readonly down = new Set<string>();
  /** `+name` for each pod that was started, `-name` for each that was stopped. */
  readonly history: string[] = [];
  /** Every new pool refuses CreatePool with this. */
  refusal: string | undefined;
  readonly #addresses = new Map<string, string>();
  /** Generation of the Deployment that each pod was made for. */
  readonly #running = new Map<string, number>();
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(kubeconfig: string) {
    this.client = new KubernetesClient({
      connection: KubeConnection.fromFile(kubeconfig),
      fieldManager: 'fake-cluster',
      clock: systemClock,
      log: silentLog,
    });
  }

  start(): void {
    this.#loop = this.#work();
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    for (const daemon of [...this.pools.values(), ...this.targets.values()]) await daemon.stop();
  }

  pool(name: string): FakePool {
    const known = this.pools.get(name);
    const pool = known ?? new FakePool(name);
    if (known === undefined) pool.refusal = this.refusal;
    this.pools.set(name, pool);
    return pool;
  }
  target(volume: string): FakeTarget {
    const target = this.targets.get(volume);
    if (target === undefined) throw new Error(`no target of ${volume} runs`);
    return target;
  }
  /** As the node disk manager would. */
  async addDevice(device: BlockDevice): Promise<void> {
    const { status, ...rest } = device;
    const created = await this.client.apply(resources.blockDevice, rest);
    if (status !== undefined) await this.client.patchStatus(resources.blockDevice, created, status);
  }
  /** Power off, and on again. */
  async powerOff(deployment: string): Promise<void> {
    this.down.add(deployment);
    await this.#stopPod(deployment);
  }
  powerOn(deployment: string): void {
    this.down.delete(deployment);
  }

  async #work(): Promise<void> {
    for (let round = 0; !this.#stopped; round++) {
      try {
        await this.#runPods();
        if (round % collectEvery === 0) await this.#collect();
      } catch (error) {
        if (!this.#stopped && !isNotFound(error)) console.error(`fake cluster: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
  }

  async #runPods(): Promise<void> {
    const deployments = await this.client.list(core.deployments, { namespace });
    const names = new Set(deployments.map(({ metadata }) => metadata.name));
    for (const name of [...this.#running.keys()].filter((each) => !names.has(each)))
      await this.#stopPod(name);
    for (const deployment of deployments) {
      const { name, generation } = deployment.metadata;
      const runs = this.#running.get(name);
      // The next one is made in the next round, as where the strategy is Recreate.
      if (runs !== undefined && runs !== generation) await this.#stopPod(name);
      else if (runs === undefined && !this.down.has(name)) await this.#startPod(deployment);
    }
    for (const target of this.targets.values()) await this.#refresh(target);
  }

  /** The file of a running target follows its ConfigMap, as a kubelet sees to. */
  async #refresh(target: FakeTarget): Promise<void> {
    const key = { namespace, name: `${target.config.volume}-target` };
    if (!this.#running.has(key.name)) return;
    const content = (await this.client.get(core.configMaps, key))?.data?.['target.json'];
    if (content !== undefined) target.configure(JSON.parse(content) as TargetConfig);
  }

  async #startPod(deployment: Deployment): Promise<void> {
    const { name, labels = {} } = deployment.metadata;
    const podIP = this.#address(name);
    const volumes = deployment.spec?.template.spec?.volumes ?? [];
    const configMap = volumes.find((volume) => volume.configMap !== undefined)?.configMap?.name ?? '';
    const secret = volumes.find(({ name: volume }) => volume === 'keys')?.secret?.secretName ?? '';
    const data = (await this.client.get(core.configMaps, { namespace, name: configMap }))?.data;
    const keys = (await this.client.get(core.secrets, { namespace, name: secret }))?.data;
    if (data === undefined || keys === undefined) return; // the kubelet waits for them too
    const token = Buffer.from(keys['admin-token'] ?? '', 'base64').toString();
    const listen = `${podIP}:${ports.admin}`;
    if (labels['app'] === 'cstor-pool') await this.pool(name).start(listen, token);
    else {
      const config = JSON.parse(data['target.json'] ?? '') as TargetConfig;
      const before = this.targets.get(config.volume);
      const serves = (pool: string) => this.pool(pool).isServing;
      // The replicas remember.
      const target = new FakeTarget(config, serves, before?.troubles ?? new Map());
      target.initiators = before?.initiators ?? [];
      await target.start(listen, token);
      this.targets.set(config.volume, target);
    }
    const { generation = 0 } = deployment.metadata;
    this.#running.set(name, generation);
    await this.#createPod(deployment, podIP);
    const status = { observedGeneration: generation, replicas: 1, updatedReplicas: 1 };
    await this.client.patch(core.deployments, { namespace, name }, { status }, { subresource: 'status' });
    this.history.push(`+${name}`);
    for (const target of this.targets.values()) target.tick();
  }

  async #createPod(deployment: Deployment, podIP: string): Promise<void> {
    const { name } = deployment.metadata;
    const key = { namespace, name: `${name}-pod` };
    await this.client.delete(core.pods, key);
    const template = deployment.spec?.template;
    const daemon = { name: 'daemon', image: 'fake' };
    await this.client.create(core.pods, {
      metadata: {
        ...key,
        labels: { ...template?.metadata?.labels },
        annotations: { ...template?.metadata?.annotations },
      },
      spec: {
        containers: [daemon],
        volumes: template?.spec?.volumes?.filter(({ secret }) => secret !== undefined) ?? [],
      },
    });
    await this.client.patch(
      core.pods,
      key,
      {
        status: {
          phase: 'Running',
          podIP,
          podIPs: [{ ip: podIP }],
          conditions: [{ type: 'Ready', status: 'True' }],
          containerStatuses: [
            { ...daemon, ready: true, restartCount: 0, imageID: '', state: { running: {} } },
          ],
        },
      },
      { subresource: 'status' },
    );
  }

  async #stopPod(name: string): Promise<void> {
    this.#running.delete(name);
    this.history.push(`-${name}`);
    await this.pools.get(name)?.stop();
    const volume = name.replace(/-target$/, '');
    if (volume !== name) await this.targets.get(volume)?.stop();
    await this.client.delete(core.pods, { namespace, name: `${name}-pod` });
    for (const target of this.targets.values()) target.tick();
  }

  #address(name: string): string {
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const n = this.#addresses.size + 1;
    const address = `127.215.${n >> 8}.${(n & 255) + 1}`;
    this.#addresses.set(name, address);
    return address;
  }

  async #collect(): Promise<void> {
    const lists = await Promise.all(
      owners.map((resource) => this.client.list(resource, resource.namespaced ? { namespace } : {})),
    );
    const alive = new Set(lists.flat().map(({ metadata }) => metadata.uid));
    for (const resource of collected)
      for (const object of await this.client.list(resource, { namespace })) {
        const references = object.metadata.ownerReferences ?? [];
        if (
          references.length > 0 &&
          !references.some(({ uid }) => alive.has(uid)) &&
          object.metadata.deletionTimestamp === undefined
        )
          await this.client.delete(resource, keyOf(object));
      }
  }
}
