/**
 * A volume whose network, clocks, stores and processes are simulated: the real coordinator and the real replica cores
 * under faults drawn from one seed. Times are virtual; a run of a minute takes milliseconds.
 */
import { Coordinator } from '../../replication/coordinator/coordinator.ts';
import type { CopyReply, CopyRequest } from '../../replication/copy.ts';
import type { CopySource, ReplicaMessage, TargetMessage } from '../../replication/messages.ts';
import { Replica } from '../../replication/replica/replica.ts';
import type { Done, Outcome } from '../../replication/store.ts';
import { defaultTiming, type Timing } from '../../replication/timing.ts';
import { must } from '../../shared/assert.ts';
import type { Prng } from '../../shared/prng.ts';
import { Scheduler } from './sim-scheduler.ts';
import { SimStore } from './sim-store.ts';
import { hold, Truth } from './sim-truth.ts';

/** Everything smaller than in life, so that bounds and waits are met all the time. */
export const simTiming: Timing = {
  ...defaultTiming,
  leaseMs: 600,
  renewMs: 100,
  cleanWaitMs: 3_000,
  quorumWaitMs: 2_000,
  settleMs: 60,
  commitMs: 150,
  idleMs: 400,
  latencyMsMax: 3_000,
  windowBytesMax: 60_000,
  linkBytesMax: 20_000,
  numberJump: 128,
  copyBytesMax: 8_192,
  extentsMax: 3,
  groupBlocks: 2,
  progressMs: 100,
  retryMs: 40,
};

/** A process: has a clock of its own and may stand still. */
class Process {
  alive = true;
  readonly rate: number;
  #pausedUntilMs = 0;
  #queue: (() => void)[] = [];
  readonly #world: SimWorld;

  constructor(world: SimWorld) {
    this.#world = world;
    this.rate = 1 + (world.random.below(1_001) - 500) / 100_000; // ±0.5 %, as the drift bound allows
  }

  get nowMs(): number {
    return this.#world.scheduler.nowMs * this.rate;
  }

  pause(forMs: number): void {
    const { scheduler } = this.#world;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, scheduler.nowMs + forMs);
    scheduler.after(forMs, () => this.#resume());
  }

  wake(): void {
    this.#pausedUntilMs = 0;
    this.#resume();
  }

  /** Runs `task` now, or in its turn when the process goes on; never after its death. */
  run(task: () => void): void {
    if (!this.alive) return;
    if (this.#world.scheduler.nowMs < this.#pausedUntilMs || this.#queue.length > 0) this.#queue.push(task);
    else task();
  }

  #resume(): void {
    if (this.#world.scheduler.nowMs < this.#pausedUntilMs) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const task of queue) if (this.alive) task();
  }
}

interface Link {
  readonly id: number;
  readonly target: SimTarget;
  readonly replica: SimReplica;
  readonly process: Process;
  /** False once cut: nothing more arrives anywhere. */
  wired: boolean;
  /** What each side believes. */
  targetOpen: boolean;
  replicaOpen: boolean;
  /** When the newest message in each direction arrives: what comes later can not overtake it. */
  readonly arrivesMs: { up: number; down: number };
}

export class SimReplica {
  readonly id: string;
  readonly store: SimStore;
  core: Replica | undefined;
  process: Process;
  #stopping: Process | undefined;
  readonly #world: SimWorld;

  constructor(world: SimWorld, index: number, blocks: number) {
    this.#world = world;
    this.id = `r${index + 1}`;
    this.store = new SimStore({ volume: 'v', replicaId: this.id, guid: `guid-${index + 1}` }, blocks);
    this.process = new Process(world);
  }

  get up(): boolean {
    return this.core !== undefined;
  }

  /** The disk is gone for good, and nobody comes back from it. */
  lost = false;

  /** Told to stop in order, not down yet. */
  get stopping(): boolean {
    return this.up && this.#stopping === this.process;
  }

  start(): void {
    if (this.lost) return;
    const process = new Process(this.#world);
    this.process = process;
    this.store.endRun();
    const core = new Replica({
      store: this.store,
      timing: this.#world.timing,
      nowMs: process.nowMs,
      effects: {
        send: (link, message) => this.#world.sendUp(link, message),
        close: (link) => this.#world.closeFrom(link, 'replica'),
        changed: () => undefined,
        commit: (done) => this.#commit(process, done),
        read: (block, count, done) => {
          // What is read is what was there at some instant between the question and the answer.
          this.#later(process, () => this.store.read(block, count), done);
        },
        births: (after, { block, count }, limit, done) =>
          this.#later(process, () => this.store.births(after, block, count, limit), done),
        digest: (block, count, snapshot, done) =>
          this.#later(process, () => this.store.digest(block, count, snapshot), done),
        copy: (source, request, done) => this.#world.copy(this, source, request, done),
      },
    });
    this.core = core;
    const tick = () => {
      if (!process.alive) return;
      process.run(() => this.step(() => core.tick(process.nowMs)));
      this.#world.scheduler.after(20, tick);
    };
    this.#world.scheduler.after(this.#world.random.below(20), tick);
  }

  /** One synchronous run of the process. */
  step(run: () => void): void {
    run();
    this.store.endRun();
  }

  crash(): void {
    if (!this.up) return;
    this.process.alive = false;
    this.core = undefined;
    this.#world.linksLost(this.process);
    this.store.crash((count) => this.#world.random.below(count));
    this.#world.truth.checkReplica(this.store, 'after a crash');
  }

  /** SIGTERM: resolves by `stopped`. */
  stopInOrder(): void {
    const { core, process } = this;
    if (!core || this.#stopping === process) return;
    this.#stopping = process;
    process.run(() =>
      this.step(() =>
        core.stop(process.nowMs, () => {
          process.alive = false;
          this.core = undefined;
          this.#world.linksLost(process);
        }),
      ),
    );
  }

  #commit(process: Process, done: () => void): void {
    const complete = this.store.beginCommit();
    this.#world.scheduler.after(this.#world.delay(30), () => {
      if (!process.alive) return;
      complete();
      process.run(() => this.step(done));
    });
  }

  #later<T>(process: Process, read: () => T, done: Done<T>): void {
    const { scheduler } = this.#world;
    scheduler.after(this.#world.delay(4), () => {
      if (!process.alive) return;
      let outcome: Outcome<T>;
      try {
        outcome = { ok: true, value: read() };
      } catch (error) {
        outcome = { ok: false, message: String(error) };
      }
      scheduler.after(this.#world.delay(4), () => process.run(() => this.step(() => done(outcome))));
    });
  }
}

export class SimTarget {
  readonly coordinator: Coordinator;
  readonly process: Process;
  readonly nonce: number;
  readonly #world: SimWorld;
  #adoptedEpoch = 0;

