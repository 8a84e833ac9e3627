import { expect, test } from '@jest/globals';
import { sealData } from '../replication/data-frame.ts';
import { encodeReplicaMessage } from '../replication/replica-message-codec.ts';
import { encodeFrame } from '../replication/wire.ts';
import { must } from '../shared/assert.ts';
import { ReadRooms } from './read-rooms.ts';

const blocks = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => (i * 7) & 0xff);

test.each([4_096, 131_072, 1_048_576])('an answer of %i bytes is made where it was read to', (bytes) => {
  const rooms = new ReadRooms();
  const room = rooms.take(bytes);
  room.data.set(blocks(bytes));
  const message = { type: 'data', epoch: 3, nonce: 2 ** 40, readId: 9, last: 77, data: room.data } as const;
  let sent = Buffer.alloc(0);
  rooms.show(room, () => {
    const { slab, at, dataBytes } = must(rooms.roomOf(message.data), 'the room of what is shown');
    sent = Buffer.from(slab.bytes.subarray(sealData(room, message), at + dataBytes));
  });
  const apart = encodeFrame(encodeReplicaMessage({ ...message, data: blocks(bytes) }));
  expect(sent.equals(Buffer.concat(apart))).toBe(true);
});

test('a room is of what is being shown, and of nothing else', () => {
  const rooms = new ReadRooms();
  const [room, other] = [rooms.take(4_096), rooms.take(4_096)];
  expect(rooms.roomOf(room.data)).toBe(undefined);
  rooms.show(room, () =>
    expect([rooms.roomOf(room.data), rooms.roomOf(other.data)]).toEqual([room, undefined]),
  );
  expect(rooms.roomOf(room.data)).toBe(undefined);
});

test('what was shown is used again, what was not stays as it is', () => {
  const rooms = new ReadRooms();
  const kept = rooms.take(131_072);
  kept.data.set(blocks(131_072));
  const slabs = new Set<Uint8Array>();
  for (let i = 0; i < 64; i++) {
    const room = rooms.take(131_072);
    slabs.add(room.slab.bytes);
    room.data.fill(i);
    rooms.show(room, () => undefined);
  }
  expect(slabs.size).toBeLessThanOrEqual(4);
  expect(Buffer.from(kept.data).equals(blocks(131_072))).toBe(true);
});
