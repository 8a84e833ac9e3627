import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { blockBytes } from '../shared/block-size.ts';
import { giveBack, lend } from '../shared/lent-buffers.ts';
import {
  decodeCopyReply,
  decodeCopyRequest,
  encodeCopyReply,
  encodeCopyRequest,
  sealBlocks,
} from './copy-codec.ts';
import { giveFrameRoom, takeSentRoom } from './frame-rooms.ts';
import type { CopyReply, CopyRequest } from './copy.ts';
import { decodeReplicaMessage, encodeReplicaMessage } from './replica-message-codec.ts';
import { decodeTargetMessage, encodeTargetMessage } from './target-message-codec.ts';
import type { EntryBody, ReplicaSays, TargetSays } from './messages.ts';
import {
  emptyFrame,
  encodeFrame,
  headerBytes,
  noBytes,
  payloadBytesMax,
  WireError,
  type Frame,
} from './wire.ts';
import { FrameDecoder } from './frame-decoder.ts';

const fence = { epoch: 7, nonce: 2 ** 48 };
const max = Number.MAX_SAFE_INTEGER;
const epochs = [{ epoch: 1, first: 2 ** 20, previousLast: 0 }];
const source = { replicaId: 'b', address: 'unix:/x', ticket: 'ff' };
const data = Buffer.from(Uint8Array.from({ length: 2 * blockBytes }, (_, i) => i & 0xff));
const memberships = [{ version: 1, members: { a: 'guid' } }];

const bytesOf = (frame: Frame): Buffer => Buffer.concat(encodeFrame(frame));

function decodeAll(chunks: readonly Uint8Array[], bytesMax = 2 ** 20): Frame[] {
  const decoder = new FrameDecoder({ payloadBytesMax: bytesMax });
  return chunks.flatMap((chunk) => [...decoder.push(chunk)]);
}

/** There and back through bytes. */
function travel(frame: Frame): Frame {
  const [arrived] = decodeAll([bytesOf(frame)]);
  if (!arrived) throw new Error('no frame came out');
  return arrived;
}

const entries: readonly EntryBody[] = [
  { kind: 'write', block: 2 ** 40, count: 2, data, fua: true },
  { kind: 'write', block: 0, count: 2, data, fua: false },
  { kind: 'write', block: 5, count: 2, data, fua: false, soon: true },
  { kind: 'unmap', block: 5, count: 2 ** 40 },
  { kind: 'flush' },
  { kind: 'adopt', epoch: 7, previousLast: 99 },
  { kind: 'resize', sizeBytes: 2 ** 50 },
  { kind: 'state', key: 'initiators', value: '["iqn.ü"]' },
  { kind: 'proof', replicas: ['a', 'b'] },
  { kind: 'snapshot', name: 'monday', createdAtMs: 1_700_000_000_000 },
  { kind: 'deleteSnapshot', name: 'monday', of: 12 },
  { kind: 'revert', name: 'monday', to: 12 },
  {
    kind: 'membership',
    from: { version: 1, members: { a: 'g1' } },
    record: { version: 2, members: { a: 'guid' } },
  },
];

const monday = { name: 'monday', number: 12, createdAtMs: 1_700_000_000_000, sizeBytes: 4096 };
const targetSays: readonly TargetSays[] = [
  { type: 'promise', memberships },
  { type: 'attach', epochs, from: max, revert: true },
  { type: 'rebuild', attachId: 3, epochs, firstLive: max, sizeBytes: 4096, values: { k: 'v' }, source },
  {
    type: 'rebuild',
    attachId: 4,
    epochs,
    firstLive: 13,
    sizeBytes: 4096,
    values: {},
    snapshots: [monday],
    upTo: monday,
    source,
  },
  { type: 'source', attachId: 3, source },
  ...entries.map((body): TargetSays => ({ type: 'entry', entry: { number: max, ...body } })),
  { type: 'inSync', cutBefore: 7 },
  { type: 'renew', sentAtMs: 123_456.789 },
  { type: 'release' },
  { type: 'read', readId: max, after: max, block: 2 ** 40, count: 256 },
  { type: 'dropBase' },
  { type: 'dropProof', number: 9 },
  { type: 'pace', bytesPerSecond: 4_194_304 },
  { type: 'digest', number: max, ranges: [{ block: 0, count: 1024 }] },
  { type: 'repair', block: 2 ** 40, data },
  { type: 'committed', version: 4 },
  { type: 'retire', version: 5 },
];

