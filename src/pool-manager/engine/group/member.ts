/**
 * A device's place in a group, and what is known of the device in it.
 *
 *   current ──error, deadline, failed flush──▶ failed ──attached again──▶ syncing ──copied, and a root says so──▶ current
 *                                                ▲                           │
 *                                                └──────────error────────────┘
 *
 *  - Out of use is out of use: nothing is written to a failed device, and no flush is tried again. It is still read
 *    when nothing else has a unit, since the check tells.
 *  - `goodTxg`: everything up to this root is on it. A device that came back gets all writes from `joinTxg` on and lacks
 *    what was written between, of which segments below `cursor` have been copied.
 */
import type { BlockDevice } from '../block-device.ts';

export type MemberState = 'current' | 'syncing' | 'failed';

export interface Member {
  guid: string;
  name: string;
  /** As the label has it: says where the back label is. */
  sizeBytes: number;
  /** Undefined: absent. */
  device: BlockDevice | undefined;
  state: MemberState;
  reason: string | undefined;
  goodTxg: number;
  joinTxg: number;
  cursor: number;
  /** Segments below it are copied, and flushed: what a root may say. */
  flushedCursor: number;
  /** All of them are: the next root calls it current, and so it is when that root is durable. */
  isCopied: boolean;
  /** Units found wrong. */
  checksumErrors: number;
  ioErrors: number;
  /** Operations in a row that failed or answered wrong data. */
  errorsInRow: number;
  /** Written since the last flush was sent. */
  isDirty: boolean;
  /** The last flush that was sent, until it is answered. */
  flushing: Promise<void> | undefined;
  /**
   * The device whose place this one takes, while it is copied to: read for what this one lacks, never written. `current`:
   * it has all that was written before `joinTxg`, durably, so that the two of them together lack nothing.
   */
  former: Member | undefined;
}

export const newMember = (
  known: Pick<Member, 'guid' | 'name' | 'sizeBytes' | 'device' | 'state'> & Partial<Member>,
): Member => ({
  reason: undefined,
  goodTxg: 0,
  joinTxg: 0,
  cursor: 0,
  flushedCursor: known.cursor ?? 0,
  isCopied: false,
  checksumErrors: 0,
  ioErrors: 0,
  errorsInRow: 0,
  isDirty: false,
  flushing: undefined,
  former: undefined,
  ...known,
});

/** Whether all that the group has is on the device, or on the one it takes the place of. */
export const isWhole = ({ state, former }: Member): boolean =>
  state === 'current' || (state === 'syncing' && former?.state === 'current');

/** Whether a root that is written now calls it current. */
export const isCurrentNext = ({ state, isCopied }: Member): boolean =>
  state === 'current' || (state === 'syncing' && isCopied);

/** The device, if it is written to. */
export const inUse = (member: Member): BlockDevice | undefined =>
  member.state === 'failed' ? undefined : member.device;
