/** A pool with one replica: the real replica core over a simulated store, process and network. */
import type { CopyReply, CopyRequest } from '../../replication/copy.ts';
import type { TargetMessage } from '../../replication/messages.ts';
import { decodeRecord } from '../../replication/record.ts';
import { Replica } from '../../replication/replica/replica.ts';
import type { Done, Outcome } from '../../replication/store.ts';
import { must } from '../../shared/assert.ts';
import type { SimLink } from './sim-network.ts';
import type { SimProcess } from './sim-process.ts';
import { SimStore } from './sim-store.ts';
import type { SimWorld } from './sim-world.ts';

export class SimReplica {
  readonly id: string;
  readonly store: SimStore;
  core: Replica | undefined;
  process: SimProcess;
  /** The disk is gone for good, and nobody comes back from it. */
  lost = false;
  /** Deleted: it was no member any more. */
  removed = false;
  startedAtMs = -Infinity;
  /** Id of the replica that a target named last as its source. */
  copiesFrom = '';
  #crashed = false;
  #stopping: SimProcess | undefined;
  #slow = { disk: { factor: 1, untilMs: 0 }, link: { factor: 1, untilMs: 0 } };
  readonly #world: SimWorld;

  /** `id`: of a seat that another one had before. */
  constructor(world: SimWorld, index: number, blocks: number, id = `r${index + 1}`) {
    this.#world = world;
    this.id = id;
    this.store = new SimStore({ volume: 'v', replicaId: this.id, guid: `guid-${index + 1}` }, blocks);
    this.process = world.newProcess();
  }

  get up(): boolean {
    return this.core !== undefined;
  }

  /** Told to stop in order, not down yet. */
  get stopping(): boolean {
    return this.up && this.#stopping === this.process;
  }

  get linkFactor(): number {
    return this.#factor('link');
  }

  /** Came back from a crash a moment ago. */
  get isQuiet(): boolean {
    const { scheduler, plan } = this.#world;
    return this.#crashed && scheduler.nowMs - this.startedAtMs < plan.timing.leaseMs;
  }

  slow(what: 'disk' | 'link', factor: number, forMs: number): void {
    this.#slow[what] = { factor, untilMs: this.#world.scheduler.nowMs + forMs };
  }

