/** Requests and replies between replicas as frames. The lists of extents are JSON, the blocks follow it as they are. */
import {
  dataBytes,
  listBlocksMax,
  type BlockRange,
  type CopiedExtent,
  type CopyReply,
  type CopyRequest,
} from './copy.ts';
import { decodeExtents, encodeExtents } from './extent-codec.ts';
import { isUserSnapshot } from './record.ts';
import { blockBytes } from '../shared/block-size.ts';
import { copyBytes } from '../shared/copy-bytes.ts';
import { takeSentRoom } from './frame-rooms.ts';
import { emptyFrame, headerBytes, putFields, sealFrame, WireError, type Frame } from './wire.ts';

// prettier-ignore
const types = {
  copy: 0x60, digest: 0x61, askCensus: 0x62, askList: 0x63, gather: 0x64, list: 0x75, blocks: 0x70, digests: 0x71, notYet: 0x72, refused: 0x73, census: 0x74,
} as const;

const digestBytesMax = 64;

const part = (type: number, fields: Partial<Frame>): Frame => ({ ...emptyFrame(type), ...fields });

type Pair = readonly [number, number];
const pairs = (ranges: readonly BlockRange[]): Pair[] => ranges.map(({ block, count }) => [block, count]);

/** A list, then its bytes. */
function pack(list: object, bytes: readonly Uint8Array[]): Uint8Array {
  const text = Buffer.from(JSON.stringify(list));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.byteLength);
  return Buffer.concat([length, text, ...bytes]);
}

function unpack(payload: Uint8Array): { readonly list: unknown; readonly bytes: Uint8Array } {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const length = buffer.byteLength >= 4 ? buffer.readUInt32LE(0) : Infinity;
  if (length > buffer.byteLength - 4) throw new WireError('a list is longer than its frame');
  try {
    return { list: JSON.parse(buffer.toString('utf8', 4, 4 + length)), bytes: buffer.subarray(4 + length) };
  } catch (error) {
    throw new WireError('a list is no JSON', { cause: error });
  }
}

/** Rows of `width` whole numbers, at or above 0. */
function rows(list: unknown, width: number): readonly (readonly number[])[] {
  const isRow = (row: unknown): row is readonly number[] =>
    Array.isArray(row) && row.length === width && row.every((n) => Number.isSafeInteger(n) && Number(n) >= 0);
  if (!Array.isArray(list) || !list.every(isRow)) throw new WireError('a list does not hold numbers');
  return list;
}

const ranges = (list: unknown): BlockRange[] =>
  rows(list, 2).map(([block = 0, count = 0]) => ({ block, count }));

type Blocks = Extract<CopyReply, { type: 'blocks' }>;

/** What stands before the blocks of an answer: the list of its extents, and fields of its header. */
const introOf = (id: number, { extents, next, highestBirth }: Blocks) => ({
  list: extents.map(({ block, count, birth, data }) => [block, count, birth, data ? 1 : 0]),
  fields: { flags: id & 0xffff, number: highestBirth, block: next },
});

