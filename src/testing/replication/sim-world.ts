/**
 * A volume whose network, clocks, stores and processes are simulated: the real coordinator and the real replica cores
 * under what a plan does to them. Times are virtual; a run of a minute takes milliseconds.
 */
import type { CopyRequest } from '../../replication/copy.ts';
import type { Entry, ReplicaMessage, TargetMessage } from '../../replication/messages.ts';
import { prng, type Prng } from '../../shared/prng.ts';
import { perform, type Involved } from './sim-faults.ts';
import { checkHoldings } from './sim-holdings.ts';
import { SimNetwork, type SimLink } from './sim-network.ts';
import type { Trigger } from './sim-acts.ts';
import type { SimPlan } from './sim-plan.ts';
import { SimOperator } from './sim-operator.ts';
import { SimProcess } from './sim-process.ts';
import { Reach } from './sim-reach.ts';
import { SimReplica } from './sim-replica.ts';
import { Scheduler } from './sim-scheduler.ts';
import { SimTarget } from './sim-target.ts';
import { hold, Truth } from './sim-truth.ts';

/** Targets that may be alive at once. */
const targetsMax = 4;
/** Within this time a pool without faults has done what it had to do. */
const finishMsMax = 60_000;

export class SimWorld {
  readonly plan: SimPlan;
  readonly scheduler: Scheduler;
  /** Of delays and of what a crash leaves; the plan's own faults are drawn already. */
  readonly random: Prng;
  readonly truth: Truth;
  readonly reach = new Reach();
  readonly network: SimNetwork;
  /** All there ever were. */
  readonly replicas: SimReplica[];
  readonly operator: SimOperator;
  readonly targets: SimTarget[] = [];
  readonly #trace: ((line: string) => void) | undefined;
  #triggers: { readonly trigger: Trigger; left: number }[] = [];
  /** By initiator, the newest epoch of whose loss it was told, by whatever target. */
  readonly toldOfLoss = new Map<string, number>();
  /** The newest epoch that a target served. */
  servedEpoch = 0;
  /** No faults any more: delays are short, links hold. */
  calm = false;

  constructor(plan: SimPlan, trace?: (line: string) => void) {
    this.plan = plan;
    this.scheduler = new Scheduler({ hasPromises: plan.layout !== undefined || plan.scsi });
    this.#trace = trace;
    this.random = prng(plan.seed ^ 0x5eed);
    this.truth = new Truth(plan.blocks, { wildClocks: plan.wildClocks });
    this.network = new SimNetwork(this);
    this.replicas = Array.from({ length: plan.replicas }, (_, i) => new SimReplica(this, i, plan.blocks));
    this.operator = new SimOperator(this);
    for (const replica of this.replicas) replica.start();
    for (const [i, replica] of this.replicas.entries())
      if (plan.scarce) replica.leaveRoom(plan.scarce.roomsBytes[i] ?? 0);
  }

  /** Those that were not deleted. */
  get present(): readonly SimReplica[] {
    return this.replicas.filter(({ removed }) => !removed);
  }

  /** An empty one with a GUID of its own; `id`: the seat of one that is gone. */
  newReplica(id?: string): SimReplica {
    const replica = new SimReplica(this, this.replicas.length, this.plan.blocks, id);
    this.replicas.push(replica);
    replica.start();
    return replica;
  }

  /** What is on the disk of a lost one from now on: another one, as its pool once was. */
  rewound(replica: SimReplica, back: number): SimReplica {
    const { id, store, pool } = replica;
    const other = new SimReplica(this, this.replicas.length, this.plan.blocks, id, { store, pool, back });
    replica.pool = undefined;
    this.replicas.push(other);
    return other;
  }

  /** Blocks may be unreadable on one replica only, and no other's disk is lost then: what nobody can read is lost. */
  mayHaveBad(replica: SimReplica): boolean {
    const { layout } = this.plan;
    if (layout === undefined) return true;
    return !this.replicas.some((other) => other !== replica && other.pool?.mayBeBad === true);
  }

  /** Somebody's device has done wrong: what nobody else explains may be its doing. */
  get hasBad(): boolean {
    return this.replicas.some(({ store, pool }) => store.spoiled.size > 0 || pool?.isAtFault === true);
  }

  get alive(): readonly SimTarget[] {
    return this.targets.filter((target) => target.alive);
  }

  /** A process with a clock of its own: ±0.5 %, as the drift bound allows, or wild. */
  newProcess(): SimProcess {
    const { wildClocks } = this.plan;
    const spread = wildClocks ? 100 : 1;
    this.reach.hit(wildClocks ? 'clock beyond the bound' : 'clock drifts');
    return new SimProcess(this.scheduler, 1 + ((this.random.below(1_001) - 500) / 100_000) * spread);
  }

  newTarget(): void {
    if (this.alive.length >= targetsMax) return;
    const target = new SimTarget(this, `T${this.targets.length + 1}`);
    this.targets.push(target);
    this.trace(target.name, 'starts');
  }

  /** Mostly short, at times long. */
  delay(meanMs: number): number {
    const isLong = !this.calm && this.random.chance(0.02);
    if (isLong) this.reach.hit('long delay');
    const factor = isLong ? 20 : 2;
    return (this.random.below(1_000) / 1_000) * factor * meanMs;
  }

  trace(who: string, what: string): void {
    this.#trace?.(`${this.scheduler.nowMs.toFixed(1).padStart(9)} ms  ${who.padEnd(8)} ${what}`);
  }

  arm(trigger: Trigger): void {
    this.#triggers.push({ trigger, left: trigger.skip });
  }

