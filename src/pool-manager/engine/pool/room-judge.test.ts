import { expect, test } from '@jest/globals';
import type { BlockSpace } from '../space/block-space.ts';
import type { Checkpoints } from './checkpoints.ts';
import { defaultLimits } from './engine-limits.ts';
import type { PoolAdmission } from './pool-admission.ts';
import { RoomJudge } from './room-judge.ts';

/** A pool that is not full, and has no room now; what is asked for is in `asked`. */
function rig() {
  const asked: string[] = [];
  const volumes = { count: 1 };
  const admission = { availableUnits: 500, comingUnits: 600, nodesPending: 10, deltasPending: 50 };
  const space = { room: { userUnits: 10_000, totalUnits: 100_000, segmentUnits: 64 } } as BlockSpace;
  const checkpoints = {
    isBeside: false,
    want: () => void asked.push('whole'),
    wantTable: () => void asked.push('table'),
  };
  const judge = new RoomJudge(
    { space, limits: defaultLimits },
    admission as PoolAdmission,
    checkpoints as Partial<Checkpoints> as Checkpoints,
    () => false,
    () => 1,
    () => volumes.count,
  );
  /** What is asked for by who waits, behind a root after which so much is there, and so much will be. */
  const root = (availableUnits: number, comingUnits: number) => {
    Object.assign(admission, { availableUnits, comingUnits });
    judge.checkpointed(checkpoints.isBeside);
    asked.length = 0;
    return [judge.state(), ...asked];
  };
  return { judge, root, asked, checkpoints, volumes };
}

test('roots of the table go on while more is emptied, though moving takes more than they give back yet', () => {
  const { judge, root, asked } = rig();
  expect([judge.state(), asked]).toEqual(['soon', ['table']]);
  expect([root(400, 700), root(300, 800), root(350, 900)]).toEqual(Array(3).fill(['soon', 'table']));
});

test('trees are built when nothing more is emptied, and it is over when that brings nothing', () => {
  const { judge, root } = rig();
  judge.state();
  root(500, 700);
  for (let roots = 0; roots < 5; roots++) expect(root(600, 700)).toEqual(['soon', 'whole']);
  expect(root(600, 700)).toEqual(['open']);
});

test('beside a checkpoint that builds trees few roots are made that bring nothing', () => {
  const { judge, root, checkpoints } = rig();
  judge.state();
  checkpoints.isBeside = true;
  expect([root(500, 700), root(500, 700), root(500, 700)]).toEqual(Array(3).fill(['soon', 'table']));
  expect([root(500, 700), root(500, 700)]).toEqual(Array(2).fill(['soon']));
  expect(root(500, 750)).toEqual(['soon', 'table']);
});

test.each([
  [1, 1_088 + 64],
  [2, 1_088 + 64 + 512],
  [50, 1_088 + 1_000], // a hundredth of the pool, no more
])('beside the others of %i volumes a writer is let in when %i units are free', (count, wantedUnits) => {
  const { judge, root, volumes } = rig();
  volumes.count = count;
  expect(judge.wantedUnits).toBe(wantedUnits);
  expect(root(wantedUnits - 1, 8_000)).toEqual(['soon', 'table']);
  expect(root(wantedUnits, 8_000)).toEqual(['open']);
});
