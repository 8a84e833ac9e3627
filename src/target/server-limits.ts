/** What one target process spends at most on its initiators; every queue and buffer of the server has its bound here. */
import { defaultSessionLimits, type SessionLimits } from './iscsi/session-events.ts';

export interface ServerLimits extends SessionLimits {
  readonly sessionsMax: number;
  /** Sockets, those that have not logged in yet included. */
  readonly connectionsMax: number;
  /** Data of commands that run, over all sessions; each session may always run one. */
  readonly runningBytesMax: number;
  /** Answers of one session that its socket has not taken: above it, no further command is started or read. */
  readonly unsentBytesMax: number;
  /** How long answers may be held back while the target may not answer; then the connection is dropped. */
  readonly heldMsMax: number;
  /** How long `stop` waits for initiators to log out when they are asked to. */
  readonly logoutMsMax: number;
  /** How long `stop` waits for commands that run. */
  readonly stopMsMax: number;
}

export const defaultServerLimits: ServerLimits = {
  ...defaultSessionLimits,
  sessionsMax: 128,
  connectionsMax: 256,
  runningBytesMax: 64 << 20,
  unsentBytesMax: 8 << 20,
  heldMsMax: 10_000,
  logoutMsMax: 1_000,
  stopMsMax: 5_000,
};
