/** What a replica has with the target whose link is in force. */
import type { Fence } from '../record.ts';
import type { Acknowledger } from './acknowledger.ts';
import { Budget } from './budget.ts';
import type { Groups } from './groups.ts';
import type { Rebuild } from './rebuild.ts';

export type LinkId = number;

export interface Session {
  readonly link: LinkId;
  readonly fence: Fence;
  phase: 'promising' | 'promised' | 'streaming' | 'rebuilding';
  acknowledger: Acknowledger | undefined;
  rebuild: Rebuild | undefined;
  /** Copied on this link and not compared yet, from one snapshot to the next. */
  groups: Groups | undefined;
  /** How fast the target lets it copy. */
  readonly budget: Budget;
}

/** After a pause of the link so much of the rate may be copied at once. */
const copyBurstMs = 100;

export const newSession = (link: LinkId, fence: Fence): Session => ({
  link,
  fence,
  phase: 'promising',
  acknowledger: undefined,
  rebuild: undefined,
  groups: undefined,
  budget: new Budget({ burstMs: copyBurstMs }),
});

/** Nothing of it goes on. */
export function endSession(session: Session): void {
  session.rebuild?.end();
  session.acknowledger?.end();
}
