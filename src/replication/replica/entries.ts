/** Taking in the entries of the stream, in number order without a gap (R11). */
import type { Entry } from '../messages.ts';
import { proofSnapshot } from '../record.ts';
import { isNoSpace } from '../store.ts';
import { blockBytes } from '../../shared/block-size.ts';
import type { Ledger } from './ledger.ts';
import { deleteSnapshot, revert, takeSnapshot } from './snapshot-entries.ts';

export type EntryOutcome =
  | { readonly ok: true }
  /** `full`: the pool has no room; nothing was changed. Otherwise the target broke the protocol. */
  | { readonly ok: false; readonly full: boolean; readonly message: string };

const done: EntryOutcome = { ok: true };
const wrong = (message: string): EntryOutcome => ({ ok: false, full: false, message });

/** Whether `entry` is the one that comes next. An adopt entry follows the end of the history that it adopts. */
function follows(ledger: Ledger, entry: Entry): boolean {
  const { last } = ledger.store;
  return entry.kind === 'adopt'
    ? entry.number > last && entry.previousLast === last && entry.epoch === ledger.record.promised.epoch
    : entry.number === last + 1;
}

export function takeIn(ledger: Ledger, entry: Entry): EntryOutcome {
  if (!follows(ledger, entry)) {
    return wrong(`entry ${entry.number} (${entry.kind}) does not follow ${ledger.store.last}`);
  }
  switch (entry.kind) {
    case 'write':
      return write(ledger, entry);
    case 'unmap':
      if (!inside(ledger, entry.block, entry.count)) return wrong(`unmap of block ${entry.block} is outside`);
      ledger.store.unmap(entry.number, entry.block, entry.count);
      return done;
    case 'adopt': {
      ledger.store.advance(entry.number);
      const { epoch, number: first, previousLast } = entry;
      ledger.update({ epochs: [...ledger.record.epochs, { epoch, first, previousLast }] });
      return done;
    }
    case 'proof':
      ledger.store.advance(entry.number);
      if (entry.replicas.includes(ledger.store.identity.replicaId)) {
        ledger.store.snapshot(proofSnapshot(entry.number));
      }
      return done;
    case 'snapshot':
    case 'revert':
      return named(ledger, entry);
    case 'deleteSnapshot':
      deleteSnapshot(ledger, entry);
      return done;
    case 'resize':
      return whereRoom(() => ledger.note(entry.number, entry));
    case 'flush':
    case 'state':
    case 'membership':
      ledger.note(entry.number, entry);
      return done;
  }
}

/** Content with holes is no snapshot: a rebuilding replica gets it from another one instead (R24). */
function named(ledger: Ledger, entry: Extract<Entry, { kind: 'snapshot' | 'revert' }>): EntryOutcome {
  if (ledger.record.state.kind !== 'complete')
    return wrong(`${entry.kind} ${entry.name} of content with holes`);
  if (entry.kind === 'snapshot') takeSnapshot(ledger, entry);
  else if (!revert(ledger, entry)) return wrong(`no snapshot ${entry.name} of ${entry.to} to return to`);
  return done;
}

/** Whether the target waits for this entry to be durable, or soon will. */
export const wantsCommit = (entry: Entry): boolean =>
  entry.kind === 'write'
    ? entry.fua || entry.soon === true
    : entry.kind !== 'unmap' && entry.kind !== 'proof';

/** Whether it waits no longer than until this entry is received. */
export const wantsReceipt = (entry: Entry): boolean =>
  entry.kind === 'write' ? !entry.fua : !wantsCommit(entry);

const inside = (ledger: Ledger, block: number, count: number): boolean =>
  count > 0 && (block + count) * blockBytes <= ledger.store.sizeBytes;

function write(ledger: Ledger, entry: Extract<Entry, { kind: 'write' }>): EntryOutcome {
  const { number, block, count, data } = entry;
  if (!inside(ledger, block, count) || data.byteLength !== count * blockBytes) {
    return wrong(`write of block ${block} is outside`);
  }
  return whereRoom(() => ledger.store.write(number, block, data));
}

/** What needs room of the pool changes nothing when there is none. */
function whereRoom(takeIn: () => void): EntryOutcome {
  try {
    takeIn();
    return done;
  } catch (error) {
    if (isNoSpace(error)) return { ok: false, full: true, message: 'the pool is full' };
    throw error;
  }
}
