import { expect, test } from '@jest/globals';
import { cdbs } from '../../testing/scsi-rig.ts';
import { PlainTransfer } from './plain-transfer.ts';

const sizeBytes = 2 ** 43;
const parse = (cdb: readonly number[], size = sizeBytes) => {
  const plain = new PlainTransfer();
  const view = new DataView(Uint8Array.from([0, 0, 0, ...cdb, ...Array<number>(16).fill(0)]).buffer);
  if (!plain.parse(view, 3, size)) return undefined;
  const { write, fua, offsetBytes, lengthBytes } = plain;
  return { write, ...(fua ? { fua } : {}), offsetBytes, lengthBytes };
};

test.each([
  ['READ(10)', cdbs[10](0x28, 5, 8), { write: false, offsetBytes: 2560, lengthBytes: 4096 }],
  [
    'WRITE(10)',
    cdbs[10](0x2a, 0xffffffff, 1),
    { write: true, offsetBytes: 0xffffffff * 512, lengthBytes: 512 },
  ],
  ['READ(16)', cdbs[16](0x88, 2 ** 33, 256), { write: false, offsetBytes: 2 ** 42, lengthBytes: 131_072 }],
  [
    'WRITE(10) with FUA',
    cdbs[10](0x2a, 0, 1, 8),
    { write: true, fua: true, offsetBytes: 0, lengthBytes: 512 },
  ],
  ['WRITE(16)', cdbs[16](0x8a, 1, 2), { write: true, offsetBytes: 512, lengthBytes: 1024 }],
])('%s is plain', (_, cdb, expected) => {
  expect(parse(cdb)).toEqual(expected);
});

test.each([
  ['a READ with FUA', cdbs[10](0x28, 0, 1, 8)],
  ['FUA and DPO', cdbs[10](0x2a, 0, 1, 0x18)],
  ['DPO', cdbs[10](0x28, 0, 1, 0x10)],
  ['protection', cdbs[16](0x88, 0, 1, 0x20)],
  ['nothing to move', cdbs[10](0x28, 0, 0)],
  ['past the end', cdbs[16](0x88, sizeBytes / 512, 1)],
  ['over the end', cdbs[16](0x8a, sizeBytes / 512 - 1, 2)],
  ['LBA beyond what a number holds', cdbs[16](0x8a, 2 ** 63, 1)],
  ['more than the unit takes', cdbs[16](0x8a, 0, 16_385)],
  ['NACA', [...cdbs[10](0x28, 0, 1).slice(0, 9), 4]],
  ['READ(12)', cdbs[12](0xa8, 0, 1)],
  ['VERIFY(10)', cdbs[10](0x2f, 0, 1)],
])('left to transfer.ts: %s', (_, cdb) => {
  expect(parse(cdb)).toBeUndefined();
});
