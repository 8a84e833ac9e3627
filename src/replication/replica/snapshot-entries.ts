/** Taking in the entries that name, drop and return to snapshots (R24): on a complete replica each is done at once. */
import { returned } from '../history.ts';
import type { Entry } from '../messages.ts';
import { sameSnapshot, storedName, type SnapshotInfo } from '../record.ts';
import type { Ledger } from './ledger.ts';

type Of<K extends Entry['kind']> = Extract<Entry, { kind: K }>;

/** The state after this entry gets its name. The record in the snapshot is that of the instant. */
export function takeSnapshot(ledger: Ledger, { number, name, createdAtMs }: Of<'snapshot'>): void {
  const { store, record } = ledger;
  const snapshot = { name, number, createdAtMs, sizeBytes: record.sizeBytes };
  store.advance(number);
  ledger.update({ snapshots: [...(record.snapshots ?? []), snapshot] });
  store.snapshot(storedName(snapshot));
}

/** Gone from this history; while a base has it, it stays in the store. */
export function deleteSnapshot(ledger: Ledger, { number, name, of }: Of<'deleteSnapshot'>): void {
  const { store, record } = ledger;
  const gone = { name, number: of };
  store.advance(number);
  ledger.update({ snapshots: (record.snapshots ?? []).filter((one) => !sameSnapshot(one, gone)) });
  ledger.dropStraySnapshots();
}

/**
 * Content and births are again those of the snapshot, and what was added to the volume since is new; the history goes on
 * from there with this entry. Answers whether there is such a snapshot.
 */
export function revert(ledger: Ledger, { number, name, to }: Of<'revert'>): boolean {
  const { record, history } = ledger;
  const snapshots = record.snapshots ?? [];
  const target = snapshots.find((one) => sameSnapshot(one, { name, number: to }));
  if (!target) return false;
  const { epochs } = returned(history, to, number);
  ledger.rollBack(target, number);
  ledger.grow(number, target.sizeBytes, record.sizeBytes);
  ledger.update({ ...record, epochs, snapshots: upTo(snapshots, to) });
  ledger.dropStraySnapshots();
  return true;
}

/** Those a state at `number` has. */
export const upTo = (snapshots: readonly SnapshotInfo[], number: number): readonly SnapshotInfo[] =>
  snapshots.filter((snapshot) => snapshot.number <= number);
