/**
 * The real pool engine under one replica, on devices of the simulation. What it holds is compared with a model whenever it
 * is opened (after a crash it has to be a state that the model allows) and in the end, when `check` has to be clean too.
 */
import { checkPool } from '../../pool-manager/engine/check/check-pool.ts';
import type { EngineHost } from '../../pool-manager/engine/host.ts';
import type { PoolStatus } from '../../pool-manager/engine/pool.ts';
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import type { EnginePool } from '../../pool-manager/engine/pool/open-pool.ts';
import { createPool } from '../../pool-manager/engine/pool/pool-create.ts';
import { importPool } from '../../pool-manager/engine/pool/pool-import.ts';
import { PoolRefusal } from '../../pool-manager/engine/refusal.ts';
import type { EngineVolume } from '../../pool-manager/engine/volume/volume.ts';
import { NoSpaceError } from '../../pool-manager/engine/volume-store.ts';
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { prng } from '../../shared/prng.ts';
import { memoryHost } from '../memory-pool.ts';
import { blocksFor, type SimStore, type State } from './sim-store.ts';
import { isSilent, SimDevices, type DeviceFault } from './sim-devices.ts';
import { differenceFrom, seenIn } from './sim-pool-content.ts';
import type { SimProcess } from './sim-process.ts';
import { hold, Violation } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

export const poolLayouts = { stripe: 1, mirror: 2, raidz: 3 } as const;
export type PoolLayout = keyof typeof poolLayouts;

/** Everything is small, so that checkpoints, cleaning and waiting for room happen all the time. */
const limits: Partial<EngineLimits> = {
  deltasMax: 200,
  checkpointEveryMs: 300,
  freeingNodesPerCheckpoint: 3,
};
const ballastBlocks = 4_096;
const ballastStepBlocks = 64;

export class SimPool {
  readonly devices: SimDevices;
  readonly #world: SimWorld;
  #model: SimStore;
  /** What it is to go back to: `back` of a thousand of the states that `was` had. */
  #rewinding: { readonly was: SimStore; readonly back: number; again: boolean } | undefined;
  readonly #layout: PoolLayout;
  readonly #name: string;
  readonly #seed: number;
  #pool: EnginePool | undefined;
  /** Devices did wrong in silence: what they did may not be found before a crash makes another one stale. */
  isSilent = false;
  #guid = '';
  #isClosing = false;
  /** What is done with the ballast, one after the other. */
  #ballast: Promise<void> = Promise.resolve();
  /** Devices erred since everything was last right: without redundancy the pool may then end, or lose blocks. */
  isAtFault = false;

  constructor(world: SimWorld, name: string, layout: PoolLayout, model: SimStore) {
    this.#world = world;
    this.#name = name;
    this.#layout = layout;
    this.#model = model;
    this.#seed = world.random.below(2 ** 31);
    this.devices = new SimDevices(world, name, poolLayouts[layout]);
  }

  get isRedundant(): boolean {
    return this.#layout !== 'stripe';
  }

  /** Blocks may be unreadable. */
  get mayBeBad(): boolean {
    return this.isSilent || this.#model.spoiled.size > 0;
  }

