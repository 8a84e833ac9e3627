/**
 * The messages of a replica as frames. What is sent for each read or acknowledgement stands in the header alone; the rest is
 * JSON in the payload, where a later version may add fields and an earlier one ignores them.
 */
import { frame, json, nameOf, namesIn, parse } from './message-payload.ts';
import type { Proof, ReplicaMessage } from './messages.ts';
import type { Fence } from './record.ts';
import { WireError, type Frame } from './wire.ts';

// prettier-ignore
export const replicaTypes = {
  report: 0x40, refuse: 0x41, wait: 0x42, received: 0x43, durable: 0x44, renewed: 0x45, data: 0x46, readFailed: 0x47,
  progress: 0x48, sourceLost: 0x49, copied: 0x4a, mismatch: 0x4b, complete: 0x4c, full: 0x4d, leave: 0x4e, space: 0x4f,
  committed: 0x50, digests: 0x51,
} as const satisfies Record<ReplicaMessage['type'], number>;

const replicaNames = namesIn(replicaTypes);

const mebibyte = 2 ** 20;

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
  const type = nameOf(replicaNames, given.type, 'message of a replica');
  switch (type) {
    case 'received':
    case 'durable':
      return { epoch, nonce, type, number };
    case 'renewed':
      return { ...fence, type, sentAtMs: number / 1_000 };
    case 'data':
      return { epoch, nonce, type, last: number, readId: block, data: payload };
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
    case 'progress': {
      const fields = { attachId: 'number', percent: 'number', copiedBytes: 'number' } as const;
      const { remainingBytes, ...told } = parse<Told<'progress'>>(payload, fields);
      return { ...fence, type, ...told, ...(typeof remainingBytes === 'number' ? { remainingBytes } : {}) };
    }
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

type Told<T extends ReplicaMessage['type']> = Omit<
  Extract<ReplicaMessage, { type: T }>,
  'type' | keyof Fence
>;

/** Of `complete`; a replica of an older version says nothing of it. */
function proofOf(payload: Uint8Array): { readonly proof?: Proof } {
  if (payload.byteLength === 0) return {};
  const { proof } = parse<{ readonly proof: Proof }>(payload, { proof: 'object' });
  if (!Number.isSafeInteger(proof.number) || !/^[0-9a-f]{1,128}$/.test(proof.root))
    throw new WireError('a proof without number and root');
  return { proof };
}
