/** Roots of the table alone: what a crash leaves of a pool that cleans beside writers. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { prng, type Prng } from '../../../shared/prng.ts';
import { contentOf } from '../../../testing/block-content.ts';
import { problemsAtTheEnd, wrongBlocks } from '../../../testing/marked-blocks.ts';
import { type MemoryPool, memoryPool } from '../../../testing/memory-pool.ts';

const blocks = 512;
const seeds = process.env['CASKADE_SEED'] === undefined ? [3, 4, 5] : [Number(process.env['CASKADE_SEED'])];

const only = ({ pool }: MemoryPool) => must(pool.volumes()[0], 'the volume');

/** A root of the table, made now. */
async function rootOfTable({ pool: { engine } }: MemoryPool): Promise<void> {
  const before = engine.durableTxg;
  engine.checkpoints.wantTable();
  for (let turn = 0; engine.durableTxg === before && turn < 10_000; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(engine.durableTxg).toBeGreaterThan(before);
}

async function cleanSome({ pool: { engine } }: MemoryPool): Promise<void> {
  await engine.pins.hold(() => engine.parts.space.cleaning.clean(200));
}

async function writeSome(made: MemoryPool, model: number[], random: Prng, mark: number): Promise<void> {
  const store = only(made);
  const span = random.chance(0.7) ? 8 : blocks; // mostly a few, again and again: what was written dies before it is in a tree
  for (let i = 0; i < 120; i++) {
    const block = random.below(span);
    await store.room();
    store.write(store.last + 1, block, contentOf(mark + i));
    model[block] = mark + i;
  }
  await store.commit();
}

const wrong = (made: MemoryPool, model: readonly number[]) => wrongBlocks(only(made), model.entries());

test.each(seeds)(
  'all that was promised is there after a crash between any of them, seed %i',
  async (seed) => {
    const random = prng(seed);
    let made = await memoryPool({ deviceBytes: 16 * 2 ** 20, seed });
    await made.pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: blocks * 4096 });
    const model = Array.from({ length: blocks }, (_, i) => i);
    for (const block of model) only(made).write(block + 1, block, contentOf(block));
    await made.pool.settled();
    const lost: number[] = [];
    const problems: string[] = [];
    for (let round = 1, mark = 10_000; round <= 4; round++, mark += 1_000) {
      await writeSome(made, model, random, mark);
      for (let roots = random.below(9); roots > 0; roots--) {
        await cleanSome(made);
        await rootOfTable(made);
        await writeSome(made, model, random, mark + 120 * roots);
      }
      if (random.chance(0.2)) await made.pool.engine.checkpoints.after();
      if (random.chance(0.7)) {
        made = await made.crash();
        lost.push(...(await wrong(made, model)));
        problems.push(...made.pool.engine.parts.space.audit());
      }
    }
    lost.push(...(await wrong(made, model)));
    expect([lost, problems]).toEqual([[], []]);
    expect(await problemsAtTheEnd(made)).toEqual([]);
  },
  20_000, // beside others
);