const complete = { history: { epochs, last: max }, isBase: true, sizeBytes: 4096, values: { k: 'v' } };
const replicaSays: readonly ReplicaSays[] = [
  { type: 'report', complete, last: max, clean: true, memberships, committed: 3 },
  {
    type: 'report',
    complete: { ...complete, snapshots: [monday] },
    last: max,
    clean: true,
    memberships,
    committed: 3,
    snapshots: [monday],
  },
  { type: 'report', complete: undefined, last: 0, clean: false, memberships: [], committed: 2 },
  { type: 'refuse', promised: fence },
  { type: 'wait', ms: 2_999 },
  { type: 'committed', version: 4 },
  { type: 'received', number: max },
  { type: 'durable', number: 0 },
  { type: 'renewed', sentAtMs: 0.001 },
  { type: 'data', readId: 4, last: max, data },
  { type: 'readFailed', readId: 4, message: 'block 7 is unreadable' },
  { type: 'progress', attachId: 3, percent: 12.5, copiedBytes: 2 ** 40 },
  { type: 'progress', attachId: 3, percent: 0, copiedBytes: 0, remainingBytes: max },
  { type: 'sourceLost', attachId: 3, replicaId: 'b', message: 'gone' },
  { type: 'copied', attachId: 3 },
  { type: 'mismatch', attachId: 3, groups: 2, message: 'differs' },
  { type: 'digests', number: max, digests: ['00ff', null] },
  { type: 'complete', attachId: 3, number: max },
  { type: 'complete', attachId: 3, number: max, proof: { number: max, root: 'ab'.repeat(32) } },
  { type: 'full', message: 'full' },
  { type: 'leave' },
  { type: 'space', low: true },
  { type: 'space', low: false },
  { type: 'space', low: false, room: { freeBytes: 3 * 2 ** 40 + 1, lowBytes: 128 * 2 ** 20 } },
];

test.each(targetSays)('a target says %o', (says) => {
  const message = { ...fence, ...says };
  expect(decodeTargetMessage(travel(encodeTargetMessage(message)))).toEqual(message);
});

test.each(replicaSays)('a replica says %o', (says) => {
  const message = { ...fence, ...says };
  expect(decodeReplicaMessage(travel(encodeReplicaMessage(message)))).toEqual(message);
});

const also = [
  { block: 0, count: 1 },
  { block: 9, count: 2 ** 40 },
];
const common = { ...fence, attachId: 1, firstLive: max };
const requests: readonly CopyRequest[] = [
  { ...common, type: 'copy', after: 5, block: 2 ** 40, count: 2 ** 41, also },
  { ...common, type: 'digest', number: 12, groups: also },
  { ...common, snapshot: 'monday@12', type: 'copy', after: 5, block: 0, count: 9, also },
  { ...common, snapshot: 'monday@12', type: 'digest', number: 12, groups: also },
  { ...common, type: 'list', after: 5, block: 2 ** 40, count: 2 ** 22 },
  { ...common, snapshot: 'monday@12', type: 'list', after: 0, block: 0, count: 1 },
  { ...common, type: 'gather', ranges: also },
  { ...common, snapshot: 'monday@12', type: 'gather', ranges: also },
];
const replies: readonly CopyReply[] = [
  {
    type: 'blocks',
    extents: [
      { block: 0, count: 2, birth: 6, data },
      { block: 9, count: 2 ** 40, birth: 0, data: undefined },
    ],
    next: 2 ** 41,
    highestBirth: max,
  },
  { type: 'list', extents: [], next: 7, highestBirth: 0 },
  {
    type: 'list',
    extents: [
      { block: 2 ** 40, count: 1, birth: max, mapped: true },
      { block: 2 ** 40 + 2 ** 32 - 1, count: 2 ** 31 - 1, birth: 2 ** 32, mapped: false },
    ],
    next: 2 ** 41,
    highestBirth: max,
  },
  { type: 'digests', digests: [Buffer.from('0011', 'hex'), Buffer.from('22', 'hex')] },
  { type: 'notYet' },
  { type: 'refused', message: 'not in sync' },
];

test.each(requests)('a copier asks %o', (request) => {
  expect(decodeCopyRequest(travel(encodeCopyRequest(65_535, request)))).toEqual({ id: 65_535, request });
});

test.each(replies)('a source answers %o', (reply) => {
  expect(decodeCopyReply(travel(encodeCopyReply(1, reply)))).toEqual({ id: 1, reply });
});

test('property: frames come out whole, however the bytes are cut', () => {
  const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  const frames = fc.array(
    fc
      .record({ type: fc.nat(255), number: fc.maxSafeNat(), payload })
      .map((fields) => ({ ...emptyFrame(0), ...fields })),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(frames, fc.array(fc.nat(2_000), { maxLength: 12 }), (given, cuts) => {
      const all = Buffer.concat(given.map(bytesOf));
      const ends = [...cuts.filter((cut) => cut < all.byteLength).toSorted((a, b) => a - b), all.byteLength];
      const chunks = ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
      expect(decodeAll(chunks)).toEqual(given);
    }),
  );
});

/** The frames that come out; none when the bytes are refused. */
function framesOrRefusal(bytes: Uint8Array): Frame[] {
  try {
    return decodeAll([bytes]);
  } catch (error) {
    if (error instanceof WireError) return [];
    throw error;
  }
}

