/** One check of a portal. */
import type { Portal } from './portal.ts';

export interface Check {
  readonly name: string;
  /** Needs a target that is set up for it: not run against a given one. */
  readonly own?: boolean;
  readonly tool?: string;
  readonly run: (portal: Portal) => Promise<void>;
}
