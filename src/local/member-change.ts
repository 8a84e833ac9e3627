/** Replicas of a local volume are added, moved and removed while it serves; a change goes on after a start, too. */
import type { TargetStatusRead } from '../api/proto/caskade/target/v1/TargetStatus.ts';
import { refusalOf, type ForcedWish } from '../replication/forced-change.ts';
import { UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import type { Children } from './children.ts';
import type { MembersChange } from './control.ts';
import { poolNames } from './home.ts';
import type { KeptState } from './kept-state.ts';
import { writeKeys } from './keys.ts';
import { finishedState, forcedState, nextState, planChange, type ChangeSeen } from './members.ts';
import { localLimits } from './options.ts';
import {
  makeDevices,
  removePool,
  setAside,
  writePoolConfig,
  type Choices,
  type Places,
} from './processes.ts';
import { makeReplica } from './new-replica.ts';

export interface ForcedSeen {
  readonly replicas: readonly string[];
  readonly givenUp: readonly string[];
  readonly version: number;
}

export interface MemberChangeOptions {
  readonly places: Places;
  readonly choices: Choices;
  readonly state: KeptState;
  readonly children: Children;
  /** Has the target read the state. */
  readonly tellTarget: () => void;
  /** Undefined: it does not answer. */
  readonly askTarget: () => Promise<TargetStatusRead | undefined>;
  readonly log: Log;
}

export class MemberChange {
  readonly #o: MemberChangeOptions;
  #isUnderWay = false;
  #isClosed = false;
  /** Why the last one was not finished. */
  #failed: string | undefined;

  constructor(options: MemberChangeOptions) {
    this.#o = options;
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Begins one; `seen` tells how far it is. */
  async begin(change: MembersChange, name: string): Promise<ChangeSeen> {
    const { state, tellTarget } = this.#o;
    if (this.#isUnderWay)
      throw new UsageError('the members are being changed already: wait until that is done');
    const plan = planChange(state.now, change, name);
    if (change !== 'add' && (state.now.clones ?? []).length > 0)
      throw new UsageError(
        `clones have replicas in ${name}, too: remove them first (caskade local snapshot remove-clone)`,
      );
    this.#isUnderWay = true;
    this.#failed = undefined;
    try {
      const guid = plan.newcomer === undefined ? '' : await this.#startNewcomer(plan.newcomer);
      state.keep(nextState(state.now, plan, guid));
      tellTarget();
    } catch (error) {
      this.#isUnderWay = false;
      throw error;
    }
    this.follow();
    return this.seen();
  }

  seen(): ChangeSeen {
    const failed = this.#failed === undefined ? {} : { failed: this.#failed };
    return { done: !this.#isUnderWay, replicas: Object.keys(this.#o.state.now.members), ...failed };
  }

  /** Until the target has made the change. */
  follow(): void {
    this.#isUnderWay = true;
    this.#finish()
      .catch((error: unknown) => {
        this.#failed = error instanceof Error ? error.message : String(error);
        this.#o.log.error('the change of members is not finished', { error });
      })
      .finally(() => (this.#isUnderWay = false));
  }

  /** Goes on with the survivors alone (R36): writes that down, then starts a target that knows of nobody else. */
  async force(wish: ForcedWish): Promise<ForcedSeen> {
    const { places, state, children, log, askTarget, tellTarget } = this.#o;
    const { volume, members, next } = state.now;
    const seen = await askTarget();
    const refusal = refusalOf(wish, {
      volume,
      records: [members, ...(next ? [next.members] : [])].map((record) => Object.keys(record)),
      serving: seen && ['Healthy', 'Degraded'].includes(seen.phase),
      connected: seen?.replicas.flatMap(({ pool, state }) => (state === 'Offline' ? [] : [pool])) ?? [],
    });
    if (refusal !== undefined) throw new UsageError(refusal);
    const before = poolNames(state.now);
    state.keep(forcedState(state.now, wish.survivors));
    const { version = 1 } = state.now;
    const givenUp = before.filter((pool) => !wish.survivors.includes(pool));
    log.error('members are given up for good', { survivors: wish.survivors, givenUp, version });
    for (const pool of givenUp) {
      await children.stop(pool);
      setAside(places, pool, version);
    }
    tellTarget();
    await children.restart('target');
    return { replicas: Object.keys(state.now.members), givenUp, version };
  }

  /** Answers the GUID of its replica. */
  async #startNewcomer(newcomer: string): Promise<string> {
    const { places, choices, state, children } = this.#o;
    state.keep({ ...state.now, pools: [...poolNames(state.now), newcomer] });
    writeKeys(places.home, state.now);
    makeDevices(places, state.now, [newcomer]);
    writePoolConfig(places, state.now, newcomer, choices.tls);
    await children.launch(newcomer);
    return await makeReplica(places, state.now, newcomer);
  }

  async #finish(): Promise<void> {
    const { places, state, children, log, tellTarget } = this.#o;
    // A forced change ends the one that waits for who was given up.
    while (!this.#isClosed && state.now.next && !(await this.#isMade()))
      await new Promise((next) => setTimeout(next, localLimits.changeLookMs));
    if (this.#isClosed || !state.now.next) return;
    const before = poolNames(state.now);
    state.keep(finishedState(state.now));
    tellTarget();
    const after = poolNames(state.now);
    log.info('members changed', { version: state.now.version, replicas: after });
    for (const pool of before.filter((one) => !after.includes(one))) {
      await children.stop(pool);
      removePool(places, pool);
    }
  }

  async #isMade(): Promise<boolean> {
    const status = await this.#o.askTarget();
    return status?.membershipSettled === true && status.membershipVersion === this.#o.state.now.next?.version;
  }
}