test('property: whatever bit is flipped, the frame is refused or does not end', () => {
  const whole = bytesOf(encodeReplicaMessage({ ...fence, type: 'data', readId: 1, last: 2, data }));
  fc.assert(
    fc.property(fc.nat(whole.byteLength * 8 - 1), (bit) => {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(framesOrRefusal(damaged)).toEqual([]);
    }),
  );
});

test('a length beyond the bound is refused before anything is buffered for it', () => {
  const header = bytesOf({ ...emptyFrame(1), payload: new Uint8Array(100) }).subarray(0, headerBytes);
  expect(() => decodeAll([header], 99)).toThrow('a payload of 100 bytes is too long');
});

test.each([
  ['an unknown type', emptyFrame(0x7f)],
  ['a payload that is no JSON', { ...emptyFrame(0x10), payload: Buffer.from('{') }],
  ['a field that is missing', { ...emptyFrame(0x10), payload: Buffer.from('{}') }],
  ['a field of another kind', { ...emptyFrame(0x10), payload: Buffer.from('{"memberships":7}') }],
  ['an unknown entry', { ...emptyFrame(0x14), kind: 99 }],
  ['a number that is no number', { ...emptyFrame(0x18), payload: Buffer.from([1, 2]) }],
])('%s is refused', (_what, frame) => {
  expect(() => decodeTargetMessage(frame)).toThrow(WireError);
});

test('fields that a later version adds are ignored', () => {
  const payload = Buffer.from('{"memberships":[],"later":1}');
  expect(decodeTargetMessage({ ...emptyFrame(0x10), payload })).toMatchObject({
    type: 'promise',
    memberships: [],
  });
});

test('an answer with blocks is the same where it is made in the memory that it is sent from', () => {
  for (const reply of replies) {
    if (reply.type !== 'blocks') continue;
    const { bytes, to } = sealBlocks(9, reply);
    expect(Buffer.from(bytes.subarray(0, to)).equals(bytesOf(encodeCopyReply(9, reply)))).toBe(true);
  }
});

test('memory of frames goes round: a received one is given back, a sent one is free when the socket has taken it', () => {
  const long = { ...emptyFrame(1), payload: new Uint8Array(400_000).fill(7) };
  const payloads: Uint8Array[] = [];
  const decoder = new FrameDecoder({ payloadBytesMax, lends: true });
  const receive = () => {
    const bytes = bytesOf(long);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const keep = ({ payload }: Frame) => payloads.push(payload) > 0;
    const half = decoder.take(bytes, view, 0, 200_000, keep);
    expect(decoder.take(bytes, view, half, bytes.byteLength, keep)).toBe(bytes.byteLength);
  };
  receive();
  receive();
  const [first = noBytes, second = noBytes] = payloads;
  expect(first.byteOffset === second.byteOffset && first.buffer === second.buffer).toBe(false);
  giveFrameRoom(first);
  giveFrameRoom(first); // nothing to give any more
  giveFrameRoom(new Uint8Array(9));
  receive();
  expect(payloads[2]).toMatchObject({ buffer: first.buffer, byteOffset: first.byteOffset });
  expect(payloads.every((payload) => Buffer.from(payload).equals(Buffer.from(long.payload)))).toBe(true);

  const sent = takeSentRoom(100);
  lend(sent);
  expect(takeSentRoom(100)).not.toBe(sent);
  giveBack(sent);
  expect(takeSentRoom(100)).toBe(sent);
});

test('a list that is no list is refused, and so is a question about too much', () => {
  const extents = [{ block: 3, count: 2, birth: 9, mapped: true }];
  const good = encodeCopyReply(1, { type: 'list', extents, next: 9, highestBirth: 0 });
  const changed = (edit: (view: DataView) => void) => {
    const payload = new Uint8Array(good.payload);
    edit(new DataView(payload.buffer));
    return { ...good, payload };
  };
  const wrong = [
    { ...good, payload: good.payload.subarray(0, -1) },
    { ...good, payload: new Uint8Array(7) },
    changed((view) => view.setUint32(12, 2 ** 31, true)), // of no length
    changed((view) => view.setUint32(4, 2 ** 31, true)), // beyond every block
    changed((view) => view.setUint32(20, 2 ** 31, true)), // beyond every number
  ];
  for (const frame of wrong) expect(() => decodeCopyReply(frame)).toThrow(WireError);
  for (const count of [0, 2 ** 22 + 1, 2 ** 60]) {
    const asked = encodeCopyRequest(1, { ...common, type: 'list', after: 5, block: 0, count });
    expect(() => decodeCopyRequest(asked)).toThrow(WireError);
  }
});

test('what is asked of a snapshot names one of a user', () => {
  const asked = { ...common, type: 'copy', after: 5, block: 0, count: 9, also: [] } as const;
  for (const snapshot of ['~base', '_read-00', 'monday', 'a@b@1', ''])
    expect(() => decodeCopyRequest(encodeCopyRequest(1, { ...asked, snapshot }))).toThrow(WireError);
});
