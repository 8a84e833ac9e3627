import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crc32c as independentCrc, frame, Header } from '../../../e2e/initiator/wire.ts';
import { PduDecoder } from './decoder.ts';
import type { Crc32c, Digests } from './digest.ts';
import { ProtocolError } from './errors.ts';
import { foreignLun, type InitiatorPdu } from './pdu.ts';

// CRC by the independent initiator, which knows no seed: what came before is summed again.
const crc32c: Crc32c = (() => {
  let parts: Uint8Array[] = [];
  return (bytes, seed) => {
    parts = seed === undefined ? [bytes] : [...parts, bytes];
    return independentCrc(...parts);
  };
})();

const open = (digests: Digests = { header: false, data: false }, dataSegmentBytesMax = 65_536) => {
  const decoder = new PduDecoder({ dataSegmentBytesMax, crc32c });
  decoder.digests = digests;
  return decoder;
};

const bytesOf = (length: number, from = 1) => Uint8Array.from({ length }, (_, i) => (from + i) & 0xff);

/** Three PDUs of different shapes: with data, without, with a data segment that needs padding. */
function stream(digests: Digests): Uint8Array {
  const command = new Header(0x01, 0xa1).lun(0).u32(16, 7).u32(20, 512).u32(24, 100).u32(28, 200);
  command.bytes.set([0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0], 32);
  const nop = new Header(0x40, 0x80).u32(16, 8).u32(20, 0xffff_ffff);
  const text = new Header(0x04, 0x80).u32(16, 9);
  return Buffer.concat([
    frame(command, bytesOf(512), digests),
    frame(nop, new Uint8Array(0), digests),
    frame(text, bytesOf(13, 65), digests),
  ]);
}

const summary = (pdus: readonly InitiatorPdu[]) =>
  pdus.map(({ kind, tag, immediate, data }) => ({
    kind,
    tag,
    immediate,
    data: Buffer.from(data).toString('hex'),
  }));

const expected = [
  { kind: 'scsiCommand', tag: 7, immediate: false, data: Buffer.from(bytesOf(512)).toString('hex') },
  { kind: 'nopOut', tag: 8, immediate: true, data: '' },
  { kind: 'textRequest', tag: 9, immediate: false, data: Buffer.from(bytesOf(13, 65)).toString('hex') },
];

describe('bytes become PDUs however they are cut', () => {
  test.each([
    { header: false, data: false },
    { header: true, data: false },
    { header: false, data: true },
    { header: true, data: true },
  ])('in two at every place: %j', (digests) => {
    const bytes = stream(digests);
    for (let cut = 0; cut <= bytes.byteLength; cut++) {
      const decoder = open(digests);
      const pdus = [...decoder.push(bytes.subarray(0, cut)), ...decoder.push(bytes.subarray(cut))];
      expect({ cut, pdus: summary(pdus) }).toEqual({ cut, pdus: expected });
    }
  });

  test('one byte at a time, from one buffer that is used again and again', () => {
    const decoder = open({ header: true, data: true });
    const one = new Uint8Array(1);
    const pdus: InitiatorPdu[] = [];
    for (const byte of stream({ header: true, data: true })) {
      one[0] = byte;
      pdus.push(...decoder.push(one));
    }
    expect(summary(pdus)).toEqual(expected);
  });

  test('in any pieces', () => {
    const bytes = stream({ header: true, data: false });
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.byteLength), { maxLength: 12 }), (cuts) => {
        const decoder = open({ header: true, data: false });
        const ends = [...cuts.toSorted((a, b) => a - b), bytes.byteLength];
        const pdus = ends.flatMap((end, i) => [...decoder.push(bytes.subarray(ends[i - 1] ?? 0, end))]);
        expect(summary(pdus)).toEqual(expected);
      }),
    );
  });
});

