import { expect, test } from '@jest/globals';
import { FrameDecoder } from './frame-decoder.ts';
import { decodeTargetMessage } from './target-message-codec.ts';
import { ReadFrames, readFrameBytes } from './read-frame.ts';
import { isLent, lend } from '../shared/lent-buffers.ts';

const fence = { epoch: 3, nonce: 2 ** 40 };

test.each([false, true])('says what the message says, mapped: %s', (map) => {
  const frames = new ReadFrames();
  const asked = { readId: 2 ** 45, after: 2 ** 33, block: 7, count: 256, map };
  const at = frames.put(fence, asked);
  const [frame] = new FrameDecoder({ payloadBytesMax: 64 }).push(frames.bytes.slice(at, at + readFrameBytes));
  const { map: _, ...plain } = asked;
  expect(frame && decodeTargetMessage(frame)).toEqual({ ...fence, type: 'read', ...(map ? asked : plain) });
});

test('what a socket has not taken stays as it is', () => {
  const frames = new ReadFrames();
  const [asked, { bytes }] = [{ readId: 1, after: 1, block: 1, count: 1, map: false }, frames];
  const first = bytes.slice(frames.put(fence, asked), readFrameBytes);
  lend(bytes);
  while (frames.bytes === bytes) frames.put(fence, { ...asked, readId: 2 });
  expect(isLent(bytes)).toBe(true);
  expect(bytes.subarray(0, readFrameBytes)).toEqual(first);
});
