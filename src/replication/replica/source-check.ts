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
  const proof = request.type === 'digest' ? proofSnapshot(request.number) : undefined;
  const wanted = request.snapshot ?? proof;
  // A return makes blocks older, and births can not tell (R22c): the copier takes it in as well, and begins anew.
  if (wanted === undefined && ledger.returnedAt >= request.firstLive) return { type: 'notYet' };
  if (wanted === undefined || ledger.store.snapshots().some(({ name }) => name === wanted)) return undefined;
  const isAhead = request.type === 'digest' && ledger.store.last < request.number;
  return isAhead ? { type: 'notYet' } : { type: 'refused', message: 'no such snapshot' };
}
