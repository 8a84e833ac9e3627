/** What may happen to a world from outside: requests of initiators, and faults. */
import type { ManagementName } from './sim-door.ts';
import type { DeviceFault } from './sim-devices.ts';
import type { MembershipFault } from './sim-operator.ts';
import type { Comeback } from './sim-person.ts';
import type { SnapshotRequest } from './sim-snapshots.ts';

/** Which of those there are when it happens, as a part of a thousand; 0: the oldest, 999: the newest. */
export type Which = number;
/** −1 − n: all but n. Seen from a trigger: whom it was about, all others, the replica that is copied from, all but these two. */
export type Who = Which | 'it' | 'others' | 'source' | 'rest';

export type Request =
  | { readonly kind: 'write'; readonly block: Which; readonly count: number; readonly fua: boolean }
  | { readonly kind: 'read'; readonly block: Which; readonly count: number }
  /** With SCSI only: sectors of 512 bytes. */
  | { readonly kind: 'writePart' | 'readPart'; readonly sector: Which; readonly count: number }
  | { readonly kind: 'unmap'; readonly block: Which; readonly count: number }
  | { readonly kind: 'setValue'; readonly value: number }
  | { readonly kind: 'resize'; readonly blocks: number }
  | { readonly kind: 'flush' }
  /** The target compares the replicas. */
  | { readonly kind: 'scrub' }
  /** With SCSI only. */
  | { readonly kind: 'swap'; readonly block: Which }
  | { readonly kind: 'manage'; readonly what: ManagementName }
  | SnapshotRequest;

export type Fault =
  | { readonly kind: 'crash'; readonly replica: Who; readonly downMs: number }
  | { readonly kind: 'blackout'; readonly downMs: number }
  | { readonly kind: 'lose'; readonly replica: Who }
  /** Its pool goes back to an older root, `back` of a thousand of those there are. */
  | { readonly kind: 'rewind'; readonly replica: Who; readonly back: Which; readonly downMs: number }
  /**
   * R36: so few of the members are left that they are no quorum, `survivors` of a thousand of those there could be. They have been cut
   * off for `behindMs` before, crash with the others or not; somebody gives up the others, which may come back all the same.
   */
  | {
      readonly kind: 'giveUp';
      readonly survivors: Which;
      readonly from: Which;
      readonly behindMs: number;
      readonly crash: boolean;
      /** Another target begins as they are lost, and the one before does not reach who is left. */
      readonly rival: boolean;
      readonly comeback: Comeback;
      readonly backMs: number;
    }
  | { readonly kind: 'stop'; readonly replica: Who; readonly downMs: number }
  | { readonly kind: 'cut'; readonly target: Who; readonly replica: Who }
  | {
      readonly kind: 'stall';
      readonly target: Who;
      readonly replica: Who;
      readonly direction: 'up' | 'down';
      readonly forMs: number;
    }
  | { readonly kind: 'partition'; readonly target: Who; readonly replica: Who; readonly forMs: number }
  /** Leaves the target only this replica. */
  | { readonly kind: 'isolate'; readonly target: Who; readonly spared: Who; readonly forMs: number }
  | { readonly kind: 'pauseReplica' | 'freezeReplica'; readonly replica: Who; readonly forMs: number }
  | { readonly kind: 'pauseTarget' | 'freezeTarget'; readonly target: Who; readonly forMs: number }
  /** `restartMs`: another one follows after so long. */
  | { readonly kind: 'killTarget'; readonly target: Who; readonly restartMs: number }
  | { readonly kind: 'newTarget' }
  /** A block of this replica can not be read any more, until it is written or repaired. */
  | { readonly kind: 'badBlock'; readonly replica: Who; readonly block: Which }
  | { readonly kind: 'members'; readonly change: MembershipFault; readonly which: Which }
  /** The pool has no room left, after it was low for a moment. */
  | { readonly kind: 'fullPool'; readonly replica: Who; readonly forMs: number }
  /** A device of the pool does wrong for a while; with the real engine only. */
  | {
      readonly kind: 'deviceFault';
      readonly replica: Who;
      readonly what: DeviceFault;
      readonly forMs: number;
    }
  | { readonly kind: 'later'; readonly afterMs: number; readonly fault: Fault }
  | { readonly kind: 'dropEntry' | 'repeatEntry'; readonly target: Who; readonly replica: Who }
  /** The next answers to copiers that hold data come with a block altered. */
  | { readonly kind: 'corruptCopy'; readonly count: number }
  | {
      readonly kind: 'slowDisk' | 'slowLink';
      readonly replica: Who;
      readonly factor: number;
      readonly forMs: number;
    };

/** When a message of this type has been sent, after `skip` others. */
export interface Trigger {
  readonly kind: 'trigger';
  readonly on: string;
  readonly skip: number;
  readonly faults: readonly Fault[];
}

export type Act =
  | { readonly kind: 'request'; readonly target: Which; readonly request: Request }
  | Fault
  | Trigger;

export interface SimEvent {
  readonly atMs: number;
  readonly act: Act;
}
