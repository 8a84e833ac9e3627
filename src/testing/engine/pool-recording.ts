/** A pool at work on devices that keep logs, with models of what it promises: all states it was in, and which are durable. */
import { must } from '../../shared/assert.ts';
import type { Prng } from '../../shared/prng.ts';
import type { EnginePool } from '../../pool-manager/engine/pool/open-pool.ts';
import type { ManualClock } from '../manual-clock.ts';
import { MemoryDevice, operationsSoFar } from '../memory-device.ts';
import { changeBoth, type ChangeMix } from '../volume-changes.ts';
import { VolumeModel } from '../volume-model.ts';

/** All volumes of a pool by name, at one instant. */
export type PoolModel = ReadonlyMap<string, VolumeModel>;

export interface RecordedState {
  /** Not before this operation (memory-device.ts, `operationsSoFar`). */
  readonly at: number;
  readonly volumes: PoolModel;
}

/** What was recorded: a crash before operation `cut` leaves one of `states`, none before those that are durable by then. */
export interface RecordedRun {
  readonly devices: readonly MemoryDevice[];
  /** From operation `at` on, one of these sets of devices is the pool: the first that can be imported. */
  readonly members: readonly { readonly at: number; readonly sets: readonly (readonly number[])[] }[];
  readonly states: readonly RecordedState[];
  /** From operation `at` on, state `index` is durable. */
  readonly durable: readonly { readonly at: number; readonly index: number }[];
  readonly from: number;
  readonly to: number;
}

export class PoolRecording {
  readonly pool: EnginePool;
  readonly devices: MemoryDevice[];
  readonly random: Prng;
  /** Moved, it makes checkpoints. */
  readonly clock: ManualClock;
  /** What was done, for messages. */
  readonly done: string[] = [];
  readonly #from = operationsSoFar();
  readonly #states: RecordedState[];
  readonly #durable: { at: number; index: number }[] = [];
  #volumes: PoolModel;
  readonly #members: RecordedRun['members'][number][] = [];
  #tag = 0;

  constructor(options: {
    readonly pool: EnginePool;
    readonly devices: readonly MemoryDevice[];
    readonly random: Prng;
    readonly clock: ManualClock;
    /** Indices of those that are the pool; all of them, unless they are told. */
    readonly members?: readonly number[];
    /** What the pool holds by now, durably. */
    readonly volumes?: PoolModel;
    /** No tag or name up to this one is used. */
    readonly tagsUsed?: number;
    /** Where the log begins, and what a crash could leave before `volumes` was durable. */
    readonly before?: Pick<RecordedRun, 'from' | 'states'>;
  }) {
    this.pool = options.pool;
    this.devices = [...options.devices];
    this.mayBe([options.members ?? this.devices.map((_, i) => i)]);
    this.random = options.random;
    this.clock = options.clock;
    this.#tag = options.tagsUsed ?? 0;
    this.#volumes = options.volumes ?? new Map();
    this.#from = options.before?.from ?? this.#from;
    this.#states = [...(options.before?.states ?? []), { at: this.#from, volumes: this.#volumes }];
    this.#durable.push({ at: operationsSoFar(), index: this.#states.length - 1 });
  }

  get tagsUsed(): number {
    return this.#tag;
  }

  get volumes(): PoolModel {
    return this.#volumes;
  }

  /** Indices of the devices of the pool, as they are now. */
  get members(): readonly number[] {
    return this.#members.at(-1)?.sets[0] ?? [];
  }

  /** From now on one of these sets of devices is the pool. */
  mayBe(sets: readonly (readonly number[])[]): void {
    this.#members.push({ at: operationsSoFar(), sets });
  }

  /** A blank device of the size of the others, as its index. */
  addDevice(): number {
    const device = new MemoryDevice({
      name: `memory-new-${this.devices.length}`,
      sizeBytes: must(this.devices[0], 'a device').sizeBytes,
    });
    device.record();
    return this.devices.push(device) - 1;
  }

  device(index: number): MemoryDevice {
    return must(this.devices[index], `device ${index}`);
  }

  hasSnapshot(name: string): boolean {
    return (this.#volumes.get(name)?.snapshots.size ?? 0) > 0;
  }

  names(): readonly string[] {
    return [...this.#volumes.keys()];
  }

  store(name: string) {
    return must(
      this.pool.volumes().find(({ identity }) => identity.volume === name),
      `volume ${name}`,
    );
  }

  /** One change of one volume. */
  change(name: string, mix?: ChangeMix): void {
    const model = must(this.#volumes.get(name), `the model of ${name}`).clone();
    const at = operationsSoFar();
    const what = changeBoth(this.store(name), model, this.random, ++this.#tag, mix);
    this.done.push(`${name}: ${what}`);
    this.#push(at, new Map(this.#volumes).set(name, model));
  }

  /** All changes so far are durable when this answers. */
  async commit(name: string): Promise<void> {
    const index = this.#states.length - 1;
    this.done.push(`${name}: commit`);
    await this.store(name).commit();
    this.#durable.push({ at: operationsSoFar(), index });
  }

  async createVolume(sizeBytes: number): Promise<string> {
    const name = `pv-${++this.#tag}`;
    await this.whole(new Map(this.#volumes).set(name, new VolumeModel(sizeBytes)), `create ${name}`, () =>
      this.pool.createVolume({ volume: name, replicaId: 'r', sizeBytes }),
    );
    return name;
  }

  /** A snapshot of a volume as a volume of its own. */
  async clone(origin: string): Promise<void> {
    const model = must(this.#volumes.get(origin), 'the origin');
    const [snapshot, state] = must([...model.snapshots].at(-1), 'a snapshot of the origin');
    const name = `pv-${++this.#tag}`;
    const clone = new VolumeModel(0);
    clone.state = { ...state, record: '' };
    const { guid } = this.store(origin).identity;
    await this.whole(new Map(this.#volumes).set(name, clone), `clone ${name} of ${origin} ${snapshot}`, () =>
      this.pool.cloneVolume({ volume: name, replicaId: 'r', origin: guid, snapshot }),
    );
  }

  async destroyVolume(name: string): Promise<void> {
    const { guid } = this.store(name).identity;
    const volumes = new Map(this.#volumes);
    volumes.delete(name);
    await this.whole(volumes, `destroy ${name}`, () => this.pool.destroyVolume(guid));
  }

  /** A change that is durable when answered. */
  async whole(volumes: PoolModel, what: string, make: () => Promise<unknown>): Promise<void> {
    this.done.push(what);
    this.#push(operationsSoFar(), volumes);
    const index = this.#states.length - 1;
    await make();
    this.#durable.push({ at: operationsSoFar(), index });
  }

  /** The pool is left as it is. */
  finish(): RecordedRun {
    this.pool.abandon();
    return {
      devices: this.devices,
      members: this.#members,
      states: this.#states,
      durable: this.#durable,
      from: this.#from,
      to: operationsSoFar(),
    };
  }

  #push(at: number, volumes: PoolModel): void {
    this.#volumes = volumes;
    this.#states.push({ at, volumes });
  }
}