  status(): PoolStatus {
    return must(this.#pool, 'an open pool').status();
  }

  /** Creates the pool, or imports it and sees that it holds what it has to. Never answers the dead. */
  async open(process: SimProcess, slowness: () => number): Promise<EngineVolume> {
    const host = this.#host(process);
    const devices = this.devices.open(process, slowness);
    if (this.#guid === '') return this.#create(devices, host);
    this.devices.isFast = false;
    if (this.#rewinding) return this.#goBack(devices, host);
    this.#pool = await importPool({ devices, host, limits });
    this.#isClosing = false;
    this.devices.isFast = true;
    const volume = this.#volume;
    hold(volume.identity.guid === this.#guid, `engine: ${this.#name} calls its volume a new one`);
    const { survivors } = this.#model;
    if (survivors.length > 1) this.#world.reach.hit('engine: one state of many');
    const index = await this.#among(survivors);
    this.#model.crash(() => index);
    this.devices.isFast = false;
    return volume;
  }

  /** Nobody may count it as the member that it was (R31): its next import goes back to an older root. */
  rewind(model: SimStore, was: SimStore, back: number): void {
    this.#model = model;
    this.#rewinding = { was, back, again: false };
  }

  /** An administrator goes back, and begins again when that is interrupted; what was begun may be done by then. */
  async #goBack(devices: ReturnType<SimDevices['open']>, host: EngineHost): Promise<EngineVolume> {
    const rewinding = must(this.#rewinding, 'what it goes back to');
    const isDone = rewinding.again && (await this.#hasGoneBack());
    if (isDone) this.#world.reach.hit('rewind interrupted');
    rewinding.again = true;
    const how = isDone ? {} : { rewindBefore: await this.#olderRoot(rewinding.back) };
    this.#pool = await importPool({ devices, host, limits, ...how });
    this.#isClosing = false;
    this.devices.isFast = true;
    const found = this.#pool.volumes().find(({ identity }) => identity.volume === 'v');
    const { sizeBytes } = this.#model;
    const volume = found ?? (await this.#pool.createVolume({ volume: 'v', replicaId: 'r', sizeBytes }));
    hold(volume.identity.guid !== this.#guid, `R31: ${this.#name} went back, and its replica is who it was`);
    const past = rewinding.was.past('ends');
    if (found) this.#model.become(must(past[await this.#among(past)], 'a state'));
    this.#guid = volume.identity.guid;
    this.#rewinding = undefined;
    this.devices.isFast = false;
    return volume;
  }

  async #hasGoneBack(): Promise<boolean> {
    const pool = await importPool({ devices: this.devices.copies(), host: memoryHost(2), limits });
    const guids = pool.volumes().map(({ identity }) => identity.guid);
    pool.abandon();
    return !guids.includes(this.#guid);
  }

  /** The newest root, of which the log is given up then, or one of the two before it, which are always whole. */
  async #olderRoot(back: number): Promise<number> {
    const rootBefore = async (before: { readonly rewindBefore?: number }) => {
      const { problems, txg } = await checkPool({
        devices: this.devices.copies(),
        host: memoryHost(1),
        ...before,
      });
      hold(problems.length === 0, `engine: ${this.#name} can not go back to root ${txg}: ${problems[0]}`);
      return txg;
    };
    let txg = await rootBefore({});
    for (let left = Math.floor((back * 3) / 1_000); left > 0 && txg > 1; left--)
      txg = await rootBefore({ rewindBefore: txg });
    return txg + 1;
  }

  /** Settles with the reason when the pool can not go on. */
  get failed(): Promise<Error> {
    return must(this.#pool, 'an open pool').failed;
  }

  /** The process is gone, and with it what devices had not flushed. */
  crash(): void {
    this.#pool?.abandon();
    this.#ballast = Promise.resolve();
    this.#pool = undefined;
    this.devices.crash();
    if (this.#guid !== '' && !this.isAtFault && !this.mayBeBad && this.#world.random.chance(0.1))
      this.#world.scheduler.watch(this.check('after a crash'));
  }

  /** In order: everything is durable. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#ballast;
    const complete = this.#model.beginCommit();
    await must(this.#pool, 'an open pool').close();
    complete();
    this.#pool = undefined;
    this.devices.close();
  }

  /** Answers whether this pool can have it: without redundancy, what is lost in silence is lost. */
  beginFault(fault: DeviceFault): boolean {
    if (!this.isRedundant && fault !== 'ioErrors' && fault !== 'readErrors') return false;
    this.isAtFault = true;
    this.isSilent ||= isSilent(fault);
    this.devices.beginFault(fault);
    return true;
  }

  /** Fills all that is left with a volume of somebody else, and says what that takes; `empty` gives it back. */
  fill(took: (bytes: number) => void): Promise<void> {
    this.#ballast = this.#ballast.then(() => this.#fill(took));
    return this.#ballast;
  }

  empty(): Promise<void> {
    this.#ballast = this.#ballast.then(async () => {
      const ballast = this.#pool?.volumes().find(({ identity }) => identity.volume === 'ballast');
      if (ballast && !this.#isClosing) await this.#pool?.destroyVolume(ballast.identity.guid);
    });
    return this.#ballast;
  }

  async #fill(took: (bytes: number) => void): Promise<void> {
    const pool = this.#pool;
    if (pool === undefined || this.#isClosing) return;
    const data = blocksFor(Array.from({ length: ballastStepBlocks }, (_, i) => i + 1));
    // A pool that its users have filled already has no room for one more volume.
    try {
      const ballast =
        pool.volumes().find(({ identity }) => identity.volume === 'ballast') ??
        (await pool.createVolume({
          volume: 'ballast',
          replicaId: 'b',
          sizeBytes: ballastBlocks * blockBytes,
        }));
      for (let block = 0; block < ballastBlocks; block += ballastStepBlocks) {
        await ballast.room();
        if (this.#isClosing) return;
        ballast.write(ballast.last + 1, block, data);
        took(data.byteLength);
      }
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      this.#world.reach.hit('pool full');
    }
  }

  /** A block that holds this, on the device. Answers whether it lies there as it is. */
  spoil(tag: number): boolean {
    return tag !== 0 && !this.isRedundant && this.devices.spoil(blocksFor([tag]));
  }

  /** Faults are over: what failed comes back, everything is made whole and looked at. */
  async finish(process: SimProcess): Promise<void> {
    this.devices.endFaults();
    this.devices.isFast = true;
    await this.#among([this.#model.content]);
    if (this.isAtFault && this.isRedundant) {
      await this.#takeBack();
      // What is being appended to is not scrubbed: after an import nothing is.
      await this.close();
      await this.open(process, () => 0);
      this.devices.isFast = true;
      await must(this.#pool, 'an open pool').scrub('start');
    }
    await this.#pool?.settled();
    await this.close();
    if (this.#model.spoiled.size === 0 && !this.isSilent) await this.check('in the end');
  }

  async #takeBack(): Promise<void> {
    const pool = must(this.#pool, 'an open pool');
    for (const { name, state } of pool.status().devices)
      if (state === 'absent' || state === 'failed') await pool.attachDevice(this.devices.again(name));
    await pool.settled();
  }

  get #volume(): EngineVolume {
    return must(
      this.#pool?.volumes().find(({ identity }) => identity.volume === 'v'),
      'the volume',
    );
  }

  /** Everything that the newest root reaches is there, once, and right. */
  async check(when: string): Promise<void> {
    const { problems } = await checkPool({ devices: this.devices.copies(), host: memoryHost(1) });
    const [first = ''] = problems;
    hold(problems.length === 0, `engine: ${this.#name} ${when}: ${problems.length} problems: ${first}`);
    this.#world.reach.hit('engine checked');
  }

  async #create(devices: ReturnType<SimDevices['open']>, host: EngineHost): Promise<EngineVolume> {
    this.#pool = await this.#createOrImport(devices, host);
    const { sizeBytes } = this.#model;
    const known = this.#pool.volumes().find(({ identity }) => identity.volume === 'v');
    const volume = known ?? (await this.#pool.createVolume({ volume: 'v', replicaId: 'r', sizeBytes }));
    this.#guid = volume.identity.guid;
    this.devices.isFast = false;
    return volume;
  }

  /**
   * A process that died while it created the volume has left a pool, as the daemon finds one when it starts again. Of
   * one that devices spoiled in silence while it was made, an administrator allows overwriting: nothing was in it yet.
   */
  async #createOrImport(devices: ReturnType<SimDevices['open']>, host: EngineHost): Promise<EnginePool> {
    const create = (overwrite: readonly string[]) =>
      createPool({ layout: this.#layout, groups: [devices], overwrite, host, limits });
    try {
      return await create([]);
    } catch (error) {
      if (!(error instanceof PoolRefusal) || error.reason !== 'PoolMismatch') throw error;
    }
    this.#world.reach.hit('creation interrupted');
    try {
      return await importPool({ devices, host, limits });
    } catch (error) {
      if (!(error instanceof PoolRefusal) || !this.isSilent) throw error;
      return await create(devices.map(({ name }) => name));
    }
  }

  /** The newest of the candidates that the volume is, all of it read. */
  async #among(candidates: readonly State[]): Promise<number> {
    const seen = await seenIn(this.#volume, candidates);
    const mayBeBad = (tag: number) => this.#model.spoiled.has(tag);
    let why = '';
    for (let i = candidates.length - 1; i >= 0; i--) {
      const difference = differenceFrom(seen, must(candidates[i], 'a state'), mayBeBad);
      if (difference === undefined) return i;
      why = difference;
    }
    throw new Violation(`engine: ${this.#name} is none of ${candidates.length} states: ${why}`);
  }

  #host(process: SimProcess): EngineHost {
    const { scheduler } = this.#world;
    const random = prng(this.#seed ^ Math.floor(scheduler.nowMs));
    return {
      randomBytes: (length) => random.bytes(length),
      pause: () => new Promise((resolve) => scheduler.after(0, () => process.run(resolve))),
      clock: {
        nowMs: () => process.nowMs,
        after: (delayMs, task) => {
          let isCancelled = false;
          scheduler.after(delayMs, () =>
            process.run(() => {
              if (!isCancelled) task();
            }),
          );
          return () => {
            isCancelled = true;
          };
        },
      },
    };
  }
}
