import { expect, test } from '@jest/globals';
import { prng } from '../../../shared/prng.ts';
import { naiveSpace } from '../../../testing/space-rig.ts';

test.each(Array.from({ length: 12 }, (_, i) => 100 + i))(
  'agrees with a naive model (seed %i)',
  async (seed) => {
    const random = prng(seed);
    const model = naiveSpace({
      random,
      segments: random.pick([40, 64, 100]),
      groups: 1 + (seed % 3),
      segmentUnits: random.pick([64, 128, 256]),
      isCompressed: seed % 2 === 0,
    });
    for (let step = 0; step < 400; step++) await model.step();
    expect(await model.compare()).toEqual([]);
  },
);
