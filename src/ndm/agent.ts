/** One pass of the node disk manager: look at the machine, plan, write. A pass that finds nothing new writes nothing. */
import { readFile } from 'node:fs/promises';
import type { BlockDevice } from '../api/kinds/blockdevice.ts';
import { resources } from '../api/resources.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../reconcilers/runtime/api-error.ts';
import type { KubernetesClient } from '../reconcilers/runtime/client.ts';
import { core } from '../reconcilers/runtime/core-resources.ts';
import type { Informer } from '../reconcilers/runtime/informer.ts';
import { UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { reasonToSkip, type DeviceFacts, type FilterConfig } from './checks.ts';
import { filterDefaults, parseFilterConfig } from './filter-config.ts';
import { identify, inventory, type NodeFacts } from './inventory.ts';
import { plan, planStop, type Conflict, type Write } from './plan.ts';

export interface AgentOptions {
  readonly node: NodeFacts;
  readonly namespace: string;
  readonly client: KubernetesClient;
  readonly blockDevices: Informer<BlockDevice>;
  /** Path of `node-disk-manager.config`; the defaults hold while it is missing. */
  readonly configFile: string;
  readonly probe: (
    isWanted: (facts: DeviceFacts, all: readonly DeviceFacts[]) => boolean,
  ) => Promise<readonly DeviceFacts[]>;
  readonly log: Log;
}

export interface PassResult {
  readonly devices: number;
  readonly skipped: number;
  readonly writes: number;
  readonly conflicts: number;
}

export class Agent {
  readonly #options: AgentOptions;
  #config: FilterConfig = filterDefaults;
  #configText: string | undefined;
  /** What was said about each device last, so that it is said once. */
  #said = new Map<string, string>();

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  async pass(): Promise<PassResult> {
    const { node, blockDevices, probe } = this.#options;
    await this.#readConfig();
    const objects = blockDevices.store.list();
    const claimed = new Set(
      objects.filter(({ spec }) => spec?.claimRef !== undefined).map(({ metadata }) => metadata.name),
    );
    const config = this.#config;
    // A claimed device belongs to a pool, which writes to it all the time: what is on it is not looked at.
    const facts = await probe(
      (device, all) =>
        config.readsContent &&
        reasonToSkip(device, config, all) === undefined &&
        !claimed.has(identify(device, node).name),
    );
    const { devices, skipped } = inventory(facts, config, node);
    const names = new Set(devices.map(({ identity }) => identity.name));
    const lost = await this.#lostNodes(objects.filter(({ metadata }) => names.has(metadata.name)));
    const { writes, conflicts } = plan({
      node,
      devices,
      blockDevices: objects,
      isLost: (name) => lost.has(name),
      readsContent: config.readsContent,
    });
    this.#say(skipped, conflicts);
    for (const write of writes) await this.#apply(write);
    return {
      devices: devices.length,
      skipped: skipped.size,
      writes: writes.length,
      conflicts: conflicts.length,
    };
  }

  /** Before an orderly end: nobody watches these devices from now on. */
  async stop(): Promise<void> {
    const { node, blockDevices } = this.#options;
    for (const write of planStop(node, blockDevices.store.list())) await this.#apply(write);
  }

  /** A ConfigMap's volume follows the object within a minute; a broken one is refused and the last good one stays. */
  async #readConfig(): Promise<void> {
    const { configFile, log } = this.#options;
    const text = await readFile(configFile, 'utf8').catch(() => '');
    if (text === this.#configText) return;
    this.#configText = text;
    try {
      this.#config = parseFilterConfig(text);
      log.info('filters are in force', { configFile, config: this.#config });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      log.error('the configuration is refused, the one before stays in force', {
        configFile,
        reason: error.message,
      });
    }
  }

  /** Nodes of other devices' objects that are gone or not ready. Asked only about names that this node has too. */
  async #lostNodes(objects: readonly BlockDevice[]): Promise<ReadonlySet<string>> {
    const { node, client } = this.#options;
    const others = new Set(
      objects
        .map(({ spec }) => spec?.nodeAttributes.nodeName ?? '')
        .filter((name) => name !== '' && name !== node.nodeName),
    );
    const lost = new Set<string>();
    for (const name of others) {
      const other = await client.get(core.nodes, { name });
      const ready = other?.status?.conditions?.find(({ type }) => type === 'Ready');
      if (ready?.status !== 'True') lost.add(name);
    }
    return lost;
  }

  async #apply(write: Write): Promise<void> {
    const { client, namespace, log } = this.#options;
    const resource = resources.blockDevice;
    try {
      switch (write.do) {
        case 'create': {
          const metadata = { ...write.object.metadata, namespace };
          const created = await client.create(resource, { ...write.object, metadata });
          await client.patchStatus(resource, created, write.status);
          log.info('block device found', { blockDevice: metadata.name, path: write.object.spec?.path });
          break;
        }
        case 'patch':
          await client.patch(resource, { namespace, name: write.name }, write.patch);
          log.info(`block device ${write.why}`, { blockDevice: write.name, patch: write.patch });
          break;
        case 'setState': {
          const { claimState = 'Unclaimed' } = write.object.status ?? {};
          await client.patchStatus(resource, write.object, {
            ...write.object.status,
            claimState,
            state: write.state,
          });
          log.info(`block device is ${write.state}`, { blockDevice: write.object.metadata.name });
          break;
        }
      }
    } catch (error) {
      // Somebody else wrote in between: the next pass decides on what is there then.
      if (isConflict(error) || isNotFound(error) || isAlreadyExists(error))
        log.debug('write put off to the next pass', { do: write.do, reason: error.message });
      else throw error;
    }
  }

  #say(skipped: ReadonlyMap<string, string>, conflicts: readonly Conflict[]): void {
    const { log } = this.#options;
    const now = new Map(skipped);
    for (const { path, otherNode, name } of conflicts)
      now.set(
        path,
        `${name} belongs to node ${otherNode}, which is ready: a cloned or shared disk is left to that node`,
      );
    for (const [path, reason] of now) {
      if (this.#said.get(path) === reason) continue;
      if (conflicts.some((conflict) => conflict.path === path))
        log.warn('device is left out', { path, reason });
      else log.debug('device is left out', { path, reason });
    }
    this.#said = now;
  }
}
