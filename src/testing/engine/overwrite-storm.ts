/**
 * A volume overwritten again and again by many requests at once, with reads among them, while checkpoints are made, the cleaner
 * moves what lives and devices answer in any order. Whoever hands over memory uses it again at once: it is overwritten with
 * rubbish as soon as the call allows it. Without faults every read is right, nothing is healed, and the pool checks clean.
 */
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { type Prng, prng } from '../../shared/prng.ts';
import { checkPool } from '../../pool-manager/engine/check/check-pool.ts';
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import type { EnginePool } from '../../pool-manager/engine/pool/open-pool.ts';
import { createPool } from '../../pool-manager/engine/pool/pool-create.ts';
import { importPool } from '../../pool-manager/engine/pool/pool-import.ts';
import type { VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import { contentOfAll, tagOf } from '../block-content.ts';
import { ManualClock } from '../manual-clock.ts';
import { MemoryDevice } from '../memory-device.ts';
import { memoryHost } from '../memory-pool.ts';
import { type LayoutName, layouts, type TestLayout } from './layouts.ts';

export interface StormCase {
  readonly layout: LayoutName;
  readonly seed: number;
  /** Requests to write, of 1 to `blocksPerWriteMax` blocks. */
  readonly writes: number;
}

export interface StormCounts {
  readonly writes: number;
  readonly reads: number;
  readonly blocksWritten: number;
}

const MiB = 2 ** 20;
const deviceBytes = 40 * MiB;
const blocksPerWriteMax = 16;
/** Requests that are under way at once. */
const depth = 24;
const writeShare = 0.6;
/** Of all that fits, so much is the volume's: the cleaner has to work for the rest. */
const liveShare = 0.5;
const limits: Partial<EngineLimits> = {
  deltasMax: 4_000,
  nodeCacheBytesMax: 256 * 1024,
  blockCacheBytesMax: 512 * 1024,
};
const rubbish = 0xdb;

/**
 * Throws, with the stack of the cause, when anything that was read was never there between question and answer, or the pool
 * does not check clean.
 */
export async function runStorm(one: StormCase): Promise<StormCounts> {
  try {
    return await stormOver(one);
  } catch (error) {
    throw new Error(error instanceof Error ? (error.stack ?? error.message) : String(error), {
      cause: error,
    });
  }
}

async function stormOver({ layout: name, seed, writes }: StormCase): Promise<StormCounts> {
  const { layout, groups: counts }: TestLayout = layouts[name];
  const random = prng(seed * 131_071 + name.length);
  const groups = counts.map((count, g) =>
    Array.from({ length: count }, (_, i) =>
      slow(new MemoryDevice({ name: `storm-${g}-${i}`, sizeBytes: deviceBytes }), random),
    ),
  );
  const clock = new ManualClock();
  const host = { ...memoryHost(seed), clock, pause: turn };
  const pool = await createPool({ layout, groups, host, limits });
  const { freeBytes } = pool.status();
  const blocks = Math.floor((freeBytes * liveShare) / blockBytes);
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: blocks * blockBytes });
  const storm = new Storm({ pool, store, random, blocks, writes, clock });
  const result = await storm.run();
  await pool.settled();
  await storm.readAll();
  await pool.close();
  const devices = groups.flat().map((device) => {
    const { name: deviceName, sizeBytes } = device;
    return new MemoryDevice({ name: deviceName, sizeBytes, image: device.image() });
  });
  const { problems } = await checkPool({ devices, host: memoryHost(seed) });
  if (problems.length > 0) throw new Error(`check: ${problems.slice(0, 5).join('; ')}`);
  const again = await importPool({ devices, host: memoryHost(seed), limits });
  await storm.readAll(must(again.volumes()[0], 'the volume'));
  await again.close();
  return result;
}

/** Operations take a few turns, some of them many: others overtake them. */
function slow(device: MemoryDevice, random: Prng): MemoryDevice {
  device.fault = () => {
    const turns = random.below(random.chance(0.1) ? 12 : 3);
    return turns === 0 ? undefined : turnsOf(turns);
  };
  return device;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

async function turnsOf(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

interface StormOptions {
  readonly pool: EnginePool;
  readonly store: VolumeStore;
  readonly random: Prng;
  readonly blocks: number;
  readonly writes: number;
  readonly clock: ManualClock;
}

class Storm {
  readonly #o: StormOptions;
  /** What each block holds: the number of the write that put it there, times `blocksPerWriteMax`, and its place in it. */
  readonly #tags: Uint32Array;
  #writes = 0;
  #reads = 0;
  #blocksWritten = 0;
  #number = 0;

  constructor(options: StormOptions) {
    this.#o = options;
    this.#tags = new Uint32Array(options.blocks);
  }

  async run(): Promise<StormCounts> {
    const { writes, pool } = this.#o;
    const worker = async (): Promise<void> => {
      while (this.#writes < writes) await this.#step();
    };
    const failed = pool.failed.then((error) => {
      throw error;
    });
    await Promise.race([failed, Promise.all(Array.from({ length: depth }, worker))]);
    return { writes: this.#writes, reads: this.#reads, blocksWritten: this.#blocksWritten };
  }

  async readAll(store = this.#o.store): Promise<void> {
    const step = 64;
    for (let block = 0; block < this.#o.blocks; block += step)
      await this.#read(store, block, Math.min(step, this.#o.blocks - block));
  }

  async #step(): Promise<void> {
    const { random, blocks, store, clock } = this.#o;
    const count = 1 + random.below(blocksPerWriteMax);
    const block = random.below(blocks - count);
    if (random.chance(0.01)) clock.advance(random.below(2_000));
    if (!random.chance(writeShare)) {
      this.#reads++;
      await this.#read(store, block, count);
      return;
    }
    await store.room();
    this.#write(block, count);
    if (random.chance(0.1)) await store.commit();
    else await turn();
  }

  #write(block: number, count: number): void {
    const write = ++this.#writes;
    const tags = Array.from({ length: count }, (_, i) => write * blocksPerWriteMax + i);
    // A Buffer, as sockets fill it: its slice() is no copy.
    const data = Buffer.from(contentOfAll(tags).buffer);
    this.#o.store.write(++this.#number, block, data);
    data.fill(rubbish);
    this.#tags.set(tags, block);
    this.#blocksWritten += count;
  }

  /** What is read was there when it was asked for, or was written before it was answered. */
  async #read(store: VolumeStore, block: number, count: number): Promise<void> {
    const from = this.#tags.slice(block, block + count);
    const begunAt = this.#writes;
    const bytes = await store.read(block, count);
    for (let i = 0; i < count; i++) {
      const tag = tagOf(bytes, i);
      const later = tag !== undefined && Math.floor(tag / blocksPerWriteMax) > begunAt;
      if (tag !== from[i] && !later)
        throw new Error(`block ${block + i} is not ${from[i]} but ${tag ?? 'what was never written'}`);
    }
  }
}
