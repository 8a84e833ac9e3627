/** Whether this replica may be copied from just now (R3, R22a). */
import type { CopyReply, CopyRequest } from '../copy.ts';
import { proofSnapshot } from '../record.ts';
import type { Ledger } from './ledger.ts';
import { sameFence } from './promises.ts';

/** Undefined: it may. `streaming`: attached to the target promised, and complete. */
export function copySourceCheck(
  request: CopyRequest,
  ledger: Ledger,
  streaming: boolean,
): CopyReply | undefined {
  if (!sameFence(request, ledger.record.promised)) {
    return { type: 'refused', message: `epoch ${request.epoch} is not promised here` };
  }
  if (!streaming) return { type: 'refused', message: 'not in sync with that target' };
  if (ledger.store.last < request.firstLive - 1) return { type: 'notYet' };
  if (request.type === 'copy') return undefined;
  if (ledger.store.snapshots().some(({ name }) => name === proofSnapshot(request.number))) return undefined;
  return ledger.store.last < request.number
    ? { type: 'notYet' }
    : { type: 'refused', message: 'no such snapshot' };
}
