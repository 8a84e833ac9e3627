/** Reads while trees are built, with nodes that are not at hand, and an event loop that really turns meanwhile. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';
import { contentOf } from '../../../testing/block-content.ts';
import { MemoryDevice } from '../../../testing/memory-device.ts';
import { memoryHost } from '../../../testing/memory-pool.ts';
import { createPool } from './pool-create.ts';

/** More than the smallest cache keeps. */
const leaves = 120;
const blocksPerLeaf = 128;
const readers = 8;
const rounds = 4;
const seeds = process.env['CASKADE_SEED'] === undefined ? [1, 2, 3] : [Number(process.env['CASKADE_SEED'])];

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function writtenPool(seed: number) {
  const host = { ...memoryHost(seed), pause: turn };
  const device = new MemoryDevice({ name: 'memory', sizeBytes: 64 * 2 ** 20 });
  const limits = { nodeCacheBytesMax: 0 };
  const pool = await createPool({ layout: 'stripe', groups: [[device]], host, limits });
  const sizeBytes = leaves * blocksPerLeaf * 4096;
  return { pool, store: await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes }) };
}

test.each(seeds)(
  'every node of the tree that a view answers is found while it is replaced, seed %i',
  async (seed) => {
    const { pool, store } = await writtenPool(seed);
    /** By leaf: what is written anew in each round, beside a block that stays. */
    const marks = Array.from({ length: leaves }, () => 0);
    const writeAll = (round: number) => {
      for (let leaf = 0; leaf < leaves; leaf++) {
        marks[leaf] = round * leaves + leaf;
        store.write(store.last + 1, leaf * blocksPerLeaf, contentOf(must(marks[leaf], 'its mark')));
      }
    };
    for (let leaf = 0; leaf < leaves; leaf++)
      store.write(store.last + 1, leaf * blocksPerLeaf + 1, contentOf(leaf));
    writeAll(1);
    await pool.settled();
    const random = prng(seed);
    const wrong: string[] = [];
    let isDone = false;
    const readOne = async (leaf: number, stays: boolean): Promise<void> => {
      const due = contentOf(stays ? leaf : must(marks[leaf], 'its mark'));
      const found = await store.read(leaf * blocksPerLeaf + (stays ? 1 : 0), 1);
      if (Buffer.compare(found, due) !== 0) throw new Error('other content');
    };
    const reader = async (): Promise<void> => {
      for (; !isDone; await turn()) {
        const leaf = random.below(leaves);
        const stays = random.chance(0.5);
        await readOne(leaf, stays).catch((error: unknown) => wrong.push(`leaf ${leaf}: ${String(error)}`));
      }
    };
    const reading = Array.from({ length: readers }, reader);
    for (let round = 2; round < 2 + rounds; round++) {
      await Promise.all([turn(), pool.engine.checkpoints.after()]);
      writeAll(round);
      await pool.engine.checkpoints.after();
    }
    isDone = true;
    await Promise.all(reading);
    expect(wrong).toEqual([]);
    await pool.close();
  },
  30_000, // beside others
);