/** The frame of an answer with blocks, for a socket at once: bytes[0, to), made where they are hashed and sent from. */
export function sealBlocks(id: number, reply: Blocks): { readonly bytes: Uint8Array; readonly to: number } {
  const { list, fields } = introOf(id, reply);
  const text = Buffer.from(JSON.stringify(list));
  const payloadBytes = 4 + text.byteLength + dataBytes(reply.extents);
  const bytes = takeSentRoom(headerBytes + payloadBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(headerBytes, text.byteLength, true);
  bytes.set(text, headerBytes + 4);
  let at = headerBytes + 4 + text.byteLength;
  for (const { data } of reply.extents) {
    if (!data) continue;
    copyBytes(data, 0, data.byteLength, bytes, at);
    at += data.byteLength;
  }
  const payload = bytes.subarray(headerBytes, at);
  putFields(view, 0, part(types.blocks, { ...fields, payload }));
  sealFrame(bytes, view, 0, payloadBytes);
  return { bytes, to: at };
}

/** Every request tells which it is (`id`); its reply tells it again. */
export function encodeCopyRequest(id: number, request: CopyRequest): Frame {
  const { epoch, nonce, attachId, firstLive, snapshot } = request;
  const of = snapshot === undefined ? [] : [snapshot];
  const common = { epoch, nonce, flags: id & 0xffff };
  const asking = (type: number, asked: readonly unknown[], fields: Partial<Frame> = {}): Frame =>
    part(type, { ...common, ...fields, payload: pack([attachId, firstLive, ...asked, ...of], []) });
  switch (request.type) {
    case 'digest':
      return asking(types.digest, [pairs(request.groups)], { number: request.number });
    case 'gather':
      return asking(types.gather, [pairs(request.ranges)]);
    case 'list':
      return asking(types.askList, [request.count], placeOf(request));
    case 'census':
      return asking(types.askCensus, [request.count], placeOf(request));
    case 'copy':
      return asking(types.copy, [request.count, pairs(request.also)], placeOf(request));
  }
}

const placeOf = ({ after, block }: { readonly after: number; readonly block: number }): Partial<Frame> => ({
  number: after,
  block,
});

/** Throws WireError. */
export const decodeCopyRequest = (frame: Frame): { readonly id: number; readonly request: CopyRequest } => ({
  id: frame.flags,
  request: requestOf(frame),
});

function requestOf({ type, epoch, nonce, number, block, payload }: Frame): CopyRequest {
  const { list } = unpack(payload);
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  const [attachId = 0, firstLive = 0, count = 0] = items.map(Number);
  if (![attachId, firstLive].every(Number.isSafeInteger))
    throw new WireError('a copy request without numbers');
  const fence = { epoch, nonce, attachId, firstLive };
  const common = (snapshotAt: number) => ({ ...fence, ...snapshotOf(items[snapshotAt]) });
  if (type === types.digest) return { ...common(3), type: 'digest', number, groups: ranges(items[2]) };
  if (type === types.gather) return { ...common(3), type: 'gather', ranges: ranges(items[2]) };
  const isCount = Number.isSafeInteger(count);
  const place = { after: number, block, count };
  if (type === types.askList && isCount && count > 0 && count <= listBlocksMax)
    return { ...common(3), type: 'list', ...place };
  if (type === types.askCensus && isCount) return { ...common(3), type: 'census', ...place };
  if (type === types.copy && isCount) return { ...common(4), type: 'copy', ...place, also: ranges(items[3]) };
  throw new WireError(`no copy request has type ${type}`);
}

function snapshotOf(item: unknown): { readonly snapshot?: string } {
  if (item === undefined) return {};
  if (typeof item !== 'string' || !isUserSnapshot(item)) throw new WireError('no snapshot is called so');
  return { snapshot: item };
}

export function encodeCopyReply(id: number, reply: CopyReply): Frame {
  const flags = id & 0xffff;
  switch (reply.type) {
    case 'blocks': {
      const { list, fields } = introOf(id, reply);
      const blocks = reply.extents.flatMap(({ data }) => data ?? []);
      return part(types.blocks, { ...fields, payload: pack(list, blocks) });
    }
    case 'digests': {
      const sizes = reply.digests.map(({ byteLength }) => [byteLength]);
      return part(types.digests, { flags, payload: pack(sizes, reply.digests) });
    }
    case 'list': {
      const payload = encodeExtents(reply.extents);
      return part(types.list, { flags, number: reply.highestBirth, block: reply.next, payload });
    }
    case 'census':
      return part(types.census, { flags, number: reply.blocks, block: reply.next });
    case 'notYet':
      return part(types.notYet, { flags });
    case 'refused':
      return part(types.refused, { flags, payload: Buffer.from(reply.message) });
  }
}

/** Throws WireError. */
export function decodeCopyReply({ type, flags: id, number, block, payload }: Frame): {
  readonly id: number;
  readonly reply: CopyReply;
} {
  switch (type) {
    case types.blocks:
      return { id, reply: { type: 'blocks', extents: extents(payload), next: block, highestBirth: number } };
    case types.digests:
      return { id, reply: { type: 'digests', digests: digests(payload) } };
    case types.list: {
      const list = decodeExtents(payload);
      return { id, reply: { type: 'list', extents: list, next: block, highestBirth: number } };
    }
    case types.census:
      return { id, reply: { type: 'census', blocks: number, next: block } };
    case types.notYet:
      return { id, reply: { type: 'notYet' } };
    case types.refused:
      return { id, reply: { type: 'refused', message: Buffer.from(payload).toString().slice(0, 500) } };
    default:
      throw new WireError(`no copy reply has type ${type}`);
  }
}

function extents(payload: Uint8Array): CopiedExtent[] {
  const { list, bytes } = unpack(payload);
  let at = 0;
  return rows(list, 4).map(([block = 0, count = 0, birth = 0, mapped]) => {
    const length = mapped === 1 ? count * blockBytes : 0;
    if (count === 0 || at + length > bytes.byteLength) throw new WireError('an extent without its blocks');
    const data = mapped === 1 ? bytes.subarray(at, at + length) : undefined;
    at += length;
    return { block, count, birth, data };
  });
}

function digests(payload: Uint8Array): Uint8Array[] {
  const { list, bytes } = unpack(payload);
  let at = 0;
  return rows(list, 1).map(([length = 0]) => {
    if (length > digestBytesMax || at + length > bytes.byteLength) throw new WireError('a digest is missing');
    const digest = bytes.subarray(at, at + length);
    at += length;
    return digest;
  });
}
