/**
 * The life of a role that reconciles: informers, then (with a lease) leadership, a fresh list, then controllers.
 *
 *   start ──synced──▶ follower ──elected──▶ leader ──lost──▶ ended: the role exits, its pod starts again
 *
 * Followers keep their informers warm. A role without a lease works as soon as its informers are synced.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ApiError, ApiUnreachable, NotLeader } from './api-error.ts';
import type { KubernetesClient } from './client.ts';
import type { Informers } from './informer.ts';
import { LeaderElection } from './leader-election.ts';

/** What a manager starts and stops: a controller, or anything else that works only while we lead. */
export interface Stoppable {
  stop(): Promise<void>;
  /** Why it will never get on by itself; undefined: it is well. */
  stuck?(): string | undefined;
}

/** Work that does not end when it is told to is left behind: the process ends anyway. */
const stopMsMax = 10_000;

export interface ManagerOptions {
  readonly client: KubernetesClient;
  readonly informers: Informers;
  readonly log: Log;
  readonly clock: Clock;
  /** Absent: every process of the role works. `identity` is unique among processes that may be alive at one time. */
  readonly lease?:
    | {
        readonly namespace: string;
        readonly name: string;
        readonly identity: string;
        readonly durationMs?: number;
      }
    | undefined;
  /** Called when work may begin. Write with the client it is given: it refuses once the lease may be lost. */
  readonly controllers: (context: ManagerContext) => readonly Stoppable[] | Promise<readonly Stoppable[]>;
}

export interface ManagerContext {
  readonly client: KubernetesClient;
  /** Aborted when the lease may be lost. */
  readonly signal: AbortSignal;
}

export class Manager {
  readonly #options: ManagerOptions;
  readonly #election: LeaderElection | undefined;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<string>();
  readonly #life: Promise<void>;
  #working: readonly Stoppable[] | undefined;

  constructor(options: ManagerOptions) {
    this.#options = options;
    const { client, clock, log, lease } = options;
    this.#election = lease === undefined ? undefined : new LeaderElection({ client, clock, log, ...lease });
    this.#life = this.#live();
  }

  /** Resolves with the reason when the role must exit: leadership is lost. Not by `stop`. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }
  /** True while controllers run. */
  get isWorking(): boolean {
    return this.#working !== undefined;
  }
  get isLeader(): boolean {
    return this.#election?.isLeader ?? true;
  }
  /** For /readyz: a follower is ready when it could take over. Undefined when well. */
  notReady(): string | undefined {
    return this.#options.informers.isSynced
      ? undefined
      : 'the first list from the API server is not complete';
  }

  /** For /healthz: undefined when well, else why only a restart helps. An API server that is away is no reason. */
  unhealthy(): string | undefined {
    return this.#working?.map((part) => part.stuck?.()).find((problem) => problem !== undefined);
  }

  /** Ends the work in order: controllers, informers, lease. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'));
    await this.#stopWorking();
    await this.#options.informers.stop();
    await this.#election?.stop();
    await this.#life;
  }

  async #live(): Promise<void> {
    const { informers, client, log, controllers } = this.#options;
    const stopped = new Promise<false>((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    informers.start();
    if ((await Promise.race([informers.synced(), stopped])) === false) return;
    const election = this.#election;
    if (election !== undefined) {
      election.start();
      log.info('waiting to be elected leader');
      if (!(await election.elected)) return;
      if ((await Promise.race([informers.refresh(), stopped])) === false) return;
    }
    const signal = election?.signal ?? this.#stop.signal;
    const fenced = election === undefined ? client : client.fencedBy(election);
    try {
      this.#working = await controllers({ client: fenced, signal });
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof ApiUnreachable || error instanceof NotLeader))
        throw error;
      this.#ended.resolve(`work can not begin: ${error.message}`);
      return;
    }
    if (this.#stop.signal.aborted) await this.#stopWorking();
    if (election === undefined) return;
    const reason = await Promise.race([election.lost, stopped]);
    if (reason === false) return;
    await this.#stopWorking();
    this.#ended.resolve(`leadership lost: ${reason}`);
  }

  async #stopWorking(): Promise<void> {
    const { clock, log } = this.#options;
    const parts = this.#working ?? [];
    this.#working = undefined;
    const late = Promise.withResolvers<'late'>();
    const disarm = clock.after(stopMsMax, () => late.resolve('late'));
    const ended = Promise.all(parts.map((part) => part.stop()));
    if ((await Promise.race([ended, late.promise])) === 'late')
      log.error('work does not end, it is left behind', { afterMs: stopMsMax });
    disarm();
  }
}

/** Starts the life of a role; it goes on in the background. */
export const runManager = (options: ManagerOptions): Manager => new Manager(options);
