/**
 * Write amplification of the cleaner, through the block space itself over a group that keeps nothing:
 * `node e2e/engine/amplification.ts [--segments=1024] [--rounds=3]`.
 *
 * A pool of whole segments is filled to a share of what its segments can hold, then overwritten in rounds; the last one
 * counts. Amplification is (appended + moved) / appended units of data. No maps, no log: what cleaning costs, alone.
 */
import { prng, type Prng } from '../../src/shared/prng.ts';
import { copyPointer, pointerWords } from '../../src/pool-manager/engine/map/pointer.ts';
import { createBlockSpace } from '../../src/pool-manager/engine/space/space.ts';
import { hollowContent, hollowGroup } from '../../src/testing/hollow-group.ts';

type Load = 'uniform' | '80-20';

/** A block to overwrite. With 80-20 a fifth of all blocks gets four fifths of the writes, and is spread over all. */
function pick(random: Prng, load: Load, blocks: number): number {
  if (load === 'uniform') return random.below(blocks);
  const fifth = random.below(Math.floor(blocks / 5));
  return random.chance(0.8) ? fifth * 5 : fifth * 5 + 1 + random.below(4);
}

async function run(load: Load, full: number, segments: number, rounds: number): Promise<string> {
  const space = createBlockSpace({ groups: [hollowGroup(segments, 1024)], storedSum: () => undefined });
  const { room, cleaning } = space;
  const random = prng(1);
  const blocks = Math.floor(room.totalUnits * full);
  const words = new Uint32Array(blocks * pointerWords);
  /** Names of the last checkpoint that stand for a block still, by place in `next`. */
  const next = new Map<number, Uint32Array>();
  const checkpointUnits = Math.max(512, Math.floor(room.totalUnits / 512));
  let txg = 1;
  let owed = 0;
  let moved = 0;
  let stalls = 0;

  const checkpoint = async (): Promise<void> => {
    for (const [block, pointer] of next) {
      space.adopt(pointer, 0);
      if ((words[block * pointerWords + 1] ?? 0) !== 0) space.free(words, block * pointerWords, txg);
      copyPointer(pointer, 0, words, block * pointerWords);
    }
    next.clear();
    space.seal();
    await space.changes(txg, { put: () => undefined, delete: () => undefined });
    space.release(txg, Infinity, txg);
    txg++;
  };
  const write = async (block: number): Promise<void> => {
    while (room.userUnitsNow < 1) {
      stalls++;
      moved += await cleaning.clean(1024);
      await checkpoint();
    }
    const pointer = new Uint32Array(pointerWords);
    space.append('data', hollowContent, 0, 8, 0, block, 1, 1, pointer, 0);
    const old = next.get(block);
    if (old !== undefined) space.drop(old, 0, txg);
    next.set(block, pointer);
    if (next.size >= checkpointUnits) await checkpoint();
    owed += cleaning.debt(1);
    if (owed < 256) return;
    const done = await cleaning.clean(Math.floor(owed));
    moved += done;
    owed -= done;
    if (done === 0) owed = 0;
    if (room.heldUnits > room.totalUnits / 128) await checkpoint();
  };
  for (let block = 0; block < blocks; block++) await write(block);
  let figures = '';
  for (let round = 1; round <= rounds; round++) {
    moved = 0;
    stalls = 0;
    for (let i = 0; i < blocks; i++) await write(pick(random, load, blocks));
    const free = (room.freeUnits / room.totalUnits).toFixed(3);
    figures = `${(1 + moved / blocks).toFixed(2)}  stalls ${stalls} free ${free} held ${(room.heldUnits / room.totalUnits).toFixed(3)}`;
    if (process.argv.includes('--verbose')) console.log(`  round ${round} ${load} ${full}: ${figures}`);
  }
  return figures;
}

const option = (name: string, otherwise: number): number =>
  Number(process.argv.find((each) => each.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);

const goals = [
  { load: 'uniform', full: 0.8, goal: 3.0 },
  { load: '80-20', full: 0.8, goal: 2.7 },
  { load: 'uniform', full: 0.65, goal: 1.8 },
  { load: '80-20', full: 0.65, goal: 1.8 },
] as const;

for (const { load, full, goal } of goals.slice(0, option('lines', goals.length))) {
  const figures = await run(load, full, option('segments', 1024), option('rounds', 3));
  const [figure = '', rest = ''] = figures.split('  ');
  const verdict = Number(figure) <= goal ? 'ok' : 'short';
  console.log(
    `amplification ${full} full ${load.padEnd(7)} ${figure} goal ${goal.toFixed(1)} ${verdict}  (${rest})`,
  );
}
