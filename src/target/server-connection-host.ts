/** What a connection needs of the server that it belongs to. */
import type { Log } from '../shared/log.ts';
import type { Crc32c } from './iscsi/digest.ts';
import type { LoginResult } from './iscsi/login.ts';
import type { ManagementRequest } from './iscsi/session-events.ts';
import type { LogicalUnit } from './scsi/logical-unit.ts';
import type { Admission } from './server-admission.ts';
import type { Connection } from './server-connection.ts';
import type { TargetCounters } from './server-counters.ts';
import type { ServerLimits } from './server-limits.ts';

export interface ConnectionHost {
  readonly unit: LogicalUnit;
  readonly admission: Admission;
  readonly limits: ServerLimits;
  readonly crc32c: Crc32c;
  readonly counters: TargetCounters;
  readonly log: Log;
  readonly mayAnswer: () => boolean;
  onHeld(connection: Connection): void;
  /** Ends sessions that this one replaces; answers what must be over before its first command runs. */
  onLoggedIn(connection: Connection, result: LoginResult): Promise<unknown> | undefined;
  onManage(connection: Connection, request: ManagementRequest): void;
  onClosed(connection: Connection): void;
}