  constructor(world: SimWorld) {
    this.#world = world;
    this.process = new Process(world);
    this.nonce = 1 + world.random.below(2 ** 31);
    this.coordinator = new Coordinator({
      membership: {
        version: 1,
        members: Object.fromEntries(world.replicas.map(({ id, store }) => [id, store.identity.guid])),
      },
      places: world.replicas.map(({ id, store }) => ({
        id,
        guid: store.identity.guid,
        pool: id,
        copyAddress: id,
      })),
      nonce: this.nonce,
      timing: world.timing,
      effects: {
        send: (replicaId, message) => this.#send(replicaId, message),
        close: (replicaId) => this.#close(replicaId),
        ticket: () => '',
        changed: () => undefined,
        ended: () => this.#end(),
      },
    });
    const tick = () => {
      if (!this.process.alive) return;
      this.process.run(() => this.coordinator.tick(this.process.nowMs));
      world.scheduler.after(10, tick);
    };
    world.scheduler.after(world.random.below(10), tick);
    for (const replica of world.replicas) this.#dialLater(replica);
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** kill -9 */
  kill(): void {
    this.process.alive = false;
    this.#world.linksLost(this.process);
  }

  /** The link is gone, as this process finds out now. */
  disconnected(replica: SimReplica): void {
    this.coordinator.disconnected(replica.id, 'lost', this.process.nowMs);
    this.#dialLater(replica);
  }

  #dialLater(replica: SimReplica): void {
    const { scheduler } = this.#world;
    scheduler.after(this.#world.delay(60), () => {
      if (!this.alive || this.#world.linkBetween(this, replica)) return;
      if (!this.#world.connect(this, replica)) this.#dialLater(replica);
    });
  }

  #send(replicaId: string, message: TargetMessage): void {
    const { truth } = this.#world;
    if (message.type === 'entry') truth.entry(message.epoch, message.entry);
    if ((message.type === 'attach' || message.type === 'rebuild') && message.epoch !== this.#adoptedEpoch) {
      this.#adoptedEpoch = message.epoch;
      truth.adopted(message.epochs, this.nonce, this.coordinator.lossyEpoch === message.epoch);
    }
    this.#world.sendDown(this, replicaId, message);
  }

