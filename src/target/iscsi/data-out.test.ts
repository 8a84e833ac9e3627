import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { must } from '../../shared/assert.ts';
import { DataOutTransfer, type TransferStep } from './data-out.ts';
import { defaultParameters, type Parameters } from './login-keys.ts';
import { noTag, type PduOf } from './pdu.ts';
import { transferFault } from './transport-sense.ts';

const wished: Parameters = {
  ...defaultParameters,
  initialR2t: false,
  immediateData: true,
  firstBurstBytes: 16,
  maxBurstBytes: 16,
  outstandingR2tMax: 2,
};
const source = Uint8Array.from({ length: 256 }, (_, i) => i);
const none = new Uint8Array(0);

function command(
  expectedBytes: number,
  more: { data?: Uint8Array; final?: boolean } = {},
): PduOf<'scsiCommand'> {
  const { data = none, final = true } = more;
  return {
    kind: 'scsiCommand',
    bhs: none,
    ahs: none,
    data,
    immediate: false,
    tag: 1,
    cmdSn: 1,
    expStatSn: 1,
    final,
    read: false,
    write: true,
    attribute: 1,
    lun: 0,
    expectedBytes,
  };
}
function dataOut(
  from: number,
  to: number,
  more: { ttt?: number; sn?: number; final?: boolean },
): PduOf<'dataOut'> {
  const { ttt = noTag, sn = 0, final = false } = more;
  return {
    kind: 'dataOut',
    bhs: none,
    ahs: none,
    data: source.subarray(from, to),
    immediate: false,
    tag: 1,
    cmdSn: 0,
    expStatSn: 1,
    final,
    targetTransferTag: ttt,
    dataSn: sn,
    offsetBytes: from,
  };
}

const open = (expected: number, more: OpenOptions = {}) =>
  new DataOutTransfer(
    command(expected, more),
    { ...wished, ...more.parameters },
    { bytesMax: more.bytesMax ?? 1024 },
  );
interface OpenOptions {
  data?: Uint8Array;
  final?: boolean;
  parameters?: Partial<Parameters>;
  bytesMax?: number;
}
const shown = (step: TransferStep) =>
  step.type === 'complete' ? [...step.data] : step.type === 'failed' ? step.fault : step.type;
const tags = () => {
  let next = 100;
  return () => next++;
};

describe('what comes with and behind the command', () => {
  test('all of it immediate', () => {
    expect(shown(open(8, { data: source.subarray(0, 8) }).start)).toEqual([...source.subarray(0, 8)]);
  });
  test('nothing at all: a write of no bytes', () => {
    expect(shown(open(0).start)).toEqual([]);
  });
  test('immediate, then unsolicited up to FirstBurstLength, then asked for', () => {
    const transfer = open(40, { data: source.subarray(0, 4), final: false });
    expect(shown(transfer.start)).toBe('wait');
    expect(shown(transfer.receive(dataOut(4, 10, {})))).toBe('wait');
    expect(shown(transfer.receive(dataOut(10, 16, { sn: 1, final: true })))).toBe('mayAsk');
    expect(transfer.solicit(tags())).toEqual([
      { targetTransferTag: 100, r2tSn: 0, offsetBytes: 16, lengthBytes: 16 },
      { targetTransferTag: 101, r2tSn: 1, offsetBytes: 32, lengthBytes: 8 },
    ]);
    expect(shown(transfer.receive(dataOut(16, 32, { ttt: 100, final: true })))).toBe('wait');
    expect(shown(transfer.receive(dataOut(32, 40, { ttt: 101, final: true })))).toEqual([
      ...source.subarray(0, 40),
    ]);
  });
  test('at most MaxOutstandingR2T at a time', () => {
    const transfer = open(64);
    const next = tags();
    expect(shown(transfer.start)).toBe('mayAsk');
    expect(transfer.solicit(next).map(({ offsetBytes }) => offsetBytes)).toEqual([0, 16]);
    expect(transfer.solicit(next)).toEqual([]);
    expect(shown(transfer.receive(dataOut(0, 16, { ttt: 100, final: true })))).toBe('mayAsk');
    expect(transfer.solicit(next)).toEqual([
      { targetTransferTag: 102, r2tSn: 2, offsetBytes: 32, lengthBytes: 16 },
    ]);
  });
  test('an initiator may send less unsolicited than it could', () => {
    const transfer = open(32, { final: false });
    expect(shown(transfer.receive(dataOut(0, 5, { final: true })))).toBe('mayAsk');
    expect(transfer.solicit(tags())[0]).toMatchObject({ offsetBytes: 5, lengthBytes: 16 });
  });
  test('no more than a command may carry is asked for', () => {
    const transfer = open(4096, { bytesMax: 20 });
    expect(transfer.solicit(tags()).map(({ lengthBytes }) => lengthBytes)).toEqual([16, 4]);
  });
});

