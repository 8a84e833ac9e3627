/** Why a replica is not in sync, as users are told: one that is left out for want of room says so first. */
export const replicaMessage = ({
  state,
  message,
}: {
  readonly state: string;
  readonly message: string;
}): string => (state === 'PoolFull' ? `PoolFull: ${message}` : message);
