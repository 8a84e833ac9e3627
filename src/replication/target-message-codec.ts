/**
 * The messages of a target as frames. What is sent for each entry or read stands in the header alone; the rest is JSON in
 * the payload, where a later version may add fields and an earlier one ignores them.
 */
import type { BlockRange } from './copy.ts';
import { entryFields, entryOf } from './entry-codec.ts';
import { frame, json, nameOf, namesIn, parse, putId, takeId, type Fields } from './message-payload.ts';
import type { TargetMessage } from './messages.ts';
import { isUserSnapshot, type Fence } from './record.ts';
import { WireError, type Frame } from './wire.ts';

// prettier-ignore
export const targetTypes = {
  promise: 0x10, attach: 0x11, rebuild: 0x12, source: 0x13, entry: 0x14, inSync: 0x15, renew: 0x16, release: 0x17,
  read: 0x18, dropBase: 0x19, dropProof: 0x1a, committed: 0x1b, retire: 0x1c, repair: 0x1d, digest: 0x1e, pace: 0x1f,
} as const satisfies Record<TargetMessage['type'], number>;

const targetNames = namesIn(targetTypes);

/** Of a read. */
export const mapFlag = 1;

export function encodeTargetMessage(message: TargetMessage): Frame {
  const type = targetTypes[message.type];
  switch (message.type) {
    case 'entry':
      return frame(type, message, entryFields(message.entry));
    case 'renew':
      // Microseconds: the target's clock has a fraction, the field has none.
      return frame(type, message, { number: Math.round(message.sentAtMs * 1_000) });
    case 'inSync':
      return frame(type, message, { number: message.cutBefore });
    case 'read':
      return frame(type, message, {
        number: message.after,
        block: message.block,
        count: message.count,
        flags: message.map === true ? mapFlag : 0,
        payload: putId(message.readId),
      });
    case 'dropProof':
      return frame(type, message, { number: message.number });
    case 'pace':
      return frame(type, message, { number: message.bytesPerSecond });
    case 'repair':
      return frame(type, message, { block: message.block, payload: message.data });
    case 'committed':
    case 'retire':
      return frame(type, message, { number: message.version });
    case 'release':
    case 'dropBase':
      return frame(type, message);
    case 'promise':
      return frame(type, message, {
        payload: json({ memberships: message.memberships, instance: message.instance }),
      });
    case 'attach':
      return frame(type, message, {
        payload: json({ epochs: message.epochs, from: message.from, revert: message.revert }),
      });
    case 'rebuild': {
      const { epoch, nonce, type: _, ...body } = message;
      return frame(type, { epoch, nonce }, { payload: json(body) });
    }
    case 'source':
      return frame(type, message, { payload: json({ attachId: message.attachId, source: message.source }) });
    case 'digest':
      return frame(type, message, {
        number: message.number,
        payload: json({ ranges: message.ranges, snapshot: message.snapshot }),
      });
  }
}

/** Throws WireError. */
export function decodeTargetMessage(given: Frame): TargetMessage {
  const { epoch, nonce, number, block, count, flags, payload } = given;
  const fence = { epoch, nonce };
  const type = nameOf(targetNames, given.type, 'message of a target');
  switch (type) {
    case 'entry':
      return { ...fence, type, entry: entryOf(given) };
    case 'renew':
      return { ...fence, type, sentAtMs: number / 1_000 };
    case 'inSync':
      return { ...fence, type, cutBefore: number };
    case 'read': {
      const read = { epoch, nonce, type, after: number, block, count, readId: takeId(payload) };
      return (flags & mapFlag) === 0 ? read : { ...read, map: true };
    }
    case 'dropProof':
      return { ...fence, type, number };
    case 'pace':
      return { ...fence, type, bytesPerSecond: number };
    case 'repair':
      return { ...fence, type, block, data: payload };
    case 'committed':
    case 'retire':
      return { ...fence, type, version: number };
    case 'release':
    case 'dropBase':
      return { ...fence, type };
    case 'promise': {
      const { instance, ...body } = parse<Body<'promise'>>(payload, { memberships: 'list' });
      return { ...fence, type, ...body, ...(typeof instance === 'string' ? { instance } : {}) };
    }
    case 'attach':
      return {
        ...fence,
        type,
        ...parse<Body<'attach'>>(payload, { epochs: 'list', from: 'number', revert: 'boolean' }),
      };
    case 'rebuild':
      return { ...fence, type, ...parse<Body<'rebuild'>>(payload, rebuildFields) };
    case 'source':
      return { ...fence, type, ...parse<Body<'source'>>(payload, { attachId: 'number', source: 'object' }) };
    case 'digest': {
      const { ranges, snapshot } = parse<Omit<Body<'digest'>, 'number'>>(payload, { ranges: 'list' });
      if (ranges.length > rangesMax || !ranges.every(isRange)) throw new WireError('ranges that are none');
      if (snapshot === undefined) return { ...fence, type, number, ranges };
      if (!isUserSnapshot(String(snapshot))) throw new WireError('no snapshot is called so');
      return { ...fence, type, number, ranges, snapshot };
    }
  }
}

/** Of one question. */
const rangesMax = 64;
const isRange = ({ block, count }: BlockRange): boolean =>
  Number.isSafeInteger(block) && block >= 0 && Number.isSafeInteger(count) && count > 0;

type Body<T extends TargetMessage['type']> = Omit<Extract<TargetMessage, { type: T }>, 'type' | keyof Fence>;

const rebuildFields: Fields = {
  attachId: 'number',
  epochs: 'list',
  firstLive: 'number',
  sizeBytes: 'number',
  values: 'object',
  source: 'object',
};
