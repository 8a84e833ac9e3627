/**
 * Whether this node can attach volumes, where people look: a condition of the Node (`kubectl describe node`), written
 * when it changes and not otherwise, and the role's own /readyz.
 */
import { isNotFound } from '../../reconcilers/runtime/api-error.ts';
import type { KubernetesClient } from '../../reconcilers/runtime/client.ts';
import { core } from '../../reconcilers/runtime/core-resources.ts';
import type { Log } from '../../shared/log.ts';
import type { Attacher } from './attacher.ts';

export const conditionType = 'CaskadeAttachReady';

export interface ReadinessOptions {
  readonly nodeName: string;
  readonly attacher: Attacher;
  readonly client: KubernetesClient;
  readonly log: Log;
  readonly everyMs?: number;
  /** RFC 3339. */
  readonly now: () => string;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | undefined = 'not looked yet';
  /** What the Node says, as far as we have written it. */
  #written: string | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Why nothing can be attached here, with the remedy; undefined when it can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Looks now and then regularly; resolves after the first look. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = setTimeout(() => void this.start(), this.#options.everyMs ?? 60_000);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { attacher, log } = this.#options;
    try {
      this.#problem = await attacher.readiness();
    } catch (error) {
      this.#problem = `the host can not be asked: ${(error as Error).message}`;
    }
    const text = this.#problem ?? 'ready';
    if (text === this.#written) return;
    if (this.#problem === undefined) log.info('volumes can be attached here', { attach: attacher.name });
    else log.error('no volume can be attached here', { attach: attacher.name, problem: this.#problem });
    try {
      await this.#write();
      this.#written = text;
    } catch (error) {
      log.info('the condition of the Node is not written, later again', { reason: (error as Error).message });
    }
  }

  async #write(): Promise<void> {
    const { nodeName, client, attacher, now } = this.#options;
    const problem = this.#problem;
    const wish = {
      type: conditionType,
      status: problem === undefined ? 'True' : 'False',
      reason: problem === undefined ? 'AttacherFound' : 'AttacherMissing',
      message: problem ?? `volumes are attached by ${attacher.name}`,
    };
    const node = await client.get(core.nodes, { name: nodeName });
    const old = node?.status?.conditions?.find(({ type }) => type === conditionType);
    if (old?.status === wish.status && old.message === wish.message) return;
    const lastTransitionTime = old?.status === wish.status ? old.lastTransitionTime : now();
    try {
      await client.apply(
        core.nodes,
        {
          metadata: { name: nodeName },
          status: { conditions: [{ ...wish, lastTransitionTime, lastHeartbeatTime: now() }] },
        } as never,
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