describe('the fields of the header', () => {
  const decodeOne = (header: Header, data = new Uint8Array(0)) =>
    [...open().push(frame(header, data, { header: false, data: false }))][0];

  test('a SCSI command', () => {
    const header = new Header(0x41, 0x80 | 0x40 | 0x03).lun(5).u32(16, 1).u32(20, 4096).u32(24, 2).u32(28, 3);
    expect(decodeOne(header)).toMatchObject({
      kind: 'scsiCommand',
      immediate: true,
      final: true,
      read: true,
      write: false,
      attribute: 3,
      lun: 5,
      expectedBytes: 4096,
      cmdSn: 2,
      expStatSn: 3,
    });
  });

  test('a Data-Out', () => {
    const header = new Header(0x05, 0x80).u32(16, 1).u32(20, 77).u32(36, 4).u32(40, 8192);
    expect(decodeOne(header, bytesOf(16))).toMatchObject({
      kind: 'dataOut',
      final: true,
      targetTransferTag: 77,
      dataSn: 4,
      offsetBytes: 8192,
    });
  });

  test('a login request', () => {
    const header = new Header(0x43, 0x80 | (1 << 2) | 3)
      .u32(8, 0x8012_3456)
      .u16(12, 0x789a)
      .u16(14, 6)
      .u16(20, 1);
    expect(decodeOne(header)).toMatchObject({
      kind: 'loginRequest',
      transit: true,
      continues: false,
      currentStage: 1,
      nextStage: 3,
      isidHigh: 0x8012_3456,
      isidLow: 0x789a,
      tsih: 6,
      cid: 1,
    });
  });

  // bytes 8-15 of the header → LUN (SAM-5 §4.7.4)
  test.each([
    ['peripheral 0', [0, 0, 0, 0, 0, 0, 0, 0], 0],
    ['peripheral 255', [0, 255, 0, 0, 0, 0, 0, 0], 255],
    ['flat 256', [0x41, 0, 0, 0, 0, 0, 0, 0], 256],
    ['flat 1', [0x40, 1, 0, 0, 0, 0, 0, 0], 1],
    ['two levels', [0, 0, 0, 1, 0, 0, 0, 0], foreignLun],
    ['well-known', [0xc1, 1, 0, 0, 0, 0, 0, 0], foreignLun],
  ])('the LUN %s', (_name, lun, number) => {
    const header = new Header(0x01, 0x80);
    header.bytes.set(lun, 8);
    expect(decodeOne(header)).toMatchObject({ lun: number });
  });

  test('an opcode that initiators do not have', () => {
    expect(decodeOne(new Header(0x1c, 0x80))).toMatchObject({ kind: 'unknown', opcode: 0x1c });
  });

  test('additional header segments are handed on and covered by the header digest', () => {
    const header = new Header(0x01, 0x80);
    header.bytes[4] = 2;
    const ahs = bytesOf(8);
    const digest = Buffer.alloc(4);
    digest.writeUInt32LE(independentCrc(header.bytes, ahs));
    const pdus = [...open({ header: true, data: false }).push(Buffer.concat([header.bytes, ahs, digest]))];
    expect(pdus.map(({ ahs: found }) => [...found])).toEqual([[...ahs]]);
  });
});

describe('nothing is believed', () => {
  const refusal = (decoder: PduDecoder, bytes: Uint8Array): unknown => {
    try {
      return [...decoder.push(bytes)].length;
    } catch (error) {
      return error instanceof ProtocolError ? error.reason : error;
    }
  };

  test('a data segment longer than declared is refused by its header alone (RFC 7143 §11.3.4)', () => {
    const header = new Header(0x01, 0x80);
    header.bytes.set([0, 4, 1], 5); // 1025 bytes
    expect(refusal(open(undefined, 1024), header.bytes)).toBe(0x04);
  });

  test('a header with a wrong digest is no header: no reason to send (§7.7)', () => {
    const bytes = Buffer.from(
      frame(new Header(0x00, 0x80), new Uint8Array(0), { header: true, data: false }),
    );
    bytes[20] = 1;
    expect(refusal(open({ header: true, data: false }), bytes)).toBeUndefined();
  });

  test('data with a wrong digest is rejected as such (§7.8)', () => {
    const bytes = Buffer.from(frame(new Header(0x05, 0x80), bytesOf(64), { header: false, data: true }));
    bytes[60] = 0;
    expect(refusal(open({ header: false, data: true }), bytes)).toBe(0x02);
  });
});
