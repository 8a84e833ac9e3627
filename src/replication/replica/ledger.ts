/** The replica's record and its store, always of one instant: who changes one sees to the other in the same call. */
import type { MembershipRecord } from '../../api/target-config.ts';
import { commonPoint, cutHistory, type History } from '../history.ts';
import {
  baseSnapshot,
  decodeRecord,
  encodeRecord,
  isProofSnapshot,
  isUserSnapshot,
  proofSnapshot,
  sameSnapshot,
  storedName,
  type CopyRangeState,
  type Fence,
  type ReplicaRecord,
  type SnapshotInfo,
} from '../record.ts';
import { merged, type MembershipState } from '../membership.ts';
import type { CompleteState, EntryBody } from '../messages.ts';
import type { ReplicaStore } from '../store.ts';
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';

export class Ledger {
  readonly store: ReplicaStore;
  #record: ReplicaRecord;
  #returnedAt = 0;
  #base: CompleteState | undefined;

  /** Throws RecordError when the record can not be understood. */
  constructor(store: ReplicaStore) {
    this.store = store;
    this.#record = decodeRecord(store.record, store.sizeBytes);
    this.#base = this.#readBase();
    this.dropProofs(); // of a process that is gone
    this.#dropStrayBase();
    this.dropStraySnapshots();
  }

  get record(): ReplicaRecord {
    return this.#record;
  }

