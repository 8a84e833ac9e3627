/**
 * What a volume is besides its blocks, as the entries of the stream make it. `issued` follows each entry as it gets its
 * number: a replica that begins to rebuild is given that. `shown` follows when the entry is durable.
 */
import type { CompleteState, DatalessBody, Entry } from '../messages.ts';
import type { SnapshotInfo, Values } from '../record.ts';

interface State {
  readonly sizeBytes: number;
  readonly values: Values;
  /** Of users, ascending by number. */
  readonly snapshots: readonly SnapshotInfo[];
}

const none: State = { sizeBytes: 0, values: {}, snapshots: [] };

export class VolumeState {
  #issued = none;
  #shown = none;

  get issued(): State {
    return this.#issued;
  }

  get shown(): State {
    return this.#shown;
  }

  /** A recovery has chosen this; it may be shown once that is settled. */
  adopt({ sizeBytes, values, snapshots = [] }: CompleteState): void {
    this.#issued = { sizeBytes, values, snapshots };
  }

  settled(): void {
    this.#shown = this.#issued;
  }

  /** What is issued in its place. Of two resizes under way the larger one holds: a volume never shrinks. */
  bounded(body: DatalessBody): DatalessBody {
    if (body.kind !== 'resize') return body;
    const sizeBytes = Math.max(body.sizeBytes, this.#issued.sizeBytes);
    return { kind: 'resize', sizeBytes };
  }

  /** What the volume is after this entry. */
  follow(entry: Entry): void {
    const { sizeBytes, values, snapshots } = this.#issued;
    switch (entry.kind) {
      case 'resize':
        this.#issued = { ...this.#issued, sizeBytes: entry.sizeBytes };
        return;
      case 'state':
        this.#issued = { ...this.#issued, values: { ...values, [entry.key]: entry.value } };
        return;
      case 'snapshot': {
        const { name, number, createdAtMs } = entry;
        this.#issued = {
          ...this.#issued,
          snapshots: [...snapshots, { name, number, createdAtMs, sizeBytes }],
        };
        return;
      }
      case 'deleteSnapshot':
        this.#issued = { ...this.#issued, snapshots: snapshots.filter(({ number }) => number !== entry.of) };
        return;
      case 'revert':
        this.#issued = { ...this.#issued, snapshots: snapshots.filter(({ number }) => number <= entry.to) };
        return;
      default:
    }
  }

  resized(sizeBytes: number): void {
    this.#shown = { ...this.#shown, sizeBytes: Math.max(sizeBytes, this.#shown.sizeBytes) };
  }

  valueSet(key: string, value: string): void {
    this.#shown = { ...this.#shown, values: { ...this.#shown.values, [key]: value } };
  }

  /** All that was issued for snapshots is durable. */
  snapshotsSettled(): void {
    this.#shown = { ...this.#shown, snapshots: this.#issued.snapshots };
  }
}
