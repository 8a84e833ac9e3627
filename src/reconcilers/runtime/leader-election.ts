/**
 * One process of a role at a time writes: the one that holds a Lease.
 *
 *   lease   |<------------- 15 s ------------->|   others may take it 15 s after they saw the last renewal
 *   renewal | . . 5 . . |                          every 5 s
 *   fence   |<------- 10 s ------->|               no write of ours begins, and those under way are aborted
 *
 * Times run from before the request that renewed, by the monotonic clock: the lease is never thought to last longer than
 * the others think. A leader that loses its lease ends its process: its informers and queues are of the past.
 */
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { ApiError, ApiUnreachable } from './api-error.ts';
import type { Fence, KubernetesClient } from './client.ts';
import { core } from './core-resources.ts';
import { heldBy, LeaseObserver, released, type Lease } from './lease.ts';
import { pause } from './pause.ts';

export interface LeaderElectionOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique among processes that may be alive at one time: the name of the pod, so that a restarted container goes on. */
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly now?: () => Date;
  readonly durationMs?: number;
}

export class LeaderElection implements Fence {
  readonly #options: LeaderElectionOptions;
  readonly #durationMs: number;
  readonly #now: () => Date;
  readonly #observer: LeaseObserver;
  readonly #abort = new AbortController();
  readonly #stop = new AbortController();
  readonly #elected = Promise.withResolvers<boolean>();
  readonly #lost = Promise.withResolvers<string>();
  #lease: Lease | undefined;
  #renewedAtMs: number | undefined;
  #disarm: () => void = () => undefined;
  #ended: Promise<void> | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#now = options.now ?? (() => new Date());
    this.#observer = new LeaseObserver(options.identity);
  }

  /** Resolves when the lease is ours (false: stopped before). */
  get elected(): Promise<boolean> {
    return this.#elected.promise;
  }
  /** Resolves when it may no longer be ours, with the reason. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }
  get signal(): AbortSignal {
    return this.#abort.signal;
  }
  get isLeader(): boolean {
    return this.closed() === undefined;
  }

  closed(): string | undefined {
    if (this.#renewedAtMs === undefined) return `the lease ${this.#options.name} is not held`;
    if (this.#abort.signal.aborted) return `the lease ${this.#options.name} is lost`;
    const ageMs = this.#options.clock.nowMs() - this.#renewedAtMs;
    return ageMs < this.#fenceMs ? undefined : `the lease was renewed ${Math.round(ageMs)} ms ago`;
  }

  start(): void {
    this.#ended ??= this.#run();
  }

  /** Gives the lease back, after the work that needed it has ended. */
  async stop(): Promise<void> {
    const held = this.isLeader;
    this.#stop.abort(new Error('stopped'));
    await this.#ended;
    this.#disarm();
    this.#elected.resolve(false);
    this.#abort.abort(new Error('the lease is given back')); // first: the next leader may begin at once
    if (!held || this.#lease === undefined) return;
    try {
      await this.#options.client.replace(core.leases, released(this.#lease, this.#now()));
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof ApiUnreachable)) throw error;
      this.#options.log.info('the lease is not given back, it runs out', { error: error.message });
    }
  }

  get #fenceMs(): number {
    return (this.#durationMs * 2) / 3;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && !this.#abort.signal.aborted) {
      let held = false;
      try {
        held = await this.#attempt();
      } catch (error) {
        if (!(error instanceof ApiError) && !(error instanceof ApiUnreachable)) throw error;
        const { log, name } = this.#options;
        log.debug('the lease could not be read or written', { lease: name, error: error.message });
        if (error instanceof ApiError) this.#lease = undefined; // it is not as we think: read it again
      }
      await this.#pause(held ? this.#durationMs / 3 : this.#durationMs / 7.5);
    }
  }

  /** True when the lease has been renewed or taken. */
  async #attempt(): Promise<boolean> {
    const { client, clock, namespace, name, identity, log } = this.#options;
    const startedMs = clock.nowMs();
    this.#lease ??= await client.get(core.leases, { namespace, name });
    const step = this.#observer.step(this.#lease, startedMs);
    if (step === 'wait') {
      if (this.#renewedAtMs !== undefined) this.#lose(`taken by ${this.#lease?.spec?.holderIdentity}`);
      this.#lease = undefined; // read it again
      return false;
    }
    const wish = heldBy(
      this.#lease,
      { namespace, name, identity, durationMs: this.#durationMs },
      this.#now(),
    );
    const write = step === 'create' ? client.create(core.leases, wish) : client.replace(core.leases, wish);
    this.#lease = await write;
    if (this.#abort.signal.aborted) return false; // too late: the fence has closed meanwhile
    if (this.#renewedAtMs === undefined) log.info('elected leader', { lease: name, identity });
    this.#renewedAtMs = startedMs;
    this.#arm();
    this.#elected.resolve(true);
    return true;
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#disarm();
    const restMs = Math.max(0, (this.#renewedAtMs ?? 0) + this.#fenceMs - clock.nowMs());
    this.#disarm = clock.after(restMs, () => this.#lose(`not renewed for ${this.#fenceMs} ms`));
  }

  #lose(reason: string): void {
    this.#disarm();
    this.#options.log.error('leadership lost', { lease: this.#options.name, reason });
    this.#abort.abort(new Error(`the lease is lost: ${reason}`));
    this.#lost.resolve(reason);
  }

  async #pause(delayMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, this.#abort.signal]);
    await pause(this.#options.clock, delayMs, signal);
  }
}