  /** What the head has followed, up to now. */
  get history(): History {
    return { epochs: this.#record.epochs, last: this.store.last };
  }

  /** Highest number known in any state kept: births are at or below it (R9). */
  get highest(): number {
    return Math.max(this.store.last, this.#base?.history.last ?? 0);
  }

  update(change: Partial<ReplicaRecord>): void {
    this.#record = { ...this.#record, ...change };
    this.store.setRecord(encodeRecord(this.#record));
  }

  promise(fence: Fence, memberships: readonly MembershipRecord[]): void {
    this.update({ promised: fence, leased: true, ...this.#knowing(memberships, 0) });
  }

  /** R34: this record is in force now, and none before it. */
  commit(version: number): void {
    const { committed = 0, membership, memberships } = this.#record;
    if (version <= committed) return;
    const records = [membership?.next, membership?.current, ...memberships];
    const current = records.find((record) => record?.version === version);
    this.update({ ...this.#knowing([], version), ...(current ? { membership: { current } } : {}) });
  }

  retire(): void {
    this.update({ retired: true });
  }

  /** What a rebuild begins with: that of the state which is being copied. */
  adoptMembership(membership: MembershipState | undefined): Partial<ReplicaRecord> {
    const records = membership ? [membership.current, membership.next] : [];
    return {
      membership,
      memberships: merged(
        records.flatMap((record) => record ?? []),
        this.#record.committed ?? 0,
      ),
    };
  }

  #knowing(
    more: readonly MembershipRecord[],
    committed: number,
  ): Pick<ReplicaRecord, 'memberships' | 'committed'> {
    const highest = Math.max(committed, this.#record.committed ?? 0);
    return { memberships: merged([...this.#record.memberships, ...more], highest), committed: highest };
  }

  /** Every member has settled the epochs below `epoch`: the list need not tell them any more. */
  cut(epoch: number): void {
    const epochs = cutHistory(this.#record.epochs, epoch);
    if (epochs.length < this.#record.epochs.length) this.update({ epochs });
  }

  dropProof(number: number): void {
    const name = proofSnapshot(number);
    if (this.store.snapshots().some((snapshot) => snapshot.name === name)) this.store.deleteSnapshot(name);
  }

  /** What this replica can offer to a recovery; undefined while it rebuilds without a base. */
  complete(): CompleteState | undefined {
    if (this.#record.state.kind === 'rebuilding') return this.#base;
    const { sizeBytes, values, membership, snapshots } = this.#record;
    return { history: this.history, isBase: false, sizeBytes, values, membership, snapshots };
  }

  /** Snapshots of users that are whole here: of this history, and of the base. */
  get snapshots(): readonly SnapshotInfo[] {
    const { snapshots = [] } = this.#record;
    const ofBase = this.#base?.snapshots ?? [];
    const others = ofBase.filter((one) => !snapshots.some((known) => sameSnapshot(one, known)));
    return [...snapshots, ...others].toSorted((a, b) => a.number - b.number);
  }

  /** What no state that is kept has is deleted: of a dead history, or deleted while the base still had it. */
  dropStraySnapshots(): void {
    const known = new Set(this.snapshots.map(storedName));
    for (const { name } of this.store.snapshots())
      if (isUserSnapshot(name) && !known.has(name)) this.store.deleteSnapshot(name);
  }

  /** Up to where this state is the target's. */
  commonWith(epochs: History['epochs'], last: number): number {
    return commonPoint(this.history, { epochs, last });
  }

  /**
   * Keeps the complete state as the base (R19); that of a new replica too, with nothing in it: where nothing was ever
   * acknowledged it is as good as another's, and the only one when the first to be written to is lost for good.
   */
  keepBase(): void {
    assert(this.#record.state.kind === 'complete', 'only a complete state can be a base');
    this.store.snapshot(baseSnapshot);
    this.#base = this.#readBase();
  }

  dropBase(): void {
    if (!this.#base) return;
    this.store.deleteSnapshot(baseSnapshot);
    this.#base = undefined;
    this.dropStraySnapshots();
    if (this.#record.state.kind === 'rebuilding')
      this.update({ state: { ...this.#record.state, base: false } });
  }

  /** The base is the head again. Promises and grants made meanwhile stand (R1). */
  revert(open: boolean): void {
    assert(this.#base, 'no base to return to');
    const { promised, leased, memberships, committed } = this.#record;
    this.store.rollback(baseSnapshot);
    this.#record = decodeRecord(this.store.record, this.store.sizeBytes);
    this.store.deleteSnapshot(baseSnapshot);
    this.#base = undefined;
    const known = { memberships, ...(committed === undefined ? {} : { committed }) };
    this.update({ promised, leased, ...known, open, state: { kind: 'complete' } });
    this.dropStraySnapshots();
  }

  /** The rebuilding head is exactly this snapshot now: it gets its name here too, and the copy goes on from it (R24). */
  addWhole(snapshot: SnapshotInfo, ranges: readonly CopyRangeState[]): void {
    const { state, snapshots = [] } = this.#record;
    assert(state.kind === 'rebuilding', 'a complete replica takes its snapshots itself');
    const more = [...snapshots, snapshot].toSorted((a, b) => a.number - b.number);
    this.update({ snapshots: more, state: { ...state, ranges } });
    this.store.snapshot(storedName(snapshot));
  }

  /** Content, births and size of the store are again those of the snapshot, by entry `number`; all that is remembered stays. */
  rollBack(snapshot: SnapshotInfo, number: number): void {
    this.store.rollback(storedName(snapshot));
    this.#returnedAt = number;
  }

  /** The newest entry that returned to a snapshot since this process has the volume; 0: none. */
  get returnedAt(): number {
    return this.#returnedAt;
  }

  dropProofs(): void {
    for (const { name } of this.store.snapshots()) if (isProofSnapshot(name)) this.store.deleteSnapshot(name);
  }

  /** Takes in an entry that writes no block. */
  note(
    number: number,
    entry: Extract<EntryBody, { kind: 'flush' | 'resize' | 'state' | 'membership' }>,
  ): void {
    if (entry.kind === 'resize') this.grow(number, this.#record.sizeBytes, entry.sizeBytes);
    else this.store.advance(number);
    if (entry.kind === 'resize') this.update({ sizeBytes: entry.sizeBytes });
    if (entry.kind === 'state') {
      this.update({ values: { ...this.#record.values, [entry.key]: entry.value } });
    }
    if (entry.kind === 'membership') {
      const { from: current, record: next } = entry;
      this.update({ ...this.#knowing([current, next], 0), membership: { current, next } });
    }
  }

  /**
   * Takes in entry `number`, which makes `fromBytes` into `sizeBytes`. What a dead resize has left of a larger store is
   * new as well: it is born here, like what is added now (R21).
   */
  grow(number: number, fromBytes: number, sizeBytes: number): void {
    const left = Math.min(sizeBytes, this.store.sizeBytes) - fromBytes;
    const block = fromBytes / blockBytes;
    if (left > 0) this.store.copyIn([{ block, count: left / blockBytes, birth: number, data: undefined }]);
    if (sizeBytes > this.store.sizeBytes) this.store.resize(number, sizeBytes);
    else this.store.advance(number);
  }

  #readBase(): CompleteState | undefined {
    const snapshot = this.store.snapshots().find(({ name }) => name === baseSnapshot);
    if (!snapshot) return undefined;
    const record = decodeRecord(snapshot.record, this.store.sizeBytes);
    const { epochs, sizeBytes, values, membership, snapshots } = record;
    const history = { epochs, last: snapshot.number };
    return { history, isBase: true, sizeBytes, values, membership, snapshots };
  }

  /** A base belongs to a rebuild and to nothing else. */
  #dropStrayBase(): void {
    const { state } = this.#record;
    if (state.kind === 'complete' && this.#base) this.dropBase();
    assert(state.kind === 'complete' || !state.base || this.#base, 'the base is missing');
  }
}
