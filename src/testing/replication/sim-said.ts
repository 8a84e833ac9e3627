/** What a replica may say only once a crash can not take it back (R1, R5, R22d, R29), seen in what a crash would leave now. */
import type { ReplicaMessage } from '../../replication/messages.ts';
import { decodeRecord, type ReplicaRecord } from '../../replication/record.ts';
import { must } from '../../shared/assert.ts';
import type { SimStore, State } from './sim-store.ts';
import { hold } from './sim-truth.ts';

/**
 * Throws Violation when `message` says more than is durable in `store`. `isFilled`: a rebuild is under way, and nobody counts
 * what the replica has before its word that this is over.
 */
export function checkSaid(store: SimStore, message: ReplicaMessage, isFilled: boolean): void {
  const durable = must(store.survivors[0], 'the durable state');
  const recordOf = () => decodeRecord(durable.record, durable.sizeBytes);
  const says = `${store.identity.replicaId} says ${message.type}`;
  switch (message.type) {
    case 'report':
      return hold(
        recordOf().promised.epoch >= message.epoch,
        `R1: ${says}, the promise of ${message.epoch} is not durable`,
      );
    case 'received': {
      const isOpen = isFilled || message.number <= durable.last || recordOf().open;
      return hold(isOpen, `R5: ${says} ${message.number}, and a crash would leave no word of it`);
    }
    case 'durable':
      return hold(
        message.number <= durable.last,
        `R13: ${says} ${message.number}, durable is ${durable.last}`,
      );
    case 'complete':
      return hold(
        isWhole(durable, recordOf(), message.number),
        `R22d: ${says} ${message.number}, and that is not durable`,
      );
    case 'renewed':
      return hold(recordOf().leased, `R29: ${says}, and a crash would leave no word of it`);
    default:
  }
}

/** Complete at least up to `number`, or in possession of the snapshot that was taken there. */
const isWhole = ({ last }: State, { state, snapshots = [] }: ReplicaRecord, number: number): boolean =>
  (state.kind === 'complete' && last >= number) || snapshots.some((snapshot) => snapshot.number === number);
