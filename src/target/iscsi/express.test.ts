import { expect, test } from '@jest/globals';
import { PduEncoder } from './encoder.ts';
import { cdbAt, cmdSnAt, fits, putGoodAnswer, tagAt } from './express.ts';

const numbers = { statSn: 0x80000001, expCmdSn: 7, maxCmdSn: 0xffffffff };
const encoder = new PduEncoder({ crc32c: () => 0 });
const good = { overflow: false, underflow: false, residualBytes: 0, status: 0 };

test('an answer in place is, byte for byte, that of the encoder', () => {
  const data = new Uint8Array(4096);
  const read = {
    kind: 'dataIn',
    tag: 9,
    final: true,
    hasStatus: true,
    dataSn: 0,
    offsetBytes: 0,
    data,
  } as const;
  const write = { kind: 'scsiResponse', tag: 9, expDataSn: 0 } as const;
  for (const [dataBytes, pdu] of [
    [4096, read],
    [0, write],
  ] as const) {
    const bytes = new Uint8Array(64).fill(0xa5); // what was there before
    putGoodAnswer(new DataView(bytes.buffer), 8, 9, dataBytes, numbers);
    const [header] = encoder.encode({ ...pdu, ...good, ...numbers });
    expect(bytes.subarray(8, 56)).toEqual(header);
    expect([bytes[7], bytes[56]]).toEqual([0xa5, 0xa5]);
  }
});

/** A WRITE of 512 bytes with all its data, at offset 4 of a buffer; `change` bends its header. */
function header(change: (bhs: DataView) => void = () => undefined): DataView {
  const bytes = new Uint8Array(64);
  const bhs = new DataView(bytes.buffer, 4);
  bhs.setUint8(0, 0x01);
  bhs.setUint8(1, 0xa1);
  bhs.setUint16(6, 512);
  bhs.setUint32(16, 0x11223344);
  bhs.setUint32(20, 512);
  bhs.setUint32(24, 0xfffffffe);
  change(bhs);
  return new DataView(bytes.buffer);
}
const write = { write: true, offsetBytes: 0, lengthBytes: 512 };
const read = { write: false, offsetBytes: 0, lengthBytes: 512 };

test('a simple or untagged command with just its data is plain', () => {
  expect(fits(header(), 4, write)).toBe(true);
  expect(
    fits(
      header((bhs) => bhs.setUint8(1, 0xa0)),
      4,
      write,
    ),
  ).toBe(true);
  const reads = (bhs: DataView) => {
    bhs.setUint8(1, 0xc1);
    bhs.setUint16(6, 0);
  };
  expect(fits(header(reads), 4, read)).toBe(true);
  expect([tagAt(header(), 4), cmdSnAt(header(), 4), cdbAt(4)]).toEqual([0x11223344, 0xfffffffe, 36]);
});

test.each<[string, (bhs: DataView) => void]>([
  ['ordered', (bhs) => bhs.setUint8(1, 0xa2)],
  ['head of queue', (bhs) => bhs.setUint8(1, 0xa3)],
  ['more data follows', (bhs) => bhs.setUint8(1, 0x21)],
  ['it reads', (bhs) => bhs.setUint8(1, 0xc1)],
  ['both directions', (bhs) => bhs.setUint8(1, 0xe1)],
  ['an additional header', (bhs) => bhs.setUint8(4, 1)],
  ['less data than the CDB says', (bhs) => bhs.setUint16(6, 508)],
  ['data over 64 KiB more', (bhs) => bhs.setUint8(5, 1)],
  ['less expected than the CDB says', (bhs) => bhs.setUint32(20, 0)],
  ['another LUN', (bhs) => bhs.setUint8(9, 1)],
  ['a LUN of two levels', (bhs) => bhs.setUint8(15, 1)],
])('not plain: %s', (_, change) => {
  expect(fits(header(change), 4, write)).toBe(false);
});
