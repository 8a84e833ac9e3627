/** What the daemon's pool is at (pool-daemon.ts says how that changes). */
import { StatusError } from '../shared/grpc/status-error.ts';
import type { ManagedPool } from './engine/pool.ts';
import type { ReplicaServer } from './replica-server.ts';

export type PoolState =
  | { readonly mode: 'importing' }
  | { readonly mode: 'absent'; readonly message: string }
  | { readonly mode: 'faulted'; readonly reason: string; readonly message: string }
  /** Being closed, to end or to be destroyed: nothing may touch the pool any more. */
  | { readonly mode: 'closing' }
  | { readonly mode: 'open'; readonly pool: ManagedPool; readonly server: ReplicaServer };

export type OpenPool = Extract<PoolState, { mode: 'open' }>;

/** Why nothing can be done with the pool now. */
export function noPool(state: Exclude<PoolState, OpenPool>): StatusError {
  switch (state.mode) {
    case 'importing':
      return new StatusError('UNAVAILABLE', 'the pool is being imported: try again');
    case 'closing':
      return new StatusError('UNAVAILABLE', 'the pool is being closed');
    case 'absent':
      return new StatusError('FAILED_PRECONDITION', 'there is no pool on the devices: create it first');
    case 'faulted':
      return new StatusError('FAILED_PRECONDITION', `${state.reason}: ${state.message}`);
  }
}
