/** What the Controller service does with volumes: through the custom resources, waiting (bounded) for the operator. */
import type { CreateVolumeRequestRead } from '../../api/proto/csi/v1/CreateVolumeRequest.ts';
import type { Volume } from '../../api/proto/csi/v1/Volume.ts';
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import { labels } from '../../api/names.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { VolumeState, VolumeStore } from './volume-store.ts';
import { configOf, difference, sizeOfConfig, wishOf, type VolumeWish } from './volume-wish.ts';

export interface VolumesOptions {
  readonly store: VolumeStore;
  readonly namespace: string;
  readonly version: string;
}

/** Compare and set of `publish.nodeId`: somebody else's edit in between is looked at again. */
const publishTriesMax = 5;

export class Volumes {
  readonly #store: VolumeStore;
  readonly #namespace: string;
  readonly #version: string;

  constructor({ store, namespace, version }: VolumesOptions) {
    this.#store = store;
    this.#namespace = namespace;
    this.#version = version;
  }

  /** Answers when the volume is there. DEADLINE_EXCEEDED after `waitMs`: the caller asks again, and nothing is made twice. */
  async create(request: CreateVolumeRequestRead, waitMs: number): Promise<Volume> {
    const wish = wishOf(request);
    const existing = await this.#store.get(wish.name);
    if (existing !== undefined) {
      if (existing.metadata.deletionTimestamp !== undefined)
        throw new StatusError('ABORTED', `volume ${wish.name} is being deleted: try again when it is gone`);
      const other = difference(existing, wish, request.capacityRange);
      if (other !== undefined)
        throw new StatusError('ALREADY_EXISTS', `volume ${wish.name} exists and ${other}: use another name`);
    }
    const object = existing ?? (await this.#store.create(configOf(wish, this.#namespace, this.#version)));
    if (object === undefined)
      throw new StatusError('ABORTED', `volume ${wish.name} is being created by another call: try again`);
    // Not an earlier volume of that name, which may be seen for a moment yet.
    const bound = await this.#store.wait(wish.name, waitMs, ({ config }) =>
      config?.metadata.uid === object.metadata.uid && config?.status?.phase === 'Bound' ? config : undefined,
    );
    if (bound !== undefined) return describe(bound);
    await this.#dropUnclaimed(wish);
    throw await this.#notYet(wish.name);
  }

