/** Entries as frames: what is sent for each write stands in the header alone; the rest is JSON in the payload. */
import { json, nameOf, namesIn, parse, putId, takeId } from './message-payload.ts';
import type { Entry, EntryBody, EntryKind } from './messages.ts';
import type { Frame } from './wire.ts';

// prettier-ignore
export const entryKinds = {
  write: 1, unmap: 2, flush: 3, adopt: 4, resize: 5, state: 6, proof: 7, membership: 8, snapshot: 9,
  deleteSnapshot: 10, revert: 11,
} as const satisfies Record<EntryKind, number>;

const entryNames = namesIn(entryKinds);

/** Of a write. */
export const fuaFlag = 1;
/** Of a write that is to be durable at once, though its asker waits for its receipt alone. */
export const soonFlag = 2;

/** Of a write. */
export const flagsOf = (fua: boolean, soon: boolean): number => (fua ? fuaFlag : 0) | (soon ? soonFlag : 0);

export function entryFields(entry: Entry): Partial<Frame> {
  const { number } = entry;
  const kind = entryKinds[entry.kind];
  switch (entry.kind) {
    case 'write': {
      const { block, count, data, fua, soon = false } = entry;
      return { kind, number, block, count, flags: flagsOf(fua, soon), payload: data };
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

/** Throws WireError. */
export function entryOf({ kind: given, number, block, count, flags, payload }: Frame): Entry {
  const kind = nameOf(entryNames, given, 'entry');
  type Told<K extends EntryKind> = Omit<Extract<EntryBody, { kind: K }>, 'kind'>;
  switch (kind) {
    case 'write':
      return {
        kind,
        number,
        block,
        count,
        fua: (flags & fuaFlag) !== 0,
        ...((flags & soonFlag) === 0 ? {} : { soon: true }),
        data: payload,
      };
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
