/**
 * The messages of a link as frames. What is sent for each entry, read or acknowledgement stands in the header alone;
 * the rest is JSON in the payload, where a later version may add fields and an earlier one ignores them.
 */
import type { BlockRange } from './copy.ts';
import type { Entry, EntryBody, EntryKind, Proof, ReplicaMessage, TargetMessage } from './messages.ts';
import type { Fence } from './record.ts';
import { emptyFrame, WireError, type Frame } from './wire.ts';

// prettier-ignore
export const targetTypes = {
  promise: 0x10, attach: 0x11, rebuild: 0x12, source: 0x13, entry: 0x14, inSync: 0x15, renew: 0x16, release: 0x17,
  read: 0x18, dropBase: 0x19, dropProof: 0x1a, committed: 0x1b, retire: 0x1c, repair: 0x1d, digest: 0x1e, pace: 0x1f,
} as const satisfies Record<TargetMessage['type'], number>;

// prettier-ignore
const replicaTypes = {
  report: 0x40, refuse: 0x41, wait: 0x42, received: 0x43, durable: 0x44, renewed: 0x45, data: 0x46, readFailed: 0x47,
  progress: 0x48, sourceLost: 0x49, copied: 0x4a, mismatch: 0x4b, complete: 0x4c, full: 0x4d, leave: 0x4e, space: 0x4f,
  committed: 0x50, digests: 0x51,
} as const satisfies Record<ReplicaMessage['type'], number>;

// prettier-ignore
export const entryKinds = {
  write: 1, unmap: 2, flush: 3, adopt: 4, resize: 5, state: 6, proof: 7, membership: 8, snapshot: 9,
  deleteSnapshot: 10, revert: 11,
} as const satisfies Record<EntryKind, number>;

/** Of a write. */
export const fuaFlag = 1;
/** Of a read. */
export const mapFlag = 1;
const mebibyte = 2 ** 20;

const nameOf = <K extends string>(table: Readonly<Record<K, number>>, value: number, what: string): K => {
  for (const name in table) if (table[name] === value) return name;
  throw new WireError(`no ${what} has number ${value}`);
};

const frame = (type: number, { epoch, nonce }: Fence, fields: Partial<Frame> = {}): Frame => ({
  ...emptyFrame(type),
  epoch,
  nonce,
  ...fields,
});

const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

/** The fields that a payload must have; more are ignored. */
type Fields = Readonly<Record<string, 'number' | 'string' | 'boolean' | 'object' | 'list'>>;

function parse<T>(payload: Uint8Array, fields: Fields): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString());
  } catch (error) {
    throw new WireError('a payload is no JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null) throw new WireError('a payload is no object');
  const given = new Map<string, unknown>(Object.entries(value));
  for (const [name, kind] of Object.entries(fields)) {
    const field = given.get(name);
    const fits = kind === 'list' ? Array.isArray(field) : typeof field === kind && field !== null;
    if (!fits) throw new WireError(`${name} is not a ${kind} in a payload`);
  }
  return value as T;
}

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
      return frame(type, message, { payload: json({ memberships: message.memberships }) });
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
      return frame(type, message, { number: message.number, payload: json({ ranges: message.ranges }) });
  }
}

/** Throws WireError. */
export function decodeTargetMessage(given: Frame): TargetMessage {
  const { epoch, nonce, number, block, count, flags, payload } = given;
  const fence = { epoch, nonce };
  const type = nameOf(targetTypes, given.type, 'message of a target');
  switch (type) {
    case 'entry':
      return { ...fence, type, entry: entryOf(given) };
    case 'renew':
      return { ...fence, type, sentAtMs: number / 1_000 };
    case 'inSync':
      return { ...fence, type, cutBefore: number };
    case 'read':
      return {
        ...fence,
        type,
        after: number,
        block,
        count,
        readId: takeId(payload),
        ...((flags & mapFlag) === 0 ? {} : { map: true }),
      };
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
    case 'promise':
      return { ...fence, type, ...parse<Body<'promise'>>(payload, { memberships: 'list' }) };
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
      const { ranges } = parse<Pick<Body<'digest'>, 'ranges'>>(payload, { ranges: 'list' });
      if (ranges.length > rangesMax || !ranges.every(isRange)) throw new WireError('ranges that are none');
      return { ...fence, type, number, ranges };
    }
  }
}

