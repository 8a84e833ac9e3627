/**
 * Stands in for the operator and the data plane: every CStorVolumeConfig gets a real iSCSI target (over a sparse file)
 * that lets in the node it is published to and nobody else. A process of its own (`KUBECONFIG FOLDER`): whoever writes
 * to a volume waits for its target, and must not be the one that serves it.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CStorVolumeConfig } from '../../src/api/kinds/cstorvolumeconfig.ts';
import { finalizers, initiatorIqn, targetIqn } from '../../src/api/names.ts';
import { resources } from '../../src/api/resources.ts';
import { isConflict, isNotFound } from '../../src/reconcilers/runtime/api-error.ts';
import { KubernetesClient } from '../../src/reconcilers/runtime/client.ts';
import { KubeConnection } from '../../src/reconcilers/runtime/connection.ts';
import { Informers } from '../../src/reconcilers/runtime/informer.ts';
import { parseQuantity } from '../../src/api/quantity.ts';
import { systemClock } from '../../src/shared/edge/system-clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import { openFileVolume } from '../../src/target/file-volume.ts';
import { serveIscsi } from '../../src/target/server.ts';

interface Target {
  readonly portal: string;
  grantedTo: string;
  endSessions(): void;
  stop(): Promise<void>;
}

class FakeOperator {
  readonly client: KubernetesClient;
  readonly #informers: Informers;
  readonly #folder: string;
  readonly #targets = new Map<string, Target>();
  readonly #working = new Map<string, Promise<void>>();
  /** While true nothing is done: the operator is away. */
  away = false;

  constructor(kubeconfig: string, folder: string) {
    const options = { clock: systemClock, log: silentLog };
    this.client = new KubernetesClient({
      ...options,
      connection: KubeConnection.fromFile(kubeconfig),
      fieldManager: 'fake-operator',
    });
    this.#informers = new Informers({ client: this.client, ...options });
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async start(): Promise<void> {
    const configs = this.#informers.of(resources.cstorVolumeConfig, { namespace: 'openebs' });
    configs.onChange(({ object }) => this.#enqueue(object.metadata.name));
    this.#informers.start();
    await this.#informers.synced();
  }

  /** After having been away. */
  catchUp(): void {
    this.away = false;
    const configs = this.#informers.of(resources.cstorVolumeConfig, { namespace: 'openebs' });
    for (const { metadata } of configs.store.list()) this.#enqueue(metadata.name);
  }

  async stop(): Promise<void> {
    await this.#informers.stop();
    await Promise.all(this.#working.values());
    await Promise.all([...this.#targets.values()].map((target) => target.stop()));
  }

  /** One at a time for each volume. */
  #enqueue(name: string): void {
    const before = this.#working.get(name) ?? Promise.resolve();
    const next = before
      .then(() => (this.away ? undefined : this.#reconcile(name)))
      .catch((error: unknown) => {
        if (!isConflict(error) && !isNotFound(error)) throw error;
        setTimeout(() => this.#enqueue(name), 50).unref();
      });
    this.#working.set(name, next);
  }

  async #reconcile(name: string): Promise<void> {
    const key = { namespace: 'openebs', name };
    const config = await this.client.get(resources.cstorVolumeConfig, key);
    if (config === undefined) return;
    if (config.metadata.deletionTimestamp !== undefined) {
      await this.#targets.get(name)?.stop();
      this.#targets.delete(name);
      rmSync(join(this.#folder, name), { force: true });
      await this.client.delete(resources.cstorVolume, key);
      await this.client.removeFinalizer(resources.cstorVolumeConfig, config, finalizers.volumeConfig);
      return;
    }
    const target = this.#targets.get(name) ?? (await this.#serve(config));
    const node = config.publish?.nodeId ?? '';
    if (target.grantedTo !== node) {
      target.grantedTo = node;
      target.endSessions();
    }
    const volume = await this.client.apply(resources.cstorVolume, {
      metadata: key,
      spec: {
        capacity: config.spec.capacity['storage'] ?? 0,
        iqn: targetIqn(name),
        targetIP: '127.0.0.1',
        targetPort: '3260',
        targetPortal: target.portal,
      },
    } as never);
    await this.client.patchStatus(resources.cstorVolume, volume, {
      ...volume.status,
      phase: 'Healthy',
      publishedNodeId: node,
    });
    await this.client.patchStatus(resources.cstorVolumeConfig, config, { ...config.status, phase: 'Bound' });
  }

  async #serve(config: CStorVolumeConfig): Promise<Target> {
    const { name } = config.metadata;
    const size = parseQuantity(config.spec.capacity['storage'] ?? 0);
    const volume = await openFileVolume(join(this.#folder, name), size);
    const state = { grantedTo: '' };
    const server = await serveIscsi({
      volume,
      iqn: targetIqn(name),
      listen: '127.0.0.1:0',
      mayLogin: (initiator) => state.grantedTo !== '' && initiator === initiatorIqn(state.grantedTo),
      log: silentLog,
    });
    const target: Target = {
      portal: `127.0.0.1:${server.port}`,
      get grantedTo() {
        return state.grantedTo;
      },
      set grantedTo(node: string) {
        state.grantedTo = node;
      },
      endSessions: () =>
        void server.endSessionsOf((initiator) => initiator !== initiatorIqn(state.grantedTo)),
      async stop() {
        await server.stop();
        await volume.close();
      },
    };
    this.#targets.set(name, target);
    return target;
  }
}

/** What the checks may tell it. */
export type OperatorOrder = 'be away' | 'come back';

const [kubeconfig, folder] = process.argv.slice(2);
if (kubeconfig !== undefined && folder !== undefined && process.send !== undefined) {
  const operator = new FakeOperator(kubeconfig, folder);
  process.on('message', (order: OperatorOrder) => {
    if (order === 'be away') operator.away = true;
    else operator.catchUp();
    process.send?.('done');
  });
  process.once('disconnect', () => process.exit(1));
  process.once('SIGTERM', () => {
    void operator.stop().then(() => process.exit(0));
  });
  await operator.start();
  process.send('started');
}
