import { expect, test } from '@jest/globals';
import type { Cleaning, CleaningNeed, SpaceRoom } from '../space/block-space.ts';
import { CleanerPace } from './cleaner-pace.ts';

const totalUnits = 1_000_000;

/** A pool in which each appended unit owes one; slices end when `slice()` is called. */
function rig() {
  const state = { need: 'paced' as CleaningNeed, appended: 0, held: 0, txg: 1, moved: 0, reads: 0 };
  const roots: string[] = [];
  let canMove = true;
  let cleanings = 0;
  let onProgress = (): void => undefined;
  let end: (() => void) | undefined;
  const cleaning = {
    get need() {
      return state.need;
    },
    debt: (units: number) => units,
    async clean(units: number) {
      cleanings++;
      if (!canMove) return 0;
      await new Promise<void>((resolve) => (end = resolve));
      state.moved += units;
      return units;
    },
  } as Partial<Cleaning> as Cleaning;
  const room = {
    totalUnits,
    reclaimableUnits: totalUnits,
    get heldNewlyUnits() {
      return state.held;
    },
  } as Partial<SpaceRoom> as SpaceRoom;
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const pace = new CleanerPace({
    cleaning,
    room,
    pin: (run) => run(),
    appendedUnits: () => state.appended,
    reads: () => state.reads,
    durableTxg: () => state.txg,
    wantRoot: (kind) => void roots.push(kind),
    pause: turn,
    onProgress: () => onProgress(),
    onFailure: (error) => {
      throw error;
    },
  });
  const slice = async () => {
    end?.();
    await turn();
    await turn();
  };
  /** Nothing can be moved any more, and who waits for room asks again at each progress, as in a pool. */
  const nothingToMove = () => {
    canMove = false;
    onProgress = () => pace.kick('wait');
  };
  return { state, roots, pace, slice, turn, nothingToMove, cleanings: () => cleanings };
}

test('writers are ahead of it while more than 8 MiB are owed, and only while it works', async () => {
  const { state, pace, slice, turn } = rig();
  state.appended = 3_000;
  expect(pace.isBehind).toBe(false);
  pace.kick();
  expect(pace.isBehind).toBe(true);
  await turn();
  for (let slices = 0; pace.isBehind; slices++) {
    expect(slices).toBeLessThan(4);
    await slice();
  }
  expect(3_000 - state.moved).toBeLessThanOrEqual(2_048);
  while (state.moved < 3_000) await slice();
  await slice();
  state.appended += 5_000;
  expect(pace.isBehind).toBe(false);
});

test('asks for a root when enough was emptied since the last one began', async () => {
  const { state, roots, pace, slice, turn } = rig();
  state.appended = 100_000;
  state.held = totalUnits / 2_000;
  pace.kick();
  await turn();
  await slice();
  expect(roots).toEqual([]);
  state.held = totalUnits / 100;
  await slice();
  expect(roots).toEqual(['table']);
  state.held = 0; // it began
  await slice();
  expect(roots).toEqual(['table']);
  state.held = totalUnits / 100; // before it has ended
  await slice();
  expect(roots).toEqual(['table', 'table']);
});

test('where nothing can be moved it tries again after another root, not before', async () => {
  const { state, roots, pace, turn, nothingToMove, cleanings } = rig();
  nothingToMove();
  pace.kick('wait');
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(cleanings()).toBe(1);
  expect(roots).toEqual(['table']);
  state.txg++;
  pace.kick('wait');
  for (let turns = 0; turns < 20; turns++) await turn();
  expect(cleanings()).toBe(2);
  expect(roots).toEqual(['table', 'whole']);
});

test('idle cleaning goes on until somebody reads', async () => {
  const { state, pace, slice, turn, cleanings } = rig();
  state.need = 'idle';
  pace.kick('idle');
  await turn();
  state.reads = 3; // now and then one
  for (let i = 0; i < 3; i++) await slice();
  expect(cleanings()).toBe(4);
  state.reads += 100;
  await slice();
  expect(cleanings()).toBe(4);
  pace.kick('idle');
  await turn();
  expect(cleanings()).toBe(5);
  await slice();
  expect(cleanings()).toBe(6);
});
