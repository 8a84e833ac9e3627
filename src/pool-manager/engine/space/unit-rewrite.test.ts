import { expect, test } from '@jest/globals';
import { spaceRig } from '../../../testing/space-rig.ts';

test('what was lost is put back where it lies, beside what shares its unit', async () => {
  const rig = spaceRig({ segments: 32, segmentUnits: 64 });
  const plain = rig.write('data', 1);
  const shared = [2, 3].map((mark) => rig.write('data', mark, 3));
  rig.space.seal();
  rig.groups[0]?.contentOf(0).fill(0xee, 0, 2 * 4096);
  expect(await rig.space.rewrite(plain, 0, rig.content(1, 8))).toBe(true);
  for (const [i, words] of shared.entries())
    expect(await rig.space.rewrite(words, 0, rig.content(2 + i, 3))).toBe(true);
  expect(await rig.read(plain)).toEqual(rig.content(1, 8));
  for (const [i, words] of shared.entries()) expect(await rig.read(words)).toEqual(rig.content(2 + i, 3));
  rig.space.drop(plain, 0, 1);
  rig.space.mark('data');
  for (const words of shared) rig.space.drop(words, 0, 1);
  expect(await rig.space.rewrite(plain, 0, rig.content(1, 8))).toBe(false);
});