/** Of one question. */
const rangesMax = 64;
const isRange = ({ block, count }: BlockRange): boolean =>
  Number.isSafeInteger(block) && block >= 0 && Number.isSafeInteger(count) && count > 0;

type Body<T extends TargetMessage['type']> = Omit<Extract<TargetMessage, { type: T }>, 'type' | keyof Fence>;
type Told<T extends ReplicaMessage['type']> = Omit<
  Extract<ReplicaMessage, { type: T }>,
  'type' | keyof Fence
>;

const rebuildFields: Fields = {
  attachId: 'number',
  epochs: 'list',
  firstLive: 'number',
  sizeBytes: 'number',
  values: 'object',
  source: 'object',
};

export function encodeReplicaMessage(message: ReplicaMessage): Frame {
  const type = replicaTypes[message.type];
  switch (message.type) {
    case 'received':
    case 'durable':
      return frame(type, message, { number: message.number });
    case 'renewed':
      return frame(type, message, { number: Math.round(message.sentAtMs * 1_000) });
    case 'data':
      return frame(type, message, { number: message.last, block: message.readId, payload: message.data });
    case 'wait':
      return frame(type, message, { number: message.ms });
    case 'space':
      return frame(type, message, {
        number: message.low ? 1 : 0,
        ...(message.room && { block: message.room.freeBytes, count: message.room.lowBytes / mebibyte }),
      });
    case 'copied':
      return frame(type, message, { number: message.attachId });
    case 'complete':
      return frame(type, message, {
        number: message.number,
        block: message.attachId,
        ...(message.proof ? { payload: json({ proof: message.proof }) } : {}),
      });
    case 'leave':
      return frame(type, message);
    case 'committed':
      return frame(type, message, { number: message.version });
    case 'report':
    case 'refuse':
    case 'readFailed':
    case 'progress':
    case 'sourceLost':
    case 'mismatch':
    case 'digests':
    case 'full': {
      const { epoch, nonce, type: _, ...body } = message;
      return frame(type, { epoch, nonce }, { payload: json(body) });
    }
  }
}

/** Throws WireError. */
export function decodeReplicaMessage(given: Frame): ReplicaMessage {
  const { epoch, nonce, number, block, count, payload } = given;
  const fence = { epoch, nonce };
  const type = nameOf(replicaTypes, given.type, 'message of a replica');
  switch (type) {
    case 'received':
    case 'durable':
      return { ...fence, type, number };
    case 'renewed':
      return { ...fence, type, sentAtMs: number / 1_000 };
    case 'data':
      return { ...fence, type, last: number, readId: block, data: payload };
    case 'wait':
      return { ...fence, type, ms: number };
    case 'space':
      return {
        ...fence,
        type,
        low: number !== 0,
        ...(count > 0 && { room: { freeBytes: block, lowBytes: count * mebibyte } }),
      };
    case 'copied':
      return { ...fence, type, attachId: number };
    case 'complete':
      return { ...fence, type, number, attachId: block, ...proofOf(payload) };
    case 'leave':
      return { ...fence, type };
    case 'committed':
      return { ...fence, type, version: number };
    case 'report': {
      // JSON has no undefined: a replica without a complete state leaves the field out.
      const body = parse<Omit<Told<'report'>, 'complete'> & Partial<Told<'report'>>>(payload, {
        last: 'number',
        clean: 'boolean',
        memberships: 'list',
        committed: 'number',
      });
      return { ...fence, type, ...body, complete: body.complete };
    }
    case 'refuse':
      return { ...fence, type, ...parse<Told<'refuse'>>(payload, { promised: 'object' }) };
    case 'readFailed':
      return {
        ...fence,
        type,
        ...parse<Told<'readFailed'>>(payload, { readId: 'number', message: 'string' }),
      };
    case 'progress':
      return {
        ...fence,
        type,
        ...parse<Told<'progress'>>(payload, { attachId: 'number', percent: 'number', copiedBytes: 'number' }),
      };
    case 'sourceLost':
      return {
        ...fence,
        type,
        ...parse<Told<'sourceLost'>>(payload, { attachId: 'number', replicaId: 'string', message: 'string' }),
      };
    case 'mismatch':
      return {
        ...fence,
        type,
        ...parse<Told<'mismatch'>>(payload, { attachId: 'number', groups: 'number', message: 'string' }),
      };
    case 'digests': {
      const body = parse<Told<'digests'>>(payload, { number: 'number', digests: 'list' });
      const wrong = body.digests.some((one) => one !== null && !/^[0-9a-f]{1,128}$/.test(one));
      if (wrong) throw new WireError('a digest is none');
      return { ...fence, type, ...body };
    }
    case 'full':
      return { ...fence, type, ...parse<Told<'full'>>(payload, { message: 'string' }) };
  }
}

