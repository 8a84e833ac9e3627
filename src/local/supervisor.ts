/**
 * The processes of one local volume together: starts them, makes pools and replicas when D is new, starts one again when
 * asked to, stops all.
 */
import type { TargetStatusRead } from '../api/proto/caskade/target/v1/TargetStatus.ts';
import type { VolumeScrubRead } from '../api/proto/caskade/target/v1/VolumeScrub.ts';
import { must } from '../shared/assert.ts';
import { CommandError, UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { poolStatus, targetStatus } from './asking.ts';
import type { Child } from './child.ts';
import { Children } from './children.ts';
import { CloneServers } from './clone-servers.ts';
import { poolNames, type LocalState } from './home.ts';
import { KeptState } from './kept-state.ts';
import { MemberChange } from './member-change.ts';
import { strayPools } from './members.ts';
import { makeReplica } from './new-replica.ts';
import { localLimits } from './options.ts';
import {
  askingOf,
  makeDevices,
  removePool,
  targetClient,
  writePoolConfig,
  writeTargetConfig,
  type Choices,
  type Places,
} from './processes.ts';
import { localStatus, type LocalStatus } from './status.ts';

export interface SupervisorOptions {
  readonly places: Places;
  readonly state: LocalState;
  readonly listen: string;
  readonly choices: Choices;
  /** Descriptor that holds the lock of D. */
  readonly lock: number;
  readonly log: Log;
}

export class Supervisor {
  readonly clones: CloneServers;
  readonly members: MemberChange;
  readonly #options: SupervisorOptions;
  readonly #state: KeptState;
  readonly #children: Children;
  readonly #serving = Promise.withResolvers<string>();
  #listen: string;

  constructor(options: SupervisorOptions) {
    const { places, choices, lock, log } = options;
    this.#options = options;
    this.#state = new KeptState(places.home, options.state);
    this.#listen = options.listen;
    this.#serving.promise.catch(() => undefined);
    const children = new Children({
      places,
      lock,
      log,
      roleOf: (name) => this.#roleOf(name),
      onServing: (name, portal) => this.#serves(name, portal),
      onEnd: (child, how) => this.#ended(child, how),
    });
    this.#children = children;
    const shared = { places, choices, log, children, state: this.#state };
    this.clones = new CloneServers(shared);
    this.members = new MemberChange({
      ...shared,
      tellTarget: () => this.#writeTargetConfig(),
      askTarget: () => this.#askTarget(),
    });
  }

  get names(): string[] {
    return [...this.#pools, 'target', ...this.clones.names];
  }

  get #pools(): readonly string[] {
    return poolNames(this.#state.now);
  }

  /** Of the children that live. */
  get pids(): { readonly target: number; readonly pools: Readonly<Record<string, number>> } {
    const pools = this.#pools.flatMap((pool) => {
      const pid = this.#children.pidOf(pool);
      return pid === undefined ? [] : [[pool, pid] as const];
    });
    return { target: this.#children.pidOf('target') ?? 0, pools: Object.fromEntries(pools) };
  }

  /** Resolves with the portal once I/O is served. Rejects when that can not happen any more; the caller stops the rest. */
  async start(): Promise<string> {
    const { places, choices, log } = this.#options;
    const isNew = Object.keys(this.#state.now.members).length === 0;
    if (isNew) makeDevices(places, this.#state.now);
    else this.#removeStrays();
    for (const pool of this.#pools) writePoolConfig(places, this.#state.now, pool, choices.tls);
    const started = this.#pools.map((pool) => this.#children.launch(pool));
    if (isNew) {
      await Promise.all(started);
      await this.#create();
    } else
      // A quorum of pools is enough to serve; what became of the others stands in the log and in the status.
      for (const one of started) one.catch((error: unknown) => log.error(String(error)));
    this.#writeTargetConfig();
    await this.#children.launch('target');
    if (this.#state.now.next) this.members.follow();
    const portal = await this.#serving.promise;
    this.clones.start();
    return portal;
  }

  /** Starts `name` again, after an orderly stop if it lives. Answers its pid once it answers. */
  async restart(name: string): Promise<number> {
    if (!this.names.includes(name))
      throw new UsageError(`NAME ${name} is unknown: give one of ${this.names.join(', ')}`);
    return await this.#children.restart(name);
  }

  /** Begins a comparison of the replicas. */
  async scrub(): Promise<void> {
    const client = targetClient(this.#options.places);
    try {
      await askingOf('target', client.call('Scrub', {}, { deadlineMs: localLimits.askMs }));
    } finally {
      client.close();
    }
  }

  /** How far the last one is. */
  async scrubbed(): Promise<VolumeScrubRead> {
    const scrub = (await this.#askTarget())?.scrub;
    if (!scrub) throw new CommandError('target does not answer: is it running?');
    return scrub;
  }

  async status(): Promise<LocalStatus> {
    const { places } = this.#options;
    const pools = this.#pools.map(async (name) => ({
      name,
      status: this.#children.pidOf(name) === undefined ? undefined : await poolStatus(places, name),
    }));
    const [seen, ...stored] = await Promise.all([this.#askTarget(), ...pools]);
    return localStatus(this.#state.now.volume, stored, seen);
  }

  /** Target first, so that its last flush finds the pools. Answers whether all ended in order. */
  async stop(): Promise<boolean> {
    this.#children.close();
    this.members.close();
    const stop = (name: string) => this.#children.stop(name);
    const targets = await Promise.all(['target', ...this.clones.names].map(stop));
    const pools = await Promise.all(this.#pools.map(stop));
    return [...targets, ...pools].every(Boolean);
  }

  #roleOf(name: string): 'pool' | 'target' | undefined {
    if (this.#pools.includes(name)) return 'pool';
    return this.names.includes(name) ? 'target' : undefined;
  }

  #serves(name: string, portal: string): void {
    if (name !== 'target') return this.clones.serves(name, portal);
    // A restarted target takes the same port, whatever the kernel chose at first.
    this.#listen = portal;
    this.#writeTargetConfig();
    this.#serving.resolve(portal);
  }

  #ended(child: Child, how: string): void {
    this.clones.ended(child.name, how);
    if (child.name !== 'target') return;
    // Only the first start waits for this; later it has no effect.
    this.#serving.reject(
      child.usage === undefined
        ? new CommandError(`target ended (${how}) before it served: see its log above`)
        : new UsageError(child.usage.replace('listen.iscsi', '--listen')),
    );
  }

  /** Undefined when it does not answer. */
  async #askTarget(): Promise<TargetStatusRead | undefined> {
    return this.#children.pidOf('target') === undefined
      ? undefined
      : await targetStatus(this.#options.places);
  }

  #writeTargetConfig(): void {
    const { places, choices } = this.#options;
    writeTargetConfig(places, 'target', this.#state.now, this.#listen, choices);
  }

  /** Pools that a change of members had begun with, or left behind. */
  #removeStrays(): void {
    const stray = strayPools(this.#state.now);
    if (stray.length === 0) return;
    for (const pool of stray) removePool(this.#options.places, pool);
    this.#state.keep({ ...this.#state.now, pools: this.#pools.filter((pool) => !stray.includes(pool)) });
  }

  /** Makes pools and replicas; the members count from the moment that all of them are written down. */
  async #create(): Promise<void> {
    const { places } = this.#options;
    const pools = this.#pools;
    const made = pools.map(async (pool) => [pool, await makeReplica(places, this.#state.now, pool)] as const);
    this.#state.keep({ ...this.#state.now, members: Object.fromEntries(await Promise.all(made)) });
    for (const pool of pools) must(this.#state.now.members[pool], `replica of ${pool}`);
  }
}
