/** Roots of the table that are made while a whole checkpoint builds trees: what a crash leaves of that. */
import { expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { prng, type Prng } from '../../../shared/prng.ts';
import { contentOf } from '../../../testing/block-content.ts';
import { problemsAtTheEnd, wrongBlocks } from '../../../testing/marked-blocks.ts';
import { type MemoryPool, memoryPool } from '../../../testing/memory-pool.ts';

/** Each block in a leaf of its own, so that building takes long beside what is written. */
const leaves = 256;
const blockOf = (index: number) => index * 128 + (index % 128);
const seeds = process.env['CASKADE_SEED'] === undefined ? [1, 2, 3] : [Number(process.env['CASKADE_SEED'])];

const only = ({ pool }: MemoryPool) => must(pool.volumes()[0], 'the volume');
/** Turns of the loop until it holds, or so many that it never will. */
async function turnsUntil(holds: () => boolean): Promise<void> {
  for (let left = 10_000; !holds() && left > 0; left--) await turn();
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function writeSome(made: MemoryPool, model: number[], random: Prng, mark: number): Promise<void> {
  const store = only(made);
  for (let i = 0; i < 150; i++) {
    const index = random.below(leaves);
    await store.room();
    store.write(store.last + 1, blockOf(index), contentOf(mark + i));
    model[index] = mark + i;
  }
  await store.commit();
}

/** Cleaning, roots of the table and writes while trees are built; answers how many such roots there were. */
async function goOnBeside(made: MemoryPool, model: number[], random: Prng, mark: number): Promise<number> {
  const { engine } = made.pool;
  const { checkpoints } = engine;
  await turnsUntil(() => checkpoints.isBeside);
  let roots = 0;
  for (let round = random.below(4); round >= 0 && checkpoints.isBeside; round--) {
    await engine.pins.hold(() => engine.parts.space.cleaning.clean(200));
    const before = engine.durableTxg;
    checkpoints.wantTable();
    await turnsUntil(() => engine.durableTxg > before || !checkpoints.isRunning);
    if (checkpoints.isBeside && engine.durableTxg > before) roots++;
    if (random.chance(0.5)) await writeSome(made, model, random, mark + 150 * (round + 1));
  }
  return roots;
}

const wrong = (made: MemoryPool, model: readonly number[]) =>
  wrongBlocks(
    only(made),
    model.map((mark, index) => [blockOf(index), mark] as const),
  );

test.each(seeds)(
  'all that was promised is there after a crash while trees are built, seed %i',
  async (seed) => {
    const random = prng(seed);
    const pause = async () => {
      for (let turns = random.below(4); turns > 0; turns--) await turn();
    };
    let made = await memoryPool({ deviceBytes: 24 * 2 ** 20, seed, pause });
    await made.pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: leaves * 128 * 4096 });
    const model = Array.from({ length: leaves }, (_, i) => i);
    for (const [index, mark] of model.entries()) only(made).write(index + 1, blockOf(index), contentOf(mark));
    await made.pool.settled();
    const lost: number[] = [];
    const problems: string[] = [];
    let beside = 0;
    for (let round = 1; round <= 10; round++) {
      await writeSome(made, model, random, round * 10_000);
      const whole = made.pool.engine.checkpoints.after();
      beside += await goOnBeside(made, model, random, round * 10_000 + 1_000);
      if (random.chance(0.5)) await whole;
      if (random.chance(0.5)) made = await made.crash();
      lost.push(...(await wrong(made, model)));
      problems.push(...made.pool.engine.parts.space.audit());
    }
    expect([lost, problems]).toEqual([[], []]);
    expect(beside).toBeGreaterThan(3);
    expect(await problemsAtTheEnd(made)).toEqual([]);
  },
  120_000, // beside others
);

/** Keeps whoever pauses next, until `free`. */
function keeper() {
  let wanted: PromiseWithResolvers<void> | undefined;
  let kept = false;
  return {
    pause: async () => {
      if (wanted === undefined || kept) return;
      kept = true;
      await wanted.promise;
    },
    keepNext: () => (wanted = Promise.withResolvers()),
    free: () => wanted?.resolve(),
    isKeeping: () => kept,
  };
}

const heldOf = ({ pool: { engine } }: MemoryPool): readonly number[] => {
  const { devices, space } = engine.parts;
  const { segments } = must(devices.groups[0], 'the group');
  return Array.from({ length: segments }, (_, id) => id).filter((id) => space.segmentState(0, id) === 'held');
};

/** The same few blocks, often enough to fill segments. */
async function writeHot(made: MemoryPool, model: number[], mark: number): Promise<void> {
  const store = only(made);
  for (let i = 0; i < 200; i++) {
    await store.room();
    store.write(store.last + 1, blockOf(i % 8), contentOf(mark + i));
    model[i % 8] = mark + i;
  }
  await store.commit();
}

test('what was written and died while trees are built is not given out while the log speaks of it', async () => {
  const builder = keeper();
  let made = await memoryPool({ pause: builder.pause });
  await made.pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: leaves * 128 * 4096 });
  const model = Array.from({ length: leaves }, (_, i) => i);
  for (const [index, mark] of model.entries()) only(made).write(index + 1, blockOf(index), contentOf(mark));
  await made.pool.settled();
  for (const index of model.keys()) {
    model[index] = 10_000 + index;
    only(made).write(only(made).last + 1, blockOf(index), contentOf(10_000 + index));
  }
  const { engine } = made.pool;
  builder.keepNext();
  const whole = engine.checkpoints.after();
  await turnsUntil(builder.isKeeping);
  expect([builder.isKeeping(), engine.checkpoints.isBeside]).toEqual([true, true]);
  for (let round = 1; round <= 4; round++) {
    await writeHot(made, model, round * 20_000);
    const before = engine.durableTxg;
    engine.checkpoints.wantTable();
    await turnsUntil(() => engine.durableTxg > before);
  }
  const dead = heldOf(made);
  expect(dead.length).toBeGreaterThan(3);
  builder.free();
  await whole;
  expect(dead.filter((id) => !heldOf(made).includes(id))).toEqual([]);

  made = await made.crash();
  expect(await wrong(made, model)).toEqual([]);
  expect(await problemsAtTheEnd(made)).toEqual([]);
});
