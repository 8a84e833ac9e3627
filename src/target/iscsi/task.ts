/** One SCSI command of a session, from its PDU to its status. The CDB is opaque here. */
import type { DataOutTransfer } from './data-out.ts';

export interface Task {
  /** Initiator task tag. */
  readonly tag: number;
  readonly lun: number;
  /** The 16 bytes of the header, or more where an extended-CDB segment came along. */
  readonly cdb: Uint8Array;
  /** Task attribute (RFC 7143 §11.3.1): 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA. */
  readonly attribute: number;
  readonly read: boolean;
  readonly write: boolean;
  /** Expected data transfer length: what the initiator has room for, or will send. */
  readonly expectedBytes: number;
  /** Whether it holds a place in the command window (immediate commands do not). */
  readonly windowed: boolean;
}

/** What became of a command; all that a session needs to know of SCSI. */
export interface TaskOutcome {
  readonly status: number;
  readonly sense?: Uint8Array | undefined;
  /** For the initiator; cut to what it expects. */
  readonly data?: Uint8Array | undefined;
  /** How many bytes the command itself wanted to move, in either direction: the residual follows from it (§11.4.5). */
  readonly transferBytes: number;
}

/**
 *   collecting ──all data here──▶ running ──outcome──▶ (gone)
 *        │                           │
 *      abort: gone at once        abort ──▶ aborted ──outcome──▶ (gone, no answer)
 */
export type TaskState =
  | { readonly mode: 'collecting'; readonly task: Task; readonly transfer: DataOutTransfer }
  | { readonly mode: 'running'; readonly task: Task }
  | { readonly mode: 'aborted'; readonly task: Task };
