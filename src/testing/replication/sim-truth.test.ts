import { describe, expect, test } from '@jest/globals';
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

describe('a loss that a person has undone', () => {
  /** Epoch 3 goes on from `at` of epoch 1, perhaps with a loss; 9 by force from 230 of epoch `from`. */
  function truthOf({ lossy, from }: { readonly lossy: boolean; readonly from: number }): Truth {
    const truth = new Truth(1);
    const first = { epoch: 1, first: 128, previousLast: 0 };
    const third = { epoch: 3, first: 256, previousLast: 228 };
    for (let number = 128; number <= 230; number++) truth.entry(1, { kind: 'flush', number });
    for (let number = 256; number <= 300; number++) truth.entry(3, { kind: 'flush', number });
    truth.adopted([first], 1, false);
    truth.adopted([first, third], 2, lossy);
    const base = from === 1 ? [first] : [first, third];
    const record = { version: 2, members: {}, forced: true } as const;
    const ninth = { epoch: 9, first: 400, previousLast: from === 1 ? 230 : 300 };
    truth.adopted([...base, ninth], 3, true, { record, loss: 'flushed' });
    return truth;
  }

  test('is one that he went on from before', () => {
    expect(truthOf({ lossy: true, from: 1 }).hasUndoneLoss(9)).toBe(true);
  });

  test('is none where he went on behind it, or where nothing was lost', () => {
    expect(truthOf({ lossy: true, from: 3 }).hasUndoneLoss(9)).toBe(false);
    expect(truthOf({ lossy: false, from: 1 }).hasUndoneLoss(9)).toBe(false);
  });
});