describe('what ends a transfer with a fault (RFC 7143 §11.4.7.2)', () => {
  test.each<[string, () => TransferStep, number]>([
    [
      'immediate data where none was agreed',
      () => open(8, { data: source.subarray(0, 8), parameters: { immediateData: false } }).start,
      transferFault.unexpectedUnsolicitedData,
    ],
    [
      'more is announced where R2T was agreed',
      () => open(8, { final: false, parameters: { initialR2t: true } }).start,
      transferFault.unexpectedUnsolicitedData,
    ],
    [
      'more immediate data than the burst',
      () => open(64, { data: source.subarray(0, 20) }).start,
      transferFault.incorrectAmountOfData,
    ],
    [
      'more data than the command has',
      () => open(8, { data: source.subarray(0, 12) }).start,
      transferFault.incorrectAmountOfData,
    ],
    [
      'a DataSN that does not begin at 0',
      () => open(16, { final: false }).receive(dataOut(0, 8, { sn: 27 })),
      transferFault.dataPhaseError,
    ],
    [
      'an offset that leaves a gap',
      () => open(16, { final: false }).receive(dataOut(4, 8, {})),
      transferFault.dataOffsetError,
    ],
    [
      'more than the burst',
      () => open(64, { final: false }).receive(dataOut(0, 20, {})),
      transferFault.tooMuchWriteData,
    ],
    ['data nobody asked for', () => open(64).receive(dataOut(0, 8, {})), transferFault.dataPhaseError],
  ])('%s', (_name, work, fault) => {
    expect(shown(work())).toBe(fault);
  });

  test('less than was asked for', () => {
    const transfer = open(64);
    transfer.solicit(tags());
    expect(shown(transfer.receive(dataOut(0, 8, { ttt: 100, final: true })))).toBe(
      transferFault.incorrectAmountOfData,
    );
  });
  test('a DataSN that repeats', () => {
    const transfer = open(16, { final: false });
    transfer.receive(dataOut(0, 8, { sn: 0 }));
    expect(shown(transfer.receive(dataOut(8, 16, { sn: 0, final: true })))).toBe(
      transferFault.dataPhaseError,
    );
  });
});

test('an initiator that answers every R2T in pieces of any size gets its data there', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
      (bytes, piece, most) => {
        const transfer = open(bytes, { parameters: { outstandingR2tMax: most } });
        const next = tags();
        let asked = [...transfer.solicit(next)];
        let step: TransferStep = transfer.start;
        while (asked.length > 0) {
          const { targetTransferTag: ttt, offsetBytes, lengthBytes } = must(asked.shift(), 'an R2T');
          const end = offsetBytes + lengthBytes;
          for (let at = offsetBytes, sn = 0; at < end; at += piece, sn++)
            step = transfer.receive(
              dataOut(at, Math.min(at + piece, end), { ttt, sn, final: at + piece >= end }),
            );
          asked = [...asked, ...transfer.solicit(next)];
        }
        expect(shown(step)).toEqual([...source.subarray(0, bytes)]);
      },
    ),
  );
});