/** Of `complete`; a replica of an older version says nothing of it. */
function proofOf(payload: Uint8Array): { readonly proof?: Proof } {
  if (payload.byteLength === 0) return {};
  const { proof } = parse<{ readonly proof: Proof }>(payload, { proof: 'object' });
  if (!Number.isSafeInteger(proof.number) || !/^[0-9a-f]{1,128}$/.test(proof.root))
    throw new WireError('a proof without number and root');
  return { proof };
}

function entryFields(entry: Entry): Partial<Frame> {
  const { number } = entry;
  const kind = entryKinds[entry.kind];
  switch (entry.kind) {
    case 'write': {
      const { block, count, data, fua } = entry;
      return { kind, number, block, count, flags: fua ? fuaFlag : 0, payload: data };
    }
    case 'unmap':
      return { kind, number, block: entry.block, payload: putId(entry.count) };
    case 'flush':
      return { kind, number };
    case 'resize':
      return { kind, number, block: entry.sizeBytes };
    case 'adopt':
    case 'state':
    case 'proof':
    case 'membership':
    case 'snapshot':
    case 'deleteSnapshot':
    case 'revert': {
      const { kind: _kind, number: _number, ...body } = entry;
      return { kind, number, payload: json(body) };
    }
  }
}

function entryOf({ kind: given, number, block, count, flags, payload }: Frame): Entry {
  const kind = nameOf(entryKinds, given, 'entry');
  type Told<K extends EntryKind> = Omit<Extract<EntryBody, { kind: K }>, 'kind'>;
  switch (kind) {
    case 'write':
      return { kind, number, block, count, fua: (flags & fuaFlag) !== 0, data: payload };
    case 'unmap':
      return { kind, number, block, count: takeId(payload) };
    case 'flush':
      return { kind, number };
    case 'resize':
      return { kind, number, sizeBytes: block };
    case 'adopt':
      return { kind, number, ...parse<Told<'adopt'>>(payload, { epoch: 'number', previousLast: 'number' }) };
    case 'state':
      return { kind, number, ...parse<Told<'state'>>(payload, { key: 'string', value: 'string' }) };
    case 'proof':
      return { kind, number, ...parse<Told<'proof'>>(payload, { replicas: 'list' }) };
    case 'snapshot':
      return { kind, number, ...parse<Told<'snapshot'>>(payload, { name: 'string', createdAtMs: 'number' }) };
    case 'deleteSnapshot':
      return { kind, number, ...parse<Told<'deleteSnapshot'>>(payload, { name: 'string', of: 'number' }) };
    case 'revert':
      return { kind, number, ...parse<Told<'revert'>>(payload, { name: 'string', to: 'number' }) };
    case 'membership':
      return { kind, number, ...parse<Told<'membership'>>(payload, { from: 'object', record: 'object' }) };
  }
}

/** A number that found no place in the header: 8 bytes of payload, as a double, which holds it exactly. */
function putId(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function takeId(payload: Uint8Array): number {
  if (payload.byteLength !== 8) throw new WireError('a payload should be one number');
  const value = Buffer.from(payload.buffer, payload.byteOffset, 8).readDoubleLE();
  if (!Number.isSafeInteger(value) || value < 0) throw new WireError('a payload should be a whole number');
  return value;
}
