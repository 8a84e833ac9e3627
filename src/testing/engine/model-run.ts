/**
 * A long run of random operations against a naive model, with faults: what is answered is right or an error, never
 * wrong; with redundancy, and one device at fault, it is right.
 */
import { assert, must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { type Prng, prng } from '../../shared/prng.ts';
import { createPool } from '../../pool-manager/engine/pool/pool-create.ts';
import { importPool } from '../../pool-manager/engine/pool/pool-import.ts';
import type { EnginePool } from '../../pool-manager/engine/pool/open-pool.ts';
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import { BadBlockError, NoSpaceError, type VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import { tagOf } from '../block-content.ts';
import { momentOf, randomCrashImage } from '../crash-images.ts';
import { type Image, MemoryDevice } from '../memory-device.ts';
import { memoryHost } from '../memory-pool.ts';
import { changeBoth } from '../volume-changes.ts';
import { differenceOf, type ModelState, observe, snapshotSizes, VolumeModel } from '../volume-model.ts';
import { anyFault, beginFault, endFaults } from './faults.ts';
import { type LayoutName, layouts, type TestLayout } from './layouts.ts';

export interface ModelCase {
  readonly layout: LayoutName;
  readonly seed: number;
  readonly operations: number;
}

/** What was counted, to see that faults did happen. */
export interface ModelCounts {
  operations: number;
  faults: number;
  crashes: number;
  /** Errors that were answered instead of data, and pools that could not go on: without redundancy only. */
  errors: number;
}

const limits: Partial<EngineLimits> = { freeingNodesPerCheckpoint: 3, deltasMax: 400 };
const volumeBlocks = 300;
const doneShown = 25;

/** Throws with the last operations when anything was wrong. */
export async function runModel(one: ModelCase): Promise<ModelCounts> {
  const run = new ModelRun(one);
  try {
    await run.begin();
    while (run.counts.operations < one.operations) await run.step();
    await run.end();
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(`${what}\nafter ${run.done.slice(-doneShown).join('; ')}`, { cause: error });
  }
  return run.counts;
}

class ModelRun {
  readonly counts: ModelCounts = { operations: 0, faults: 0, crashes: 0, errors: 0 };
  readonly done: string[] = [];
  readonly #seed: number;
  readonly #random: Prng;
  readonly #layout: TestLayout;
  #devices: MemoryDevice[] = [];
  #pool: EnginePool | undefined;
  #store: VolumeStore | undefined;
  #model = new VolumeModel(volumeBlocks * blockBytes);
  /** Sizes of all snapshots that were ever taken, by name. */
  #sizes = new Map<string, number>();
  /** What a crash may leave. */
  #survivors: VolumeModel[] = [];
  /** One device of each group that is at fault, or may be. */
  #victims: readonly number[] = [];
  /** A victim as it was some time ago. */
  #older: { readonly victim: number; readonly image: Image } | undefined;
  readonly #reads: Promise<void>[] = [];
  readonly #underWay = new Set<ReadUnderWay>();

  constructor({ layout, seed }: ModelCase) {
    this.#layout = layouts[layout];
    this.#seed = seed;
    this.#random = prng(seed * 65_537 + layout.length);
  }

  get #isRedundant(): boolean {
    const { layout, logs = [] } = this.#layout;
    return layout !== 'stripe' && logs.every((copies) => copies > 1);
  }

  async begin(): Promise<void> {
    const { layout, groups: counts, deviceBytes: sizeBytes, logs: logCounts = [] } = this.#layout;
    let first = 0;
    const victims: number[] = [];
    const make = (what: string) => (count: number, g: number) => {
      victims.push(first + this.#random.below(count));
      first += count;
      return Array.from(
        { length: count },
        (_, i) => new MemoryDevice({ name: `${what}-${g}-${i}`, sizeBytes }),
      );
    };
    const groups = counts.map(make('memory'));
    const logs = logCounts.map(make('log'));
    this.#victims = victims;
    this.#devices = [...groups, ...logs].flat();
    for (const device of this.#devices) device.record();
    this.#pool = await createPool({ layout, groups, logs, host: memoryHost(this.#seed), limits });
    this.#model = new VolumeModel(volumeBlocks * blockBytes);
    this.#store = await this.#pool.createVolume({
      volume: 'pv',
      replicaId: 'r',
      sizeBytes: this.#model.state.sizeBytes,
    });
    this.#survivors = [this.#model.clone()];
  }

  async step(): Promise<void> {
    this.counts.operations++;
    const random = this.#random;
    const draw = random.below(1_000);
    try {
      if (draw < 500) await this.#change();
      else if (draw < 850) await this.#readSome();
      else if (draw < 970) await this.#commit();
      else if (draw < 990) this.#fault();
      else if (draw < 996) await this.#restart('crash');
      else await this.#restart('close');
    } catch (error) {
      await this.#excuse(error);
    }
    if (random.chance(0.2)) await Promise.resolve();
  }

  /** Faults end, everything settles: then all is as it should be. */
  async end(): Promise<void> {
    for (const device of this.#devices) endFaults(device);
    try {
      await this.#restart('close');
      await this.#among([this.#model]);
    } catch (error) {
      await this.#excuse(error);
    }
  }

  async #change(): Promise<void> {
    const store = must(this.#store, 'the volume');
    await store.room();
    const before = this.#model;
    const model = before.clone();
    try {
      this.#say(changeBoth(store, model, this.#random, this.counts.operations));
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      this.#say('full');
      return;
    }
    this.#model = model;
    for (const read of this.#underWay) read.due.push(tagsOf(model.state, read));
    for (const [name, bytes] of snapshotSizes([model])) this.#sizes.set(name, bytes);
    this.#survivors.push(model);
  }

  /** A range of the head or of a snapshot; sometimes not waited for. */
  async #readSome(): Promise<void> {
    const random = this.#random;
    const [name, state] = random.chance(0.3)
      ? ([...this.#model.snapshots][random.below(this.#model.snapshots.size)] ?? [
          undefined,
          this.#model.state,
        ])
      : [undefined, this.#model.state];
    const block = random.below(state.births.length);
    const count = 1 + random.below(Math.min(16, state.births.length - block));
    const reading = this.#read(block, count, state, name);
    if (name === undefined && random.chance(0.3)) this.#reads.push(reading);
    else await reading;
    if (this.#reads.length > 8) await this.#allRead();
  }

  async #read(block: number, count: number, state: ModelState, name: string | undefined): Promise<void> {
    const read: ReadUnderWay = { block, count, due: [] };
    read.due.push(tagsOf(state, read));
    if (name === undefined) this.#underWay.add(read);
    let bytes: Uint8Array;
    try {
      bytes = await must(this.#store, 'the volume').read(block, count, name);
    } catch (error) {
      if (!(error instanceof BadBlockError) || this.#isRedundant) throw error;
      this.counts.errors++;
      return;
    } finally {
      this.#underWay.delete(read);
    }
    for (let i = 0; i < count; i++) {
      const tag = tagOf(bytes, i);
      if (!read.due.some((tags) => tags[i] === tag))
        throw new Wrong(`block ${block + i} of ${name ?? 'the head'} is not ${read.due[0]?.[i]} but ${tag}`);
    }
  }

  async #allRead(): Promise<void> {
    await Promise.all(this.#reads.splice(0));
  }

  async #commit(): Promise<void> {
    const store = must(this.#store, 'the volume');
    const model = this.#model;
    const committed = store.commit();
    await committed;
    this.#say('commit');
    const from = this.#survivors.indexOf(model);
    this.#survivors = from === -1 ? [model] : this.#survivors.slice(from);
  }

  #fault(): void {
    const random = this.#random;
    const victim = must(this.#devices[random.pick(this.#victims)], 'the victim');
    this.counts.faults++;
    if (random.chance(0.3)) {
      endFaults(victim);
      this.#say(`${victim.name} is right again`);
      return;
    }
    if (this.#isRedundant && random.chance(0.2)) {
      this.#older = { victim: this.#devices.indexOf(victim), image: victim.image() };
      this.#say(`an image of ${victim.name} is kept`);
      return;
    }
    const kind = anyFault(random, this.#isRedundant);
    beginFault(victim, kind, random);
    this.#say(`${victim.name}: ${kind}`);
  }

  /** A power cut, or an orderly end; a victim may come back as it was long ago. */
  async #restart(how: 'crash' | 'close'): Promise<void> {
    await this.#allRead();
    this.counts.crashes++;
    const random = this.#random;
    const pool = must(this.#pool, 'the pool');
    if (how === 'close') await pool.close();
    const images = this.#devices.map((device) =>
      how === 'close' ? device.image() : randomCrashImage(momentOf(device), random),
    );
    if (this.#older !== undefined && random.chance(0.5)) {
      const { victim, image } = this.#older;
      images[victim] = image;
      this.#older = undefined;
      this.#say(`${this.#devices[victim]?.name} is its older image`);
    }
    this.#say(how);
    if (how === 'crash') pool.abandon();
    await this.#open(images, how === 'close' ? [this.#model] : this.#survivors);
  }

  /** What errs now and then does so when the pool is open again: a device that can not be read at import is absent. */
  async #open(images: readonly Image[], candidates: readonly VolumeModel[]): Promise<void> {
    const before = this.#devices;
    this.#devices = before.map(({ name, sizeBytes, landing }, i) => {
      const device = new MemoryDevice({ name, sizeBytes, image: images[i] ?? new Map() });
      device.record();
      device.landing = landing;
      return device;
    });
    this.#pool = await importPool({ devices: this.#devices, host: memoryHost(this.#seed), limits });
    this.#devices.forEach((device, i) => (device.fault = before[i]?.fault ?? device.fault));
    this.#store = must(this.#pool.volumes()[0], 'the volume');
    this.#model = (await this.#among(candidates)).clone();
    this.#survivors = [this.#model];
  }

  /** The newest of the candidates that the volume is, all of it read. */
  async #among(candidates: readonly VolumeModel[]): Promise<VolumeModel> {
    const store = must(this.#store, 'the volume');
    const seen = await observe(store, this.#sizes).catch((error: unknown) => {
      if (error instanceof BadBlockError) throw error;
      throw new Wrong(String(error), { cause: error });
    });
    let why = '';
    for (const model of candidates.toReversed()) {
      const difference = differenceOf(seen, model);
      if (difference === undefined) return model;
      why = difference;
    }
    const what = `the state is none of ${candidates.length}: ${why}`;
    // The only copy of a group of the log rotted: at its end that looks like a crash before it, and what was deleted
    // since is there again.
    if (!this.#isRedundant && this.counts.faults > 0) throw new Error(what);
    throw new Wrong(what);
  }

  /** Without redundancy errors are answers too: a new pool then. */
  async #excuse(error: unknown): Promise<void> {
    if (error instanceof Wrong || this.#isRedundant || this.counts.faults === 0) throw error;
    assert(error instanceof Error, 'an error');
    if (error.name === 'AssertionError') throw error;
    this.counts.errors++;
    this.#say(`${error.name}: ${error.message.slice(0, 60)}; a new pool`);
    await Promise.allSettled(this.#reads.splice(0));
    this.#pool?.abandon();
    await this.begin();
  }

  #say(what: string): void {
    this.done.push(what);
    if (this.done.length > 4 * doneShown) this.done.splice(0, doneShown);
  }
}

/** One that is not waited for may find any content that its blocks have had since it was asked. */
interface ReadUnderWay {
  readonly block: number;
  readonly count: number;
  readonly due: (readonly number[])[];
}

const tagsOf = ({ tags }: ModelState, { block, count }: ReadUnderWay): readonly number[] =>
  tags.slice(block, block + count);

class Wrong extends Error {
  override readonly name = 'Wrong';
}
