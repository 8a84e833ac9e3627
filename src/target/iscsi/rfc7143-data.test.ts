/** RFC 7143: data of reads and writes (more of it is in data-out.test.ts), status and sense. */
import { describe, expect, test } from '@jest/globals';
import { noTag, reply } from '../../../e2e/initiator/wire.ts';
import { bytesOf, kinds, one, Talk } from '../../testing/iscsi-talk.ts';

describe('§4.2.5 and §11.7 data', () => {
  test('a read goes out in segments the initiator takes, each burst ended, the status on the last', () => {
    const talk = new Talk().enter({ MaxBurstLength: '16384' });
    talk.command(1, { read: 20_000 });
    const data = bytesOf(20_000);
    const pdus = talk.done(talk.ran[0]!.task, { status: 0, data, transferBytes: 20_000 });
    // flags: F 0x80, S 0x01
    expect(
      pdus.map(({ flags, view, data: part }) => [
        flags,
        view.getUint32(36),
        view.getUint32(40),
        part.byteLength,
      ]),
    ).toEqual([
      [0x00, 0, 0, 8192],
      [0x80, 1, 8192, 8192],
      [0x81, 2, 16_384, 3616],
    ]);
    expect(Buffer.concat(pdus.map((pdu) => pdu.data)).equals(data)).toBe(true);
  });

  // transferred by the command, expected by the initiator → bits and count
  test.each([
    [512, 512, 0, 0],
    [1024, 512, 0x04, 512],
    [512, 1024, 0x02, 512],
    [0, 512, 0x02, 512],
  ])(
    'a command that moves %i of expected %i bytes tells the residual',
    (transferBytes, read, bits, residual) => {
      const talk = new Talk().enter();
      talk.command(1, { read });
      const data = transferBytes === 0 ? undefined : new Uint8Array(transferBytes);
      const pdu = talk.done(talk.ran[0]!.task, { status: 0, data, transferBytes }).at(-1)!;
      expect([pdu.flags & 0x06, pdu.view.getUint32(44)]).toEqual([bits, residual]);
      expect(pdu.data.byteLength).toBe(Math.min(transferBytes, read));
    },
  );

  test('a write collects immediate, unsolicited and solicited data in order', () => {
    const talk = new Talk().enter({ FirstBurstLength: '1024', MaxBurstLength: '1024' });
    const data = bytesOf(2560);
    expect(talk.command(1, { write: 2560, data: data.subarray(0, 512), more: true })).toEqual([]);
    const asked = talk.dataOut(1, noTag, 0, 512, data.subarray(512, 1024), true);
    expect(
      asked.map(({ opcode, view }) => [opcode, view.getUint32(36), view.getUint32(40), view.getUint32(44)]),
    ).toEqual([
      [reply.readyToTransfer, 0, 1024, 1024],
      [reply.readyToTransfer, 1, 2048, 512],
    ]);
    talk.dataOut(1, asked[0]!.view.getUint32(20), 0, 1024, data.subarray(1024, 2048), true);
    expect(talk.ran).toHaveLength(0);
    talk.dataOut(1, asked[1]!.view.getUint32(20), 0, 2048, data.subarray(2048), true);
    expect(Buffer.from(talk.ran[0]!.data).equals(Buffer.from(data))).toBe(true);
  });

  test('of a write no more than the target takes is asked for, and kept', () => {
    const talk = new Talk({ limits: { transferBytesMax: 4096 } }).enter();
    const asked = talk.command(1, { write: 8192 });
    expect(asked.map(({ opcode, view }) => [opcode, view.getUint32(40), view.getUint32(44)])).toEqual([
      [reply.readyToTransfer, 0, 4096],
    ]);
    talk.dataOut(1, asked[0]!.view.getUint32(20), 0, 0, bytesOf(4096), true);
    expect(talk.ran.map(({ data }) => data.byteLength)).toEqual([4096]);
  });

  test('a wrong DataSN fails the command and nothing else', () => {
    const talk = new Talk().enter();
    talk.command(1, { write: 1024, more: true });
    const response = one(talk.dataOut(1, noTag, 27, 0, bytesOf(1024), true));
    expect([response.opcode, response.header[3], response.data[4], response.data[14]]).toEqual([
      reply.response,
      0x02,
      0x0b,
      0x4b,
    ]);
    expect([talk.ran.length, talk.closed]).toEqual([0, undefined]);
    expect(talk.dataOut(1, noTag, 28, 0, bytesOf(10), true)).toEqual([]); // the rest of it is dropped
  });

  test('asking is bounded over all writes; the next is asked when one is done', () => {
    const talk = new Talk({ limits: { solicitedBytesMax: 4096 } }).enter({
      InitialR2T: 'Yes',
      ImmediateData: 'No',
    });
    const first = one(talk.command(1, { write: 4096 }));
    expect(talk.command(2, { write: 4096 })).toEqual([]);
    const second = one(talk.dataOut(1, first.view.getUint32(20), 0, 0, bytesOf(4096), true));
    expect([second.opcode, second.view.getUint32(16)]).toEqual([reply.readyToTransfer, 2]);
  });
  test('a reset ends writes that have asked and those that wait to, and none of them asks any more', () => {
    const talk = new Talk({ limits: { solicitedBytesMax: 4096 } }).enter({
      InitialR2T: 'Yes',
      ImmediateData: 'No',
    });
    for (const tag of [1, 2, 3]) talk.command(tag, { write: 4096 });
    expect(kinds(talk.management(5))).toEqual([]);
    expect(kinds(talk.answerManaged(talk.managed[0]!))).toEqual(['taskManagement']);
    expect(kinds(talk.command(4, { write: 4096 }))).toEqual(['readyToTransfer']);
  });
});

describe('§11.4 status and sense', () => {
  test('sense data follows its length', () => {
    const talk = new Talk().enter();
    talk.command(1);
    const pdu = one(
      talk.done(talk.ran[0]!.task, { status: 2, sense: Uint8Array.of(0x70, 0, 5), transferBytes: 0 }),
    );
    expect([pdu.header[3], ...pdu.data]).toEqual([2, 0, 3, 0x70, 0, 5]);
  });
});
