/**
 * The processes of one local volume: starts them, makes pools and replicas when D is new, starts one again when asked
 * to, stops all. A child that dies is left dead: what happens then is what users and tests want to see.
 */
import type { TargetStatusRead } from '../api/proto/caskade/target/v1/TargetStatus.ts';
import type { VolumeScrubRead } from '../api/proto/caskade/target/v1/VolumeScrub.ts';
import { refusalOf, type ForcedWish } from '../replication/forced-change.ts';
import { must } from '../shared/assert.ts';
import type { ChildReport } from '../shared/edge/parent.ts';
import { CommandError, UsageError } from '../shared/exit-codes.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import type { Log } from '../shared/log.ts';
import { Child } from './child.ts';
import type { MembersChange } from './control.ts';
import { freeCloneName, makeClone, removeClone, snapshotNamed, stateOfClone } from './clones.ts';
import { poolNames, writeState, type CloneState, type LocalState } from './home.ts';
import { writeKeys } from './keys.ts';
import { finishedState, forcedState, nextState, planChange, strayPools, type ChangeSeen } from './members.ts';
import { localLimits } from './options.ts';
import {
  adminSocket,
  askingOf,
  configFile,
  makeDevices,
  poolClient,
  removePool,
  setAside,
  targetClient,
  targetIqn,
  writePoolConfig,
  writeTargetConfig,
  type Places,
  type Choices,
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

/** What there is to know of a clone that serves. */
export interface CloneSeen {
  readonly name: string;
  readonly portal: string;
  readonly iqn: string;
  readonly lun: number;
  readonly pid: number;
  readonly admin: string;
}

export interface ForcedSeen {
  readonly replicas: readonly string[];
  readonly givenUp: readonly string[];
  readonly version: number;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Map<string, Child>();
  readonly #serving = Promise.withResolvers<string>();
  #state: LocalState;
  #listen: string;
  #stopping = false;
  #changing = false;
  /** Why the last change was not finished. */
  #failed: string | undefined;
  /** One clone is made after the other. */
  #cloning: Promise<unknown> = Promise.resolve();
  readonly #cloneServing = new Map<string, PromiseWithResolvers<string>>();
  /** Starts and stops of one child do not overlap. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#listen = options.listen;
    this.#serving.promise.catch(() => undefined);
  }

  get names(): string[] {
    return [...poolNames(this.#state), 'target', ...this.#clones.map(({ name }) => name)];
  }

  /** Of the children that live. */
  get pids(): { readonly target: number; readonly pools: Readonly<Record<string, number>> } {
    const pools = poolNames(this.#state).flatMap((pool) => {
      const child = this.#children.get(pool);
      return child === undefined ? [] : [[pool, child.pid] as const];
    });
    return { target: this.#children.get('target')?.pid ?? 0, pools: Object.fromEntries(pools) };
  }

  /** Resolves with the portal once I/O is served. Rejects when that can not happen any more; the caller stops the rest. */
  async start(): Promise<string> {
    const { places } = this.#options;
    const isNew = Object.keys(this.#state.members).length === 0;
    const stray = isNew ? [] : strayPools(this.#state);
    for (const pool of stray) removePool(places, pool);
    if (stray.length > 0)
      this.#keep({ ...this.#state, pools: poolNames(this.#state).filter((pool) => !stray.includes(pool)) });
    const pools = poolNames(this.#state);
    if (isNew) makeDevices(places, this.#state);
    for (const pool of pools) writePoolConfig(places, this.#state, pool, this.#options.choices.tls);
    const started = pools.map((pool) => this.#launch(pool).started(localLimits.startMs));
    if (isNew) {
      await Promise.all(started);
      await this.#create(pools);
    } else
      // A quorum of pools is enough to serve; what became of the others stands in the log and in the status.
      for (const one of started) one.catch((error: unknown) => this.#options.log.error(String(error)));
    this.#writeTargetConfig();
    await this.#launch('target').started(localLimits.startMs);
    if (this.#state.next) this.#follow();
    const portal = await this.#serving.promise;
    for (const clone of this.#clones)
      this.#launchClone(clone).catch((error: unknown) => this.#options.log.error(String(error)));
    return portal;
  }

  /** Starts `name` again, after an orderly stop if it lives. Answers its pid once it answers. */
  async restart(name: string): Promise<number> {
    if (!this.names.includes(name))
      throw new UsageError(`NAME ${name} is unknown: give one of ${this.names.join(', ')}`);
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(async () => {
      await this.#children.get(name)?.stop(localLimits.stopMs);
      const child = this.#launch(name);
      await child.started(localLimits.startMs);
      return child.pid;
    });
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    );
    return await turn;
  }

  /** Begins a change of members; `changeSeen` tells how far it is. */
  async changeMembers(change: MembersChange, name: string): Promise<ChangeSeen> {
    const { places } = this.#options;
    if (this.#changing)
      throw new UsageError('the members are being changed already: wait until that is done');
    const plan = planChange(this.#state, change, name);
    if (change !== 'add' && this.#clones.length > 0)
      throw new UsageError(
        `clones have replicas in ${name}, too: remove them first (caskade local snapshot remove-clone)`,
      );
    this.#changing = true;
    this.#failed = undefined;
    try {
      const { newcomer } = plan;
      let guid = '';
      if (newcomer !== undefined) {
        this.#keep({ ...this.#state, pools: [...poolNames(this.#state), newcomer] });
        writeKeys(places.home, this.#state);
        makeDevices(places, this.#state, [newcomer]);
        writePoolConfig(places, this.#state, newcomer, this.#options.choices.tls);
        await this.#launch(newcomer).started(localLimits.startMs);
        guid = await this.#createReplica(newcomer);
      }
      this.#keep(nextState(this.#state, plan, guid));
      this.#writeTargetConfig();
    } catch (error) {
      this.#changing = false;
      throw error;
    }
    this.#follow();
    return this.changeSeen();
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

  /** A snapshot as a volume of its own, served at `listen`. */
  async clone(snapshot: string, listen: string): Promise<CloneSeen> {
    const { places } = this.#options;
    freeCloneName(this.#state);
    const turn = this.#cloning.then(async () => {
      const clone = await makeClone(places, this.#state, await snapshotNamed(places, snapshot), listen);
      this.#keep({ ...this.#state, clones: [...this.#clones, clone] });
      writeKeys(places.home, this.#state);
      const portal = await this.#launchClone(clone);
      const { name, volume } = clone;
      const pid = this.#children.get(name)?.pid ?? 0;
      return { name, portal, iqn: targetIqn(volume), lun: 0, pid, admin: adminSocket(places, name) };
    });
    this.#cloning = turn.catch(() => undefined);
    return await turn;
  }

  /** Ends a clone for good. Asked again when a pool did not answer, it goes on where it was. */
  async removeClone(name: string): Promise<{ readonly name: string }> {
    const { places } = this.#options;
    const turn = this.#cloning.then(async () => {
      const clone = this.#clones.find((one) => one.name === name);
      if (!clone) {
        const known = this.#clones.map((one) => one.name).join(', ');
        throw new UsageError(`NAME ${name} is no clone: give one of ${known}`);
      }
      await this.#children.get(name)?.stop(localLimits.stopMs);
      await removeClone(places, clone);
      this.#keep({ ...this.#state, clones: this.#clones.filter((one) => one !== clone) });
      return { name };
    });
    this.#cloning = turn.catch(() => undefined);
    return await turn;
  }

  /** Resolves with its portal once I/O is served. */
  async #launchClone(clone: CloneState): Promise<string> {
    const { places, choices } = this.#options;
    const serving = Promise.withResolvers<string>();
    serving.promise.catch(() => undefined);
    this.#cloneServing.set(clone.name, serving);
    writeTargetConfig(places, clone.name, stateOfClone(this.#state, clone), clone.listen, choices);
    await this.#launch(clone.name).started(localLimits.startMs);
    return await serving.promise;
  }

  get #clones(): readonly CloneState[] {
    return this.#state.clones ?? [];
  }

  /** How far the last one is. */
  async scrubbed(): Promise<VolumeScrubRead> {
    const scrub = (await this.#askTarget())?.scrub;
    if (!scrub) throw new CommandError('target does not answer: is it running?');
    return scrub;
  }

  /** Goes on with the survivors alone (R36): writes that down, then starts a target that knows of nobody else. */
  async force(wish: ForcedWish): Promise<ForcedSeen> {
    const { places, log } = this.#options;
    const { volume, members, next } = this.#state;
    const seen = await this.#askTarget();
    const refusal = refusalOf(wish, {
      volume,
      records: [members, ...(next ? [next.members] : [])].map((record) => Object.keys(record)),
      serving: seen && ['Healthy', 'Degraded'].includes(seen.phase),
      connected: seen?.replicas.flatMap(({ pool, state }) => (state === 'Offline' ? [] : [pool])) ?? [],
    });
    if (refusal !== undefined) throw new UsageError(refusal);
    const before = poolNames(this.#state);
    this.#keep(forcedState(this.#state, wish.survivors));
    const { version = 1 } = this.#state;
    const givenUp = before.filter((pool) => !wish.survivors.includes(pool));
    log.error('members are given up for good', { survivors: wish.survivors, givenUp, version });
    for (const pool of givenUp) {
      await this.#children.get(pool)?.stop(localLimits.stopMs);
      setAside(places, pool, version);
    }
    this.#writeTargetConfig();
    await this.restart('target');
    return { replicas: Object.keys(this.#state.members), givenUp, version };
  }

  changeSeen(): ChangeSeen {
    const failed = this.#failed === undefined ? {} : { failed: this.#failed };
    return { done: !this.#changing, replicas: Object.keys(this.#state.members), ...failed };
  }

  /** Until the target has made the change; goes on after a start, too. */
  #follow(): void {
    this.#changing = true;
    this.#finish()
      .catch((error: unknown) => {
        this.#failed = error instanceof Error ? error.message : String(error);
        this.#options.log.error('the change of members is not finished', { error });
      })
      .finally(() => (this.#changing = false));
  }

  async #finish(): Promise<void> {
    const { places, log } = this.#options;
    // A forced change ends the one that waits for who was given up.
    while (!this.#stopping && this.#state.next && !(await this.#isChanged()))
      await new Promise((next) => setTimeout(next, localLimits.changeLookMs));
    if (this.#stopping || !this.#state.next) return;
    const before = poolNames(this.#state);
    this.#keep(finishedState(this.#state));
    this.#writeTargetConfig();
    const after = poolNames(this.#state);
    log.info('members changed', { version: this.#state.version, replicas: after });
    for (const pool of before.filter((one) => !after.includes(one))) {
      await this.#children.get(pool)?.stop(localLimits.stopMs);
      removePool(places, pool);
    }
  }

  async #isChanged(): Promise<boolean> {
    const status = await this.#askTarget();
    return status?.membershipSettled === true && status.membershipVersion === this.#state.next?.version;
  }

  /** Undefined when it does not answer. */
  async #askTarget(): Promise<TargetStatusRead | undefined> {
    if (!this.#children.has('target')) return undefined;
    const client = targetClient(this.#options.places);
    try {
      return await client.call('GetStatus', {}, { deadlineMs: localLimits.askMs });
    } catch (error) {
      if (error instanceof StatusError) return undefined;
      throw error;
    } finally {
      client.close();
    }
  }

  #keep(state: LocalState): void {
    this.#state = state;
    writeState(this.#options.places.home, state);
  }

  async status(): Promise<LocalStatus> {
    const { places } = this.#options;
    const ask = async <T>(client: { close(): void }, call: Promise<T>): Promise<T | undefined> => {
      try {
        return await call;
      } catch (error) {
        if (error instanceof StatusError) return undefined;
        throw error;
      } finally {
        client.close();
      }
    };
    const deadline = { deadlineMs: localLimits.askMs };
    const pools = poolNames(this.#state).map(async (name) => {
      if (!this.#children.has(name)) return { name, status: undefined };
      const client = poolClient(places, name);
      return { name, status: await ask(client, client.call('GetStatus', {}, deadline)) };
    });
    const [seen, ...stored] = await Promise.all([this.#askTarget(), ...pools]);
    return localStatus(this.#state.volume, stored, seen);
  }

  /** Target first, so that its last flush finds the pools. Answers whether all ended in order. */
  async stop(): Promise<boolean> {
    this.#stopping = true;
    const stop = (name: string) =>
      this.#children.get(name)?.stop(localLimits.stopMs) ?? Promise.resolve(true);
    const targets = await Promise.all(['target', ...this.#clones.map(({ name }) => name)].map(stop));
    const pools = await Promise.all(poolNames(this.#state).map((pool) => stop(pool)));
    return [...targets, ...pools].every(Boolean);
  }

  #launch(name: string): Child {
    if (this.#stopping) throw new CommandError(`${name} is not started: everything is being stopped`);
    const { places, lock, log } = this.#options;
    const role = poolNames(this.#state).includes(name) ? 'pool' : 'target';
    const child: Child = new Child({
      name,
      argv: [role, '--config', configFile(places, name)],
      lock,
      onReport: (report) => this.#onReport(name, report),
      onEnd: (how) => {
        if (this.#children.get(name) === child) this.#children.delete(name);
        const wanted = this.names.includes(name);
        if (!this.#stopping && wanted) log.error('process ended', { process: name, pid: child.pid, how });
        if (name === 'target') this.#targetEnded(child, how);
        this.#cloneServing.get(name)?.reject(new CommandError(`${name} ended (${how}): see its log above`));
      },
    });
    this.#children.set(name, child);
    log.info('process started', { process: name, pid: child.pid });
    return child;
  }

  #onReport(name: string, report: ChildReport): void {
    if (report.event !== 'serving') return;
    if (name !== 'target') return this.#cloneServes(name, report.portal);
    // A restarted target takes the same port, whatever the kernel chose at first.
    this.#listen = report.portal;
    this.#writeTargetConfig();
    this.#serving.resolve(report.portal);
  }

  #cloneServes(name: string, portal: string): void {
    const clones = this.#clones.map((clone) => (clone.name === name ? { ...clone, listen: portal } : clone));
    this.#keep({ ...this.#state, clones });
    for (const clone of clones.filter((one) => one.name === name)) {
      const { places, choices } = this.#options;
      writeTargetConfig(places, name, stateOfClone(this.#state, clone), portal, choices);
    }
    this.#cloneServing.get(name)?.resolve(portal);
  }

  /** Only the first start waits for this; later it has no effect. */
  #targetEnded(child: Child, how: string): void {
    this.#serving.reject(
      child.usage === undefined
        ? new CommandError(`target ended (${how}) before it served: see its log above`)
        : new UsageError(child.usage.replace('listen.iscsi', '--listen')),
    );
  }

  #writeTargetConfig(): void {
    const { places, choices } = this.#options;
    writeTargetConfig(places, 'target', this.#state, this.#listen, choices);
  }

  /** Makes pools and replicas; the members count from the moment that all of them are written down. */
  async #create(pools: readonly string[]): Promise<void> {
    const members = await Promise.all(
      pools.map(async (pool) => [pool, await this.#createReplica(pool)] as const),
    );
    this.#keep({ ...this.#state, members: Object.fromEntries(members) });
    for (const pool of pools) must(this.#state.members[pool], `replica of ${pool}`);
  }

  /** Makes the pool and the replica in it. Answers its GUID. */
  async #createReplica(pool: string): Promise<string> {
    const { volume, sizeBytes } = this.#state;
    const deadline = { deadlineMs: localLimits.startMs };
    const client = poolClient(this.#options.places, pool);
    try {
      await askingOf(pool, client.call('CreatePool', {}, deadline));
      const replica = { volume, replicaId: pool, sizeBytes };
      const { guid } = await askingOf(pool, client.call('CreateReplica', replica, deadline));
      return guid;
    } finally {
      client.close();
    }
  }
}
