import { expect, test } from '@jest/globals';
import { RecordBuffer, recordHeadBytes } from './record-buffer.ts';

test.each([1, 8, 13, 100, 4_000])(
  'a body of %d bytes that does not fit any more lies in the longer buffer, whole',
  (bodyBytes) => {
    const buffer = new RecordBuffer();
    const record = new Uint8Array(bodyBytes).fill(7);
    const bodies: number[] = [];
    // The buffer grows at 64, 128 and 256 KiB.
    while (buffer.lengthBytes < 300 * 1024) {
      bodies.push(buffer.lengthBytes + recordHeadBytes);
      buffer.note(3, { do: 'setRecord', record });
    }
    const isWhole = (at: number) => Buffer.compare(buffer.bytes.subarray(at, at + bodyBytes), record) === 0;
    expect(bodies.filter((at) => !isWhole(at))).toEqual([]);
  },
);