  #close(replicaId: string): void {
    const replica = must(
      this.#world.replicas.find(({ id }) => id === replicaId),
      replicaId,
    );
    const link = this.#world.linkBetween(this, replica);
    if (link) this.#world.closeFrom(link.id, 'target');
    this.#dialLater(replica);
  }

  #end(): void {
    // The process exits a moment later; until then it may still try to answer.
    this.#world.scheduler.after(this.#world.delay(50), () => this.kill());
  }
}

export class SimWorld {
  readonly scheduler = new Scheduler();
  readonly random: Prng;
  readonly timing: Timing;
  readonly truth: Truth;
  readonly replicas: SimReplica[];
  readonly targets: SimTarget[] = [];
  readonly #links = new Map<number, Link>();
  #lastLink = 0;
  /** Pairs that can not reach each other, and until when. */
  readonly #partitions = new Map<string, number>();
  /** No faults any more: delays are short, links hold. */
  calm = false;
  /** How long a copy request takes on its way. */
  readonly copyMs: number;

  constructor(options: {
    readonly random: Prng;
    readonly replicas: number;
    readonly blocks: number;
    readonly timing?: Timing;
  }) {
    this.random = options.random;
    const { random } = options;
    this.copyMs = random.pick([2, 8, 40]);
    this.timing = options.timing ?? {
      ...simTiming,
      windowBytesMax: random.pick([20_000, 40_000, 80_000]),
      cleanWaitMs: random.pick([1_000, 3_000]),
      commitMs: random.pick([50, 150, 1_000]),
      groupBlocks: random.pick([1, 2, 5]),
    };
    this.truth = new Truth(options.blocks);
    this.replicas = Array.from(
      { length: options.replicas },
      (_, i) => new SimReplica(this, i, options.blocks),
    );
    for (const replica of this.replicas) replica.start();
  }

  newTarget(): SimTarget {
    const target = new SimTarget(this);
    this.targets.push(target);
    return target;
  }

  /** Mostly short, at times long. */
  delay(meanMs: number): number {
    const factor = !this.calm && this.random.chance(0.02) ? 20 : 2;
    return (this.random.below(1_000) / 1_000) * factor * meanMs;
  }

  partition(target: SimTarget, replica: SimReplica, forMs: number): void {
    this.#partitions.set(this.#pair(target, replica), this.scheduler.nowMs + forMs);
    const link = this.linkBetween(target, replica);
    if (link) this.cut(link);
  }

  /** Cuts a target off from all replicas but one. */
  isolate(target: SimTarget, forMs: number): void {
    const spared = this.random.pick(this.replicas);
    for (const replica of this.replicas) if (replica !== spared) this.partition(target, replica, forMs);
  }

  heal(): void {
    this.calm = true;
    this.#partitions.clear();
  }

