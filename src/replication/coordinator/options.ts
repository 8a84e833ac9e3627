/** What a coordinator is made of, and what it asks of the edge around it. */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { TargetMessage } from '../messages.ts';
import type { ReadAsked } from '../read-frame.ts';
import type { Fence } from '../record.ts';
import type { Timing } from '../timing.ts';
import type { Window } from './window.ts';

/** Effects; none of them calls back from inside the call. */
export interface CoordinatorEffects {
  send(replicaId: string, message: TargetMessage): void;
  /** Sends a request to read. */
  ask(replicaId: string, fence: Fence, read: ReadAsked): void;
  /** Sends the entries from number `from` to `to` that stand in `window`, in order and under its fence. */
  feed(replicaId: string, window: Window, from: number, to: number): void;
  /** Ends the link after what was sent on it. Nothing more is heard of this link; a new one may follow. */
  close(replicaId: string, reason: string): void;
  /** This replica is no member any more, or was never needed (setMembers); its link ends. */
  dropped(replicaId: string, guid: string): void;
  /** The proof that lets `copier` copy from `source` under this fence, hexadecimal. */
  ticket(sourceId: string, copierGuid: string, fence: Fence): string;
  /** The state shown to people may have changed. */
  changed(): void;
  /** Once: this target never serves again. */
  ended(reason: string): void;
}

export interface MemberPlace {
  readonly id: string;
  readonly guid: string;
  readonly pool: string;
  readonly copyAddress: string;
}

export interface CoordinatorOptions {
  readonly membership: MembershipRecord;
  /** A change that is to be made, or was being made. */
  readonly nextMembership?: MembershipRecord | undefined;
  /** Of the members, and of newcomers. */
  readonly places: readonly MemberPlace[];
  /** Random, of this process. */
  readonly nonce: number;
  /** Of this target process, as who hints to pools calls it (R10); undefined: it has no name. */
  readonly instance?: string | undefined;
  readonly timing: Timing;
  readonly effects: CoordinatorEffects;
}
