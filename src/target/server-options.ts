/** What a portal is made of, and what it tells of its sessions. */
import type { Log } from '../shared/log.ts';
import type { ChapCredentials } from './iscsi/chap.ts';
import type { ServerLimits } from './server-limits.ts';
import type { Volume } from './volume.ts';

export interface PortalOptions {
  readonly volume: Volume;
  readonly iqn: string;
  /** HOST:PORT that SendTargets names; absent: where the initiator connected to. */
  readonly advertise?: string | undefined;
  /** Read at each login. Absent: no authentication. */
  readonly chap?: ChapCredentials | undefined;
  /** Asked at each login: HOST:PORT to which initiators are sent instead. Absent: nowhere. */
  readonly movedTo?: (() => string | undefined) | undefined;
  /** Whether this initiator (lower case) may log in. Absent: everybody. */
  readonly mayLogin?: ((initiator: string) => boolean) | undefined;
  /** Asked immediately before bytes go to a socket; while it is false, answers are held back. Absent: always. */
  readonly mayAnswer?: (() => boolean) | undefined;
  /**
   * An initiator asks what became of its commands: those that the volume can not answer now are to end as busy at once
   * instead of when their time is over. Absent: none waits for long.
   */
  readonly hurry?: (() => void) | undefined;
  readonly log: Log;
  readonly limits?: Partial<ServerLimits> | undefined;
}

export interface SessionInfo {
  readonly initiator: string;
  /** 12 hexadecimal digits. */
  readonly isid: string;
  readonly peer: string;
  readonly tsih: number;
  readonly discovery: boolean;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  /** It proved itself by CHAP. */
  readonly authenticated: boolean;
  /** Since its login. */
  readonly upSeconds: number;
}