  /** Answers when it is gone or on its way. FAILED_PRECONDITION while a node has it. */
  async remove(name: string, waitMs: number): Promise<void> {
    const config = await this.#store.get(name);
    if (config === undefined) return;
    const node = nodeOf(config);
    if (node !== '')
      throw new StatusError(
        'FAILED_PRECONDITION',
        `volume ${name} is published at node ${node}: unpublish it first`,
      );
    await this.#store.remove(name);
    // So that ListVolumes does not show it any more.
    await this.#store.wait(name, waitMs, (seen) =>
      seen.config === undefined || seen.config.metadata.deletionTimestamp !== undefined ? true : undefined,
    );
  }

  /** Lets the node's initiator in, durably at the target. Answers what the node needs to log in. */
  async publish(name: string, nodeId: string, waitMs: number): Promise<Record<string, string>> {
    await this.#setNode(name, (config) => {
      const now = nodeOf(config);
      if (config.status?.phase !== 'Bound')
        throw new StatusError(
          'ABORTED',
          `volume ${name} is ${config.status?.phase ?? 'Pending'}: try again when it is Bound`,
        );
      if (now !== '' && now !== nodeId)
        throw new StatusError(
          'FAILED_PRECONDITION',
          `volume ${name} is published at node ${now}: it moves when its pod there is deleted ` +
            `(node lost for good: kubectl taint node ${now} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute)`,
        );
      return nodeId;
    });
    const context = await this.#store.wait(name, waitMs, ({ volume }) => {
      const { targetPortal, iqn } = volume?.spec ?? {};
      return volume?.status?.publishedNodeId === nodeId && targetPortal !== undefined && iqn !== undefined
        ? { portal: targetPortal, iqn, lun: '0' }
        : undefined;
    });
    if (context !== undefined) return context;
    throw new StatusError(
      'DEADLINE_EXCEEDED',
      `the target of volume ${name} has not let node ${nodeId} in yet: kubectl get cv -n ${this.#namespace} ${name} shows its state`,
    );
  }

  /** Takes the right back. `nodeId` empty: from whatever node has it. */
  async unpublish(name: string, nodeId: string, waitMs: number): Promise<void> {
    const left = await this.#setNode(
      name,
      (config) => (nodeId === '' || nodeOf(config) === nodeId ? '' : nodeOf(config)),
      'absent is fine',
    );
    if (!left) return;
    const done = await this.#store.wait(name, waitMs, ({ config, volume }) => {
      const granted = volume?.status?.publishedNodeId ?? '';
      return config === undefined || granted === '' || (nodeId !== '' && granted !== nodeId)
        ? true
        : undefined;
    });
    if (done === undefined)
      throw new StatusError(
        'DEADLINE_EXCEEDED',
        `the target of volume ${name} has not shut node ${nodeId} out yet: kubectl get cv -n ${this.#namespace} ${name} shows its state`,
      );
  }

  /** NOT_FOUND when there is none. */
  async get(name: string): Promise<CStorVolumeConfig> {
    const config = await this.#store.get(name);
    if (config === undefined) throw new StatusError('NOT_FOUND', `volume ${name} does not exist`);
    return config;
  }

  /** Sorted by name, without those that are being deleted. */
  list(): readonly VolumeState[] {
    return this.#store
      .list()
      .filter(({ config }) => config !== undefined && config.metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }

  async requireNode(nodeId: string): Promise<void> {
    if (!(await this.#store.hasNode(nodeId)))
      throw new StatusError('NOT_FOUND', `node ${nodeId} does not exist`);
  }

  /** False when the volume does not exist and that is fine. */
  async #setNode(
    name: string,
    decide: (config: CStorVolumeConfig) => string,
    absent?: 'absent is fine',
  ): Promise<boolean> {
    for (let tries = 0; tries < publishTriesMax; tries++) {
      const config = await this.#store.get(name);
      if (config === undefined && absent) return false;
      if (config === undefined) throw new StatusError('NOT_FOUND', `volume ${name} does not exist`);
      const wanted = decide(config);
      if (wanted === nodeOf(config) || (await this.#store.publish(config, wanted))) return true;
    }
    throw new StatusError('ABORTED', `volume ${name} changes all the time: try again`);
  }

  /**
   * Nobody waits any more for a volume whose claim went before it was made, and csi-provisioner asks until the answer is
   * final: FAILED_PRECONDITION.
   */
  async #dropUnclaimed({ name, claim }: VolumeWish): Promise<void> {
    if (claim === undefined || !name.startsWith('pvc-')) return;
    if (await this.#store.hasClaim({ ...claim, volume: name })) return;
    await this.#store.remove(name);
    throw new StatusError(
      'FAILED_PRECONDITION',
      `claim ${claim.namespace}/${claim.name} of volume ${name} is gone: what was made of it is removed`,
    );
  }

  /** Says why, as far as the operator has said it. */
  async #notYet(name: string): Promise<StatusError> {
    const config = await this.#store.get(name);
    const reasons = (config?.status?.condition ?? [])
      .filter(({ status }) => status === 'False')
      .map(({ message }) => message);
    const why =
      reasons.length > 0
        ? reasons.join('; ')
        : `kubectl describe cvc -n ${this.#namespace} ${name} says more`;
    return new StatusError('DEADLINE_EXCEEDED', `volume ${name} is not Bound yet: ${why}`);
  }
}

const nameOf = ({ config }: VolumeState): string => config?.metadata.name ?? '';
export const nodeOf = (config: CStorVolumeConfig): string => config.publish?.nodeId ?? '';

/** The volume for a CSI answer. */
export const describe = (config: CStorVolumeConfig): Volume => ({
  volumeId: config.metadata.name,
  capacityBytes: sizeOfConfig(config),
  volumeContext: { [labels.casType]: 'cstor' },
});

/** Whether it is well, for whoever asks through CSI. */
export function conditionOf({ volume }: VolumeState): { abnormal: boolean; message: string } {
  const phase = volume?.status?.phase ?? '';
  if (phase === 'Healthy') return { abnormal: false, message: 'all replicas are in sync' };
  if (phase === '' || phase === 'Init') return { abnormal: false, message: 'the volume is being made' };
  return {
    abnormal: true,
    message: `the volume is ${phase}${volume?.status?.message ? `: ${volume.status.message}` : ''}`,
  };
}
