import { expect, test } from '@jest/globals';
import { blockBytes } from '../../shared/block-size.ts';
import { contentOf, sectorOf } from '../block-content.ts';
import { Truth } from './sim-truth.ts';

const sectorBytes = 512;
const [tag, sector] = [7, 3];

/** Epoch 1 with a write of one sector into a block that nobody wrote before. */
function truthWithPart(): Truth {
  const truth = new Truth(1);
  truth.adopted([{ epoch: 1, first: 10, previousLast: 0 }], 1, false);
  const data = new Uint8Array(blockBytes);
  data.set(sectorOf(tag, sector), sector * sectorBytes);
  truth.entry(1, { kind: 'write', number: 11, block: 0, count: 1, fua: false, data });
  return truth;
}

test('a write of part of a block is where its sectors are, and not where zeros are', () => {
  const truth = truthWithPart();

  expect(truth.place(tag, 0)).toEqual({ epoch: 1, number: 11 });
  expect(truth.place(0, 0)).toBeUndefined();
});

test('a write that became two entries has two places, and a history may hold the first of them alone', () => {
  const truth = truthWithPart();
  const data = contentOf(tag);
  truth.entry(1, { kind: 'write', number: 12, block: 1, count: 1, fua: false, data });

  expect(truth.place(tag, 1)).toEqual({ epoch: 1, number: 12 });
  expect(truth.holds(1, 11, tag, 0)).toBe(true);
  expect(truth.holds(1, 11, tag, 1)).toBe(false);
});
