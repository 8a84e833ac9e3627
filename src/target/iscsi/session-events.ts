/** What a session is told and what it wants done: its events and effects, its configuration and limits. */
import type { Digests } from './digest.ts';
import type { LoginConfig, LoginResult } from './login.ts';
import type { InitiatorPdu, TargetPdu } from './pdu.ts';
import type { ManagementFunction } from './task-management.ts';
import type { Task, TaskOutcome } from './task.ts';
import type { Advertised } from './text.ts';

export interface SessionConfig extends LoginConfig {
  readonly advertised: Advertised;
  readonly hasLun: (lun: number) => boolean;
  readonly limits: SessionLimits;
}
export interface SessionLimits {
  /** Commands in flight per session; what MaxCmdSN allows. */
  readonly commandsMax: number;
  /** Immediate commands in flight; they are outside the window. */
  readonly immediateMax: number;
  /** Most bytes collected for one write. */
  readonly transferBytesMax: number;
  /** Most bytes asked for by R2Ts at a time, over all writes of the session; one write may always go on. */
  readonly solicitedBytesMax: number;
  /** Silence after which the initiator is asked whether it is there. */
  readonly nopAfterMs: number;
  /** How long it may take to answer that. */
  readonly nopTimeoutMs: number;
  /** How long a login may take. */
  readonly loginMsMax: number;
}
export const defaultSessionLimits: SessionLimits = {
  commandsMax: 128,
  immediateMax: 16,
  transferBytesMax: 8 << 20,
  solicitedBytesMax: 8 << 20,
  nopAfterMs: 5_000,
  nopTimeoutMs: 10_000,
  loginMsMax: 15_000,
};

/** A task management function that the initiator asked for; the session has taken its own tasks out already. */
export interface ManagementRequest {
  readonly tag: number;
  readonly function: ManagementFunction;
  readonly lun: number;
  /** Tasks of this session that still run: the function is complete when they are over. */
  readonly running: readonly Task[];
}

export type SessionEvent =
  | { readonly type: 'pdu'; readonly pdu: InitiatorPdu; readonly nowMs: number }
  | { readonly type: 'done'; readonly task: Task; readonly outcome: TaskOutcome }
  | { readonly type: 'managed'; readonly request: ManagementRequest }
  /** Somebody else's reset: our tasks end without an answer, the unit attention tells why (SAM-5 §5.6, TAS=0). */
  | { readonly type: 'abortTasks'; readonly lun: number | undefined }
  /** The target is going to stop: the initiator is asked to log out within so many seconds (§11.9.1). */
  | { readonly type: 'askLogout'; readonly seconds: number }
  /** Something happened to the unit that the initiator should not have to find out: its sense data is sent (§11.9.1). */
  | { readonly type: 'unitEvent'; readonly sense: Uint8Array }
  | { readonly type: 'tick'; readonly nowMs: number };

export type SessionEffect =
  /** `leased`: it tells of the volume, so that only the target that serves it may say it. */
  | { readonly type: 'send'; readonly pdu: TargetPdu; readonly leased: boolean }
  /** For both directions, after what was sent before. */
  | { readonly type: 'digests'; readonly digests: Digests }
  | { readonly type: 'loggedIn'; readonly result: LoginResult }
  | { readonly type: 'run'; readonly task: Task; readonly data: Uint8Array }
  | { readonly type: 'manage'; readonly request: ManagementRequest }
  /** After what was sent before. */
  | { readonly type: 'close'; readonly why: string };
