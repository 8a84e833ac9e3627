import { describe, expect, test } from '@jest/globals';
import { contentOf } from '../block-content.ts';
import { planOf } from './sim-plan.ts';
import { Testimony } from './sim-testimony.ts';
import { SimWorld } from './sim-world.ts';

const tag = 7;

/** After a recovery that lost entry 12 of epoch 1; entry 11 wrote `tag` to block 0, entry 12 to block 1. */
function afterALoss() {
  const world = new SimWorld({ ...planOf(1), events: [], layout: undefined, wildClocks: false });
  const { truth } = world;
  truth.adopted([{ epoch: 1, first: 10, previousLast: 0 }], 1, false);
  truth.entry(1, { kind: 'adopt', number: 10, epoch: 1, previousLast: 0 });
  truth.entry(2, { kind: 'adopt', number: 20, epoch: 2, previousLast: 11 });
  for (const block of [0, 1])
    truth.entry(1, { kind: 'write', number: 11 + block, block, count: 1, fua: false, data: contentOf(tag) });
  truth.adopted(
    [
      { epoch: 1, first: 10, previousLast: 0 },
      { epoch: 2, first: 20, previousLast: 11 },
    ],
    2,
    true,
  );
  return { testimony: new Testimony(world, 3), end: { epoch: 2, last: 20, number: 20 } };
}

describe('after a lossy recovery', () => {
  test('of a write that became two entries the part that is left is judged, and not the part that is gone', () => {
    const { testimony, end } = afterALoss();
    for (const block of [0, 1]) testimony.ends(testimony.begins(block, tag));
    testimony.saw({ block: 1, value: 0, startMs: 0, end });

    expect(() => testimony.check(end, 0, [])).not.toThrow();
  });

  test('a read of what was never numbered is wrong all the same', () => {
    const { testimony, end } = afterALoss();
    testimony.saw({ block: 2, value: tag + 1, startMs: 0, end });

    expect(() => testimony.check(end, 0, [])).toThrow('I4: register 2: 8 was read');
  });

  test('what is gone is not read any more, with a return to a snapshot or without one', () => {
    const { testimony, end } = afterALoss();
    testimony.ends(testimony.begins(1, tag));
    testimony.saw({ block: 1, value: tag, startMs: 0, end: { epoch: 1, number: 12 } });
    expect(() => testimony.check(end, 0, [])).not.toThrow();
    testimony.saw({ block: 1, value: tag, startMs: 0, end });

    expect(() => testimony.check(end, 0, [])).toThrow('I4: register 1: 7 was read');
  });
});