  /** A message was sent on a link: entries under their kind. */
  said(what: string, link: SimLink, message: TargetMessage | ReplicaMessage | Entry): void {
    if (this.#trace) this.trace(`${link.target.name}-${link.replica.id}`, `${what} ${shown(message)}`);
    if ('epoch' in message && 'nonce' in message) this.#countMessage(link, message);
    const { target, replica } = link;
    if ('source' in message) replica.copiesFrom = message.source.replicaId;
    const source = this.present.find(({ id, lost }) => id === replica.copiesFrom && !lost);
    this.#pull('kind' in message ? message.kind : what, { target, replica, source });
  }

  /** Something else that a trigger may wait for. */
  saidBy(what: string, who: SimReplica | SimTarget): void {
    this.#pull(what, who instanceof SimTarget ? { target: who } : { replica: who });
  }

  copying(request: CopyRequest): void {
    if (request.type === 'copy' && request.also.length > 0) this.reach.hit('R20 dead block copied');
    if (request.snapshot !== undefined) this.reach.hit('R24 copied');
  }

  /** Faults stop: what is down comes up, what stood still goes on. */
  calmDown(): void {
    this.calm = true;
    this.#triggers = [];
    this.network.heal();
    for (const { process } of this.targets) process.wake();
    for (const replica of this.replicas) {
      replica.process.wake();
      replica.makeRoom();
      replica.store.bad.clear();
      replica.slow('disk', 1, 0);
      replica.slow('link', 1, 0);
      if (!replica.up) replica.start();
    }
  }

  checkReplicas(when: string): void {
    for (const { store } of this.replicas) checkHoldings(this.truth, store, when);
  }

  /** Every replica has the same content, and it is what the newest history says. */
  checkEqual(): void {
    const { members } = this.operator;
    const [first, ...others] = members.filter(({ lost }) => !lost).map(({ store }) => store.content);
    // What a dead resize has left of a store is not part of the volume.
    const blocks = Math.min(...members.flatMap(({ lost, store }) => (lost ? [] : [store.volumeBlocks])));
    const shownOf = (content: typeof first) =>
      JSON.stringify([content?.last, content?.tags.slice(0, blocks), content?.births.slice(0, blocks)]);
    for (const other of others)
      hold(shownOf(other) === shownOf(first), `I6: replicas differ: ${shownOf(first)} ${shownOf(other)}`);
  }

  /** L1: a comparison that two replicas in sync can make has an end; and it finds nothing that no device explains. */
  checkScrubbed({ coordinator }: SimTarget): void {
    const { state, message } = coordinator.status().scrub;
    const canCompare = this.operator.members.filter(({ lost }) => !lost).length > 1;
    hold(state !== 'running' || !canCompare, `L1: a scrub does not end: ${message}`);
  }

  /** Nobody asks for anything any more: pools are made whole, closed and checked. */
  async finish(): Promise<void> {
    for (const target of this.alive) target.kill();
    for (const replica of this.present) {
      if (!replica.pool || !replica.core) continue;
      let isDone = false;
      this.scheduler.watch(replica.finish().then(() => (isDone = true)));
      const untilMs = this.scheduler.nowMs + finishMsMax;
      while (!isDone) {
        await this.scheduler.run(this.scheduler.nowMs + 100);
        hold(this.scheduler.nowMs < untilMs, 'L1: a pool does not come to an end');
      }
    }
  }

  #pull(what: string, involved: Involved): void {
    if (this.#triggers.length === 0) return;
    for (const armed of this.#triggers) {
      if (armed.trigger.on !== what) continue;
      armed.left -= 1;
      if (armed.left >= 0) continue;
      this.#triggers = this.#triggers.filter((other) => other !== armed);
      this.reach.hit('trigger');
      // A moment later, so that the run that sent it is over.
      this.scheduler.after(0, () => {
        for (const fault of armed.trigger.faults) perform(this, fault, involved);
      });
    }
  }

  #countMessage(link: SimLink, message: TargetMessage | ReplicaMessage): void {
    const { reach } = this;
    if (message.type === 'attach') reach.hit('R18 resent');
    if (message.type === 'attach' && message.revert) reach.hit('R19 base adopted');
    if (message.type === 'rebuild') reach.hit('R18 rebuilt');
    if (message.type === 'dropBase') reach.hit('R19 base dropped');
    if (message.type === 'wait') reach.hit('R10 told to wait');
    if (message.type === 'wait' && link.replica.isQuiet) reach.hit('R29 quiet after a crash');
    if (message.type === 'refuse' && message.promised.nonce === 0) reach.hit('R10 renewal refused');
    if (message.type === 'report' && !message.clean) reach.hit('R5 unclean report');
    if (message.type === 'report' && message.complete?.isBase) reach.hit('R19 base kept');
    if (message.type === 'complete') reach.hit('R25 proved');
    if (message.type === 'digest')
      reach.hit(message.snapshot === undefined ? 'R25 scrub compares' : 'R25 scrub compares a snapshot');
    if (message.type === 'digests' && message.digests.includes(null))
      reach.hit('R25 scrub meets a bad block');
    if (message.type === 'retire') reach.hit('R35 retired');
    if (message.type === 'data' && message.last > link.target.witness.settled) reach.hit('R26 held');
    if (message.type === 'mismatch') {
      reach.hit('R25 mismatch', message.groups);
      hold(this.network.corrupted > 0, `R25: a proof fails where nothing was corrupted: ${message.message}`);
    }
  }
}

const shown = (message: object): string =>
  JSON.stringify(message, (key, value: unknown) =>
    key === 'nonce' || key === 'type' || key === 'kind'
      ? undefined
      : value instanceof Uint8Array
        ? value.byteLength
        : value,
  );