  /** The pool runs full: low first, then nothing fits, until room is made. */
  fill(forMs: number): void {
    const world = this.#world;
    const { process } = this;
    const say = (low: boolean) => process.run(() => this.#step(() => this.core?.setSpace(low)));
    say(true);
    world.scheduler.after(world.random.below(100), () => (this.store.full = process.alive && !world.calm));
    world.scheduler.after(Math.max(110, forMs), () => {
      this.store.full = false;
      say(false);
    });
  }

  start(): void {
    if (this.up || this.lost || this.removed) return;
    const world = this.#world;
    const process = world.newProcess();
    this.process = process;
    this.startedAtMs = world.scheduler.nowMs;
    const core = new Replica({
      store: this.store,
      timing: world.plan.timing,
      nowMs: process.nowMs,
      effects: {
        send: (link, message) => world.network.up(link, message),
        close: (link, reason) => {
          if (reason.includes('does not follow')) world.reach.hit('R11 gap refused');
          world.trace(this.id, `closes: ${reason}`);
          world.network.closeFrom(link, 'replica');
        },
        changed: () => undefined,
        commit: (done) => this.#commit(process, done),
        // What is read is what was there at some instant between the question and the answer.
        read: (block, count, done) => this.#later(process, () => this.store.read(block, count), done),
        births: (after, { block, count }, limit, done) =>
          this.#later(process, () => this.store.births(after, block, count, limit), done),
        repair: (block, data) => {
          if (this.store.repair(block, data)) world.reach.hit('block repaired');
        },
        digest: (block, count, snapshot, done) =>
          this.#later(process, () => this.store.digest(block, count, snapshot), done),
        copy: (source, request, done) => world.network.copy(this, source, request, done),
      },
    });
    this.core = core;
    process.every(20, world.random.below(20), () => this.#step(() => core.tick(process.nowMs)));
  }

  receive(link: SimLink, message: TargetMessage): void {
    const { core, process } = this;
    if (!core) return;
    const { reach } = this.#world;
    if (message.type === 'promise' && message.epoch < core.epoch) reach.hit('R1 refused');
    if (message.type === 'promise' && message.epoch === core.epoch) reach.hit('R1 promised again');
    if (message.type === 'rebuild') {
      const { state } = decodeRecord(this.store.record, this.store.sizeBytes);
      if (state.kind === 'rebuilding') reach.hit('R23 resumed');
    }
    this.#step(() => core.message(link.id, message, process.nowMs));
    const endBatch = () => this.#step(() => core.endBatch());
    if (this.#world.random.chance(0.6)) endBatch();
    else this.#world.scheduler.after(this.#world.delay(2), () => process.run(endBatch));
  }

  disconnected(link: SimLink): void {
    const { core } = this;
    if (core && link.process === this.process) this.#step(() => core.disconnected(link.id));
  }

  /** An answer to what this copier asked. */
  copied(reply: Outcome<CopyReply>, done: Done<CopyReply>): void {
    const { reach } = this.#world;
    if (this.core?.rebuildPercent === undefined) reach.hit('R22e late answer');
    if (reply.ok && reply.value.type === 'notYet') reach.hit('R22a not yet');
    if (reply.ok && reply.value.type === 'refused' && reply.value.message.includes('not promised'))
      reach.hit('R3 copy fenced off');
    if (reply.ok && reply.value.type === 'blocks') {
      if (reply.value.highestBirth > 0) reach.hit('R22c newer left out');
      if (reply.value.extents.some(({ birth, data }) => birth > 0 && !data)) reach.hit('R21 unmapped copied');
    }
    this.#step(() => done(reply));
  }

  answerCopy(request: CopyRequest, done: Done<CopyReply>): void {
    const { core } = this;
    if (core) this.process.run(() => this.#step(() => core.copyRequest(request, done)));
  }

  crash(): void {
    if (!this.up) return;
    const world = this.#world;
    world.trace(this.id, 'crashes');
    this.process.alive = false;
    this.core = undefined;
    this.#crashed = true;
    world.network.processGone(this.process);
    this.store.crash((count) => world.random.below(count));
    world.truth.checkReplica(this.store, 'after a crash');
  }

  remove(): void {
    if (this.up) this.crash();
    this.removed = true;
  }

  /** SIGTERM. */
  stopInOrder(): void {
    const { core, process } = this;
    if (!core || this.#stopping === process) return;
    const world = this.#world;
    world.trace(this.id, 'stops');
    this.#stopping = process;
    const stopped = () => {
      world.reach.hit('orderly stop');
      process.alive = false;
      this.core = undefined;
      this.#crashed = false;
      world.network.processGone(process);
    };
    process.run(() => this.#step(() => core.stop(process.nowMs, stopped)));
  }

  /** One synchronous run of the process. */
  #step(run: () => void): void {
    run();
    this.store.endRun();
  }

  #factor(what: 'disk' | 'link'): number {
    const { factor, untilMs } = this.#slow[what];
    return this.#world.scheduler.nowMs < untilMs ? factor : 1;
  }

  #commit(process: SimProcess, done: () => void): void {
    const world = this.#world;
    const complete = this.store.beginCommit();
    world.saidBy('commit', this);
    world.scheduler.after(world.delay(30) * this.#factor('disk'), () => {
      if (!process.alive) return;
      complete();
      process.run(() => this.#step(done));
    });
  }

  #later<T>(process: SimProcess, read: () => T, done: Done<T>): void {
    const { scheduler } = this.#world;
    const delay = () => this.#world.delay(4) * this.#factor('disk');
    scheduler.after(delay(), () => {
      if (!process.alive) return;
      let outcome: Outcome<T>;
      try {
        outcome = { ok: true, value: read() };
      } catch (error) {
        outcome = { ok: false, message: String(error) };
      }
      scheduler.after(delay(), () => process.run(() => this.#step(() => done(must(outcome, 'outcome')))));
    });
  }
}
