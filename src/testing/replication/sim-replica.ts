/** A pool with one replica: the real replica core over a simulated store or the real engine, process and network. */
import type { CopyReply, CopyRequest } from '../../replication/copy.ts';
import type { TargetMessage } from '../../replication/messages.ts';
import { takeTargetMessage } from '../../replication/received-write.ts';
import { decodeRecord } from '../../replication/record.ts';
import { Replica } from '../../replication/replica/replica.ts';
import { kept } from '../../pool-manager/replica-server-target.ts';
import { PoolRefusal } from '../../pool-manager/engine/refusal.ts';
import type { VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import type { Done, Outcome, ReplicaStore, StoreEffects } from '../../replication/store.ts';
import { EngineStore } from './sim-engine-store.ts';
import { framesFor } from './sim-input.ts';
import { checkHoldings } from './sim-holdings.ts';
import type { SimEvent } from './sim-acts.ts';
import type { SimLink } from './sim-network.ts';
import { SimPool } from './sim-pool.ts';
import type { SimProcess } from './sim-process.ts';
import { checkSaid } from './sim-said.ts';
import { engineEffects, naiveEffects, type StoreUser } from './sim-store-effects.ts';
import { SimSpace } from './sim-space.ts';
import { SimStore } from './sim-store.ts';
import { Violation } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

/** So much is taken in between two looks at the pool's room. */
const roomEveryBytes = 16_384;

/** A replica whose pool goes back to an older root. */
interface Rewound {
  readonly store: SimStore;
  readonly pool: SimPool | undefined;
  /** How far, as a part of a thousand of the roots there are. */
  readonly back: number;
}

export class SimReplica {
  readonly id: string;
  /** What it holds: itself, or the model of what the engine has to hold. */
  readonly store: SimStore;
  /** Absent: the naive store is the pool. */
  pool: SimPool | undefined;
  core: Replica | undefined;
  process: SimProcess;
  /** The disk is gone for good, and nobody comes back from it. */
  lost = false;
  /** Deleted: it was no member any more. */
  removed = false;
  /** Stopped, and nobody starts it before it is decided whether it is given up. */
  isAway = false;
  /** No member any more by a forced change (R36). */
  isGivenUp = false;
  /** Of a pool that went back, and nobody has brought it in again. */
  isRewound: boolean;
  startedAtMs = -Infinity;
  /** Id of the replica that a target named last as its source. */
  copiesFrom = '';
  #crashed = false;
  #isUp = false;
  #volume: VolumeStore | undefined;
  #check: (() => void) | undefined;
  /** What has arrived while the pool had no room for more. */
  #waiting: (() => void)[] | undefined;
  #takenBytes = 0;
  #space: SimSpace | undefined;
  #stopping: SimProcess | undefined;
  #slow = { disk: { factor: 1, untilMs: 0 }, link: { factor: 1, untilMs: 0 } };
  readonly #world: SimWorld;

  /** `id`: of a seat that another one had before. `was`: what it is a rewound state of. */
  constructor(world: SimWorld, index: number, blocks: number, id = `r${index + 1}`, was?: Rewound) {
    this.#world = world;
    this.id = id;
    const { layout, events } = world.plan;
    const goesBack = ({ act }: SimEvent) =>
      act.kind === 'rewind' || (act.kind === 'giveUp' && act.comeback === 'rewound');
    const remembers = events.some(goesBack);
    const identity = { volume: 'v', replicaId: this.id, guid: `guid-${index + 1}` };
    this.store = new SimStore(identity, blocks, remembers);
    this.isRewound = was !== undefined;
    if (was?.pool) {
      this.pool = was.pool;
      this.pool.rewind(this.store, was.store, was.back);
    } else if (was) {
      const roots = was.store.past('durable');
      const root = roots[Math.floor((was.back * roots.length) / 1_000)];
      if (root) this.store.become(root);
    } else this.pool = layout && new SimPool(world, identity.guid, layout, this.store);
    this.process = world.newProcess();
  }

  get up(): boolean {
    return this.#isUp;
  }

  /** Told to stop in order, not down yet. */
  get stopping(): boolean {
    return this.up && this.#stopping === this.process;
  }

  /** Something that was made unreadable for good is still part of it. */
  get holdsSpoiled(): boolean {
    const { content, spoiled } = this.store;
    const all = [content, ...content.snapshots.values()];
    return this.pool !== undefined && all.some(({ tags }) => tags.some((tag) => spoiled.has(tag)));
  }

  /** A complete state is part of it, whatever a crash leaves: without any nobody can go on. */
  get holdsWhole(): boolean {
    return this.store.survivors.every(({ record, sizeBytes }) => {
      const { state } = decodeRecord(record, sizeBytes);
      return state.kind === 'complete' || state.base;
    });
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
    const { pool, process } = this;
    const took = (bytes: number) =>
      process.run(() => {
        if (this.process === process) this.#space?.took(bytes);
      });
    if (pool) {
      this.#use(process, () => pool.fill(took));
      return world.scheduler.after(Math.max(110, forMs), () => this.#use(process, () => pool.empty()));
    }
    const { room } = this.store;
    took(room.leave(0));
    world.scheduler.after(world.random.below(100), () => {
      if (!world.calm) room.end();
    });
    world.scheduler.after(Math.max(110, forMs), () => room.make());
  }

  /** Others have filled the pool but for so much. */
  leaveRoom(bytes: number): void {
    const { pool, store } = this;
    if (pool) return;
    const takenBytes = store.room.leave(bytes);
    this.#space?.took(takenBytes);
  }

  /** All is as it should be, from now on. */
  makeRoom(): void {
    const { pool, process } = this;
    this.store.room.make();
    pool?.devices.endFaults();
    if (pool && this.core) this.#use(process, () => pool.empty());
  }

  start(): void {
    if (this.up || this.lost || this.removed || this.isAway) return;
    const process = this.#world.newProcess();
    this.process = process;
    this.#isUp = true;
    this.#waiting = undefined;
    if (this.pool) this.#world.scheduler.watch(this.#open(process, this.pool));
    else this.#begin(process, this.store, naiveEffects(this.#user(process)));
  }

  /** The pool is there: the replica core begins. */
  #begin(process: SimProcess, store: ReplicaStore, effects: StoreEffects): void {
    const world = this.#world;
    this.startedAtMs = world.scheduler.nowMs;
    const core = new Replica({
      store,
      timing: world.plan.timing,
      nowMs: process.nowMs,
      effects: {
        ...effects,
        send: (link, message) => {
          checkSaid(this.store, message, core.rebuildPercent !== undefined);
          world.network.up(link, message);
        },
        close: (link, reason) => {
          if (reason.includes('does not follow')) {
            world.reach.hit('R11 gap refused');
            world.network.refused(link, reason);
          }
          world.trace(this.id, `closes: ${reason}`);
          world.network.closeFrom(link, 'replica');
        },
        changed: () => undefined,
        copy: (source, request, done) => world.network.copy(this, source, request, done),
      },
    });
    this.core = core;
    const space = new SimSpace(this.pool ?? this.store.room, process, core, (run) => this.#step(run));
    this.#space = space;
    space.begin(() => this.core === core);
    this.store.endRun(); // a core that begins puts its store in order, and a crash may come right behind that
    process.every(20, world.random.below(20), () => {
      if (this.core === core) this.#step(() => core.tick(process.nowMs));
    });
  }

  async #open(process: SimProcess, pool: SimPool): Promise<void> {
    const world = this.#world;
    try {
      const volume = await pool.open(process, () => this.#factor('disk'));
      this.#volume = volume;
      checkHoldings(world.truth, this.store, 'after a start');
      void pool.failed.then((error) => process.run(() => this.#poolFailed(pool, error)));
      const store = new EngineStore(volume, this.store);
      this.#check = () => store.check();
      this.#begin(process, store, engineEffects(this.#user(process), volume));
      this.#use(process, () => pool.empty());
    } catch (error) {
      this.#poolFailed(pool, error);
    }
  }

  /** Devices that err can end a pool without redundancy: its process ends, and is started again. */
  #poolFailed(pool: SimPool, error: unknown): void {
    const world = this.#world;
    const isRefused = error instanceof PoolRefusal; // a device that can not be read may have what is newer
    if (!pool.isAtFault || (pool.isRedundant && !isRefused) || error instanceof Violation) throw error;
    world.trace(this.id, `its pool ends: ${String(error)}`);
    world.reach.hit('pool ended by its device');
    this.crash();
    world.scheduler.after(100 + world.random.below(300), () => this.start());
  }

  /** For as long as the process lives. */
  #use(process: SimProcess, work: () => Promise<void>): void {
    const { scheduler } = this.#world;
    process.run(() => {
      const done = work().catch((error: unknown) => {
        if (process.alive) throw error;
      });
      scheduler.watch(done);
    });
  }

  #user(process: SimProcess): StoreUser {
    const world = this.#world;
    return {
      world,
      process,
      store: this.store,
      slowness: () => this.#factor('disk'),
      step: (run) => this.#step(run),
      commits: () => world.saidBy('commit', this),
      explained: (what) => {
        if (!process.alive || this.pool?.isAtFault === true || this.pool?.mayBeBad === true) return;
        world.scheduler.fail(new Violation(`no fault explains it: ${this.id}: ${what}`));
      },
    };
  }

  /** The frame of a message of a target. */
  receive(link: SimLink, sent: Uint8Array): void {
    if (!this.core || !link.replicaOpen) return;
    if (this.#waiting) return void this.#waiting.push(() => this.receive(link, sent));
    framesFor(
      [sent],
      (frame) => this.#message(link, kept(takeTargetMessage(frame))),
      () => undefined,
    );
    const { process } = this;
    const endBatch = () => {
      this.#step(() => this.core?.endBatch());
      if (this.core) this.#space?.batchEnded();
    };
    if (this.#world.random.chance(0.6)) endBatch();
    else this.#world.scheduler.after(this.#world.delay(2), () => process.run(endBatch));
  }

  #message(link: SimLink, message: TargetMessage): void {
    const { core, process } = this;
    if (!core) return;
    if (message.type === 'entry' && message.entry.kind === 'write')
      this.#takeIn(message.entry.data.byteLength);
    const { reach } = this.#world;
    if (message.type === 'promise' && message.epoch < core.epoch) reach.hit('R1 refused');
    if (message.type === 'promise' && message.epoch === core.epoch) reach.hit('R1 promised again');
    if (message.type === 'rebuild') {
      const { state } = decodeRecord(this.store.record, this.store.sizeBytes);
      if (state.kind === 'rebuilding') reach.hit('R23 resumed');
    }
    if (message.type === 'entry' && message.entry.kind === 'resize')
      if (this.store.content.tags.length > this.store.volumeBlocks) reach.hit('R21 grown over a dead resize');
    this.#step(() => core.message(link.id, message, process.nowMs));
  }

  disconnected(link: SimLink): void {
    const { core } = this;
    if (core && link.process === this.process) this.#step(() => core.disconnected(link.id));
  }

  /** A pool that has more than it can write down takes nothing in for a while. */
  #takeIn(bytes: number): void {
    const { process } = this;
    this.#takenBytes += bytes;
    const volume = this.#volume;
    if (!volume || this.#takenBytes < roomEveryBytes) return;
    this.#takenBytes = 0;
    // The message that is being handed over was taken out of the socket already.
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    this.#use(process, async () => {
      await volume.room();
      this.#waiting = undefined;
      for (const receive of waiting) receive();
    });
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
    const { process } = this;
    const volume = this.#volume;
    if (!volume) return this.#step(() => done(reply));
    this.#use(process, async () => {
      await volume.room();
      this.#step(() => done(reply));
    });
  }

  answerCopy(request: CopyRequest, done: Done<CopyReply>): void {
    const { core } = this;
    if (core) this.process.run(() => this.#step(() => core.copyRequest(request, done)));
  }

  crash(): void {
    if (!this.up) return;
    const world = this.#world;
    world.trace(this.id, 'crashes');
    this.#crashed = true;
    this.#gone();
    if (this.pool) return this.pool.crash();
    this.store.crash((count) => world.random.below(count));
    checkHoldings(world.truth, this.store, 'after a crash');
  }

  /** The core does nothing any more; the pool is made whole, closed and checked. */
  async finish(): Promise<void> {
    this.core = undefined;
    await this.pool?.finish(this.process);
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
      this.#crashed = false;
      this.#gone();
    };
    const { pool } = this;
    const close = () => (pool ? this.#use(process, () => pool.close().then(stopped)) : stopped());
    process.run(() => this.#step(() => core.stop(process.nowMs, close)));
  }

  #gone(): void {
    this.process.alive = false;
    this.#isUp = false;
    this.core = undefined;
    this.#space = undefined;
    this.#volume = undefined;
    this.#check = undefined;
    this.#world.network.processGone(this.process);
  }

  /** One synchronous run of the process. */
  #step(run: () => void): void {
    run();
    this.store.endRun();
    this.#check?.();
  }

  #factor(what: 'disk' | 'link'): number {
    const { factor, untilMs } = this.#slow[what];
    return this.#world.scheduler.nowMs < untilMs ? factor : 1;
  }
}