  connect(target: SimTarget, replica: SimReplica): boolean {
    const { core } = replica;
    const parted = (this.#partitions.get(this.#pair(target, replica)) ?? 0) > this.scheduler.nowMs;
    if (!core || parted) return false;
    this.#lastLink += 1;
    const now = this.scheduler.nowMs;
    const link: Link = {
      id: this.#lastLink,
      target,
      replica,
      process: replica.process,
      wired: true,
      targetOpen: true,
      replicaOpen: true,
      arrivesMs: { up: now, down: now },
    };
    this.#links.set(link.id, link);
    const { epoch } = core;
    this.#deliver(link, 'up', () => target.coordinator.connected(replica.id, epoch, target.process.nowMs));
    return true;
  }

  /** The link that this target believes in. */
  linkBetween(target: SimTarget, replica: SimReplica): Link | undefined {
    return this.#find((link) => link.target === target && link.replica === replica && link.targetOpen);
  }

  sendDown(target: SimTarget, replicaId: string, message: TargetMessage): void {
    const link = this.#find((one) => one.target === target && one.replica.id === replicaId && one.targetOpen);
    if (!link) return;
    const { replica, process } = link;
    this.#deliver(link, 'down', () => {
      const { core } = replica;
      if (!core) return;
      replica.step(() => core.message(link.id, message, process.nowMs));
      const endBatch = () => replica.step(() => core.endBatch());
      if (this.random.chance(0.6)) endBatch();
      else this.scheduler.after(this.delay(2), () => process.run(endBatch));
    });
  }

  sendUp(linkId: number, message: ReplicaMessage): void {
    const link = this.#links.get(linkId);
    if (!link?.replicaOpen) return;
    if (message.type === 'report' || message.type === 'complete') {
      this.truth.checkReplica(link.replica.store, `at ${message.type}`);
    }
    const { target, replica } = link;
    this.#deliver(link, 'up', () => target.coordinator.message(replica.id, message, target.process.nowMs));
  }

  /** One side closes: what it sent before still arrives, then the other side hears of it. */
  closeFrom(linkId: number, side: 'target' | 'replica'): void {
    const link = this.#links.get(linkId);
    if (!link) return;
    if (side === 'target') {
      this.#deliver(link, 'down', () => this.#replicaHears(link));
      link.targetOpen = false;
    } else {
      this.#deliver(link, 'up', () => this.#targetHears(link));
      link.replicaOpen = false;
    }
  }

  /** The network loses the connection: both sides find out, each in its own time. */
  cut(link: Link): void {
    if (!link.wired) return;
    link.wired = false;
    this.scheduler.after(this.delay(300), () => link.target.process.run(() => this.#targetHears(link)));
    this.scheduler.after(this.delay(300), () => link.process.run(() => this.#replicaHears(link)));
    this.scheduler.after(20_000, () => this.#links.delete(link.id));
  }

  cutOne(): void {
    const standing = [...this.#links.values()].filter((link) => link.wired && link.targetOpen);
    if (standing.length > 0) this.cut(this.random.pick(standing));
  }

  /** A process is gone: the other sides hear that the connection closed. */
  linksLost(process: Process): void {
    for (const link of this.#links.values()) {
      if (link.process === process || link.target.process === process) this.cut(link);
    }
  }

  copy(copier: SimReplica, source: CopySource, request: CopyRequest, done: Done<CopyReply>): void {
    const { process } = copier;
    const answer: Done<CopyReply> = (reply) =>
      this.scheduler.after(this.delay(this.copyMs), () => process.run(() => copier.step(() => done(reply))));
    this.scheduler.after(this.delay(this.copyMs), () => {
      const from = this.replicas.find(({ id }) => id === source.replicaId);
      const core = from?.core;
      const lost = !this.calm && this.random.chance(0.04);
      if (!from || !core || lost) return answer({ ok: false, message: 'no connection' });
      // A source that dies meanwhile never answers; its copier's edge gives up after a while.
      let answered = false;
      const once: Done<CopyReply> = (reply) => {
        if (!answered) answer(reply);
        answered = true;
      };
      this.scheduler.after(1_000, () => once({ ok: false, message: 'no answer in time' }));
      from.process.run(() => from.step(() => core.copyRequest(request, once)));
    });
  }

  /** Every process has heard of every lost link. */
  get allHeard(): boolean {
    return !this.#find((link) => {
      const targetWaits = link.targetOpen && link.target.alive;
      const replicaWaits = link.replicaOpen && link.process.alive;
      return !link.wired && (targetWaits || replicaWaits);
    });
  }

  checkReplicas(when: string): void {
    for (const { store } of this.replicas) this.truth.checkReplica(store, when);
  }

  /** Every replica has the same content, and it is what the newest history says. */
  checkEqual(): void {
    const [first, ...others] = this.replicas.filter(({ lost }) => !lost).map(({ store }) => store.content);
    const shown = (content: typeof first) => JSON.stringify([content?.last, content?.tags, content?.births]);
    for (const other of others)
      hold(shown(other) === shown(first), `I6: replicas differ: ${shown(first)} ${shown(other)}`);
  }

  #find(holds: (link: Link) => boolean): Link | undefined {
    for (const link of this.#links.values()) if (holds(link)) return link;
    return undefined;
  }

  #targetHears(link: Link): void {
    if (!link.targetOpen) return;
    link.targetOpen = false;
    link.target.disconnected(link.replica);
  }

  #replicaHears(link: Link): void {
    if (!link.replicaOpen) return;
    link.replicaOpen = false;
    const { core } = link.replica;
    if (core && link.process === link.replica.process) link.replica.step(() => core.disconnected(link.id));
  }

  #pair(target: SimTarget, replica: SimReplica): string {
    return `${this.targets.indexOf(target)}/${replica.id}`;
  }

  #deliver(link: Link, direction: 'up' | 'down', task: () => void): void {
    const at = Math.max(link.arrivesMs[direction], this.scheduler.nowMs + this.delay(3));
    link.arrivesMs[direction] = at;
    const process = direction === 'up' ? link.target.process : link.process;
    const listens = () => (direction === 'up' ? link.targetOpen : link.replicaOpen);
    this.scheduler.after(at - this.scheduler.nowMs, () => {
      if (!link.wired) return;
      process.run(() => {
        if (listens()) task();
      });
    });
  }
}
