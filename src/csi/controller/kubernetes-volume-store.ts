/** VolumeStore over the API server: reads that decide are fresh, waits listen to the informers. */
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import { resources } from '../../api/resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../reconcilers/runtime/api-error.ts';
import type { KubernetesClient } from '../../reconcilers/runtime/client.ts';
import { core } from '../../reconcilers/runtime/core-resources.ts';
import type { Informer, Informers } from '../../reconcilers/runtime/informer.ts';
import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import type { ClaimRef, VolumeState, VolumeStore } from './volume-store.ts';

export class KubernetesVolumeStore implements VolumeStore {
  readonly #client: KubernetesClient;
  readonly #namespace: string;
  readonly #configs: Informer<CStorVolumeConfig>;
  readonly #volumes: Informer<CStorVolume>;

  constructor(client: KubernetesClient, informers: Informers, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#configs = informers.of(resources.cstorVolumeConfig, { namespace });
    this.#volumes = informers.of(resources.cstorVolume, { namespace });
  }

  list(): readonly VolumeState[] {
    return this.#configs.store.list().map(({ metadata }) => this.#state(metadata.name));
  }

  get(name: string): Promise<CStorVolumeConfig | undefined> {
    return this.#client.get(resources.cstorVolumeConfig, this.#key(name));
  }

  async create(config: CStorVolumeConfig): Promise<CStorVolumeConfig | undefined> {
    try {
      return await this.#client.create(resources.cstorVolumeConfig, config);
    } catch (error) {
      if (isAlreadyExists(error)) return undefined;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    await this.#client.delete(resources.cstorVolumeConfig, this.#key(name));
  }

  async publish(config: CStorVolumeConfig, nodeId: string): Promise<boolean> {
    const { resourceVersion, uid } = config.metadata;
    const patch = { metadata: { resourceVersion, uid }, publish: { nodeId } };
    try {
      await this.#client.patch(resources.cstorVolumeConfig, this.#key(config.metadata.name), patch);
      return true;
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return false;
      throw error;
    }
  }

  async hasNode(name: string): Promise<boolean> {
    // Ids come from the caller; what can not be a Node's name is none.
    if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return false;
    return (await this.#client.get(core.nodes, { name })) !== undefined;
  }

  async hasClaim({ name, namespace, volume }: ClaimRef): Promise<boolean> {
    const claim = await this.#client.get(core.persistentVolumeClaims, { namespace, name });
    // Another claim of that name may stand there by now.
    return claim !== undefined && volume === `pvc-${claim.metadata.uid ?? ''}`;
  }

  wait<T>(
    name: string,
    timeoutMs: number,
    look: (state: VolumeState) => T | undefined,
  ): Promise<T | undefined> {
    const now = look(this.#state(name));
    if (now !== undefined || timeoutMs <= 0) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        for (const unsubscribe of unsubscribers) unsubscribe();
        settle();
      };
      const check = (change: { object: { metadata: { name: string } } }) => {
        if (change.object.metadata.name !== name) return;
        // A change is told before or after the store has it: look when it has.
        queueMicrotask(() => {
          try {
            const seen = look(this.#state(name));
            if (seen !== undefined) end(() => resolve(seen));
          } catch (error) {
            end(() => reject(error instanceof Error ? error : new Error(String(error))));
          }
        });
      };
      const timer = setTimeout(() => end(() => resolve(undefined)), timeoutMs);
      const unsubscribers = [this.#configs.onChange(check), this.#volumes.onChange(check)];
    });
  }

  #state(name: string): VolumeState {
    const key = this.#key(name);
    return { config: this.#configs.store.get(key), volume: this.#volumes.store.get(key) };
  }

  #key(name: string) {
    return { namespace: this.#namespace, name };
  }
}
