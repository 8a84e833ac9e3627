import { expect, test } from '@jest/globals';
import { memoryLogArea } from '../../../testing/memory-log-area.ts';
import { blockHeaderBytes, type LogBlockHeader, sealBlock } from './log-block.ts';
import { firstPosition, type LogTurn } from './log-position.ts';
import { LogReader, UnreadableLogError } from './log-reader.ts';

const pool = '0123456789abcdef';
const blockBytes = 4096;
const payloadBytes = 8;

type Written = Pick<LogBlockHeader, 'group' | 'sequence' | 'isLast'> & {
  readonly incarnation?: number;
  /** Instead of the checksum of the block before. */
  readonly previous?: Uint8Array;
};

/** Blocks of 4096 bytes one behind the other; the payload of each is its place. */
async function readingOf(
  blocks: readonly (Written | undefined)[],
  { copies = 1, copiesMin = 1, unreadable = [] as readonly number[], turns = [] as readonly LogTurn[] } = {},
) {
  const area = memoryLogArea(2 ** 20);
  Object.assign(area, { copies, copiesMin });
  for (const copy of unreadable) area.unreadable.add(copy);
  const start = firstPosition(1);
  let before = start.previous;
  for (const [i, written] of blocks.entries()) {
    if (written === undefined) continue; // never reached the medium
    const block = new Uint8Array(blockBytes);
    block.fill(i + 1, blockHeaderBytes, blockHeaderBytes + payloadBytes);
    const header = { pool, incarnation: 1, followsTxg: 1, previous: before, ...written };
    before = sealBlock(block, header, payloadBytes);
    await area.writeThrough(i * blockBytes, block);
  }
  const reader = new LogReader(area, pool, start, turns);
  const groups: number[][] = [];
  for (let group = await reader.next(); group !== undefined; group = await reader.next())
    groups.push([...group.payload].filter((_, i) => i % payloadBytes === 0));
  return { groups, isCut: await reader.isCut() };
}

const first = { group: 1, sequence: 1, isLast: true };
const elsewhere = new Uint8Array(16).fill(9);

// prettier-ignore
test.each([
  ['blocks of one group are one payload',
    [{ ...first, isLast: false }, { group: 1, sequence: 2, isLast: true }],                  [[1, 2]], false],
  ['a group of which the last block is missing is none',
    [first, { group: 2, sequence: 2, isLast: false }, undefined],                            [[1]],    false],
  ['a block does not follow one that is not there',
    [first, { group: 2, sequence: 3, isLast: true }],                                        [[1]],    false],
  ['nor one that it was not written behind: it is of an older lap',
    [first, { group: 2, sequence: 2, isLast: true, previous: elsewhere }],                   [[1]],    false],
  ['what a later group is behind was whole once',
    [first, undefined, { group: 3, sequence: 3, isLast: true }],                             [[1]],    true],
] as const)('%s', async (_, blocks, groups, isCut) => {
  expect(await readingOf(blocks)).toEqual({ groups, isCut });
});

const second = { group: 2, sequence: 2, isLast: true };
const later = { group: 2, sequence: 2, isLast: true, incarnation: 2 };
const latest = { group: 3, sequence: 3, isLast: true, incarnation: 3 };
const turns = [{ group: 2, incarnation: 2 }];

// prettier-ignore
test.each([
  ['what an import wrote behind it goes on with the log',  [first, later],         turns,                                    [[1], [2]],      false],
  ['twice',                                                [first, later, latest], [...turns, { group: 3, incarnation: 3 }], [[1], [2], [3]], false],
  ['two imports at one place: the later one wrote',        [first, { ...second, incarnation: 3 }], [...turns, { group: 2, incarnation: 3 }], [[1], [2]], false],
  ['what nobody applied at a turn is not of the log',      [first, second],        turns,                                    [[1]],           false],
  ['nor is what a later import wrote, without its turn',   [first, later],         [],                                       [[1]],           false],
  ['what is lost before a turn was whole once',            [undefined, later],     turns,                                    [],              true],
  ['also when nothing is behind it',                       [undefined],            turns,                                    [],              true],
] as const)('turns: %s', async (_, blocks, turned, groups, isCut) => {
  expect(await readingOf(blocks, { turns: turned })).toEqual({ groups, isCut });
});

// prettier-ignore
test.each([
  // copies, of which a write has at least, and which can not be read
  [1, 1, [],     'read'],
  [1, 1, [0],    'refused'],
  [2, 2, [0],    'read'],
  [2, 2, [0, 1], 'refused'],
  [3, 2, [1],    'read'],
  [3, 2, [1, 2], 'refused'], // the end may be that of the third device, which had no turn
] as const)('%j copies, at least %j of each write, unreadable %j: %s', async (copies, copiesMin, unreadable, due) => {
  const blocks = [first, { group: 2, sequence: 2, isLast: true }];
  const outcome = await readingOf(blocks, { copies, copiesMin, unreadable }).then(
    ({ groups }) => (groups.length === 2 ? 'read' : 'cut'),
    (error: unknown) => (error instanceof UnreadableLogError ? 'refused' : error),
  );
  expect(outcome).toBe(due);
});
