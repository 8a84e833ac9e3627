// Original file: proto/pool.proto

export const PoolPhase = {
  POOL_PHASE_UNSPECIFIED: 'POOL_PHASE_UNSPECIFIED',
  /**
   * Looking at the devices.
   */
  POOL_PHASE_IMPORTING: 'POOL_PHASE_IMPORTING',
  /**
   * No device carries a pool: CreatePool may follow.
   */
  POOL_PHASE_ABSENT: 'POOL_PHASE_ABSENT',
  POOL_PHASE_ONLINE: 'POOL_PHASE_ONLINE',
  POOL_PHASE_DEGRADED: 'POOL_PHASE_DEGRADED',
  /**
   * Refused or failed; `reason` and `message` say why. Nothing was written.
   */
  POOL_PHASE_FAULTED: 'POOL_PHASE_FAULTED',
} as const;

export type PoolPhase =
  | 'POOL_PHASE_UNSPECIFIED'
  | 0
  /**
   * Looking at the devices.
   */
  | 'POOL_PHASE_IMPORTING'
  | 1
  /**
   * No device carries a pool: CreatePool may follow.
   */
  | 'POOL_PHASE_ABSENT'
  | 2
  | 'POOL_PHASE_ONLINE'
  | 3
  | 'POOL_PHASE_DEGRADED'
  | 4
  /**
   * Refused or failed; `reason` and `message` say why. Nothing was written.
   */
  | 'POOL_PHASE_FAULTED'
  | 5

export type PoolPhaseRead = typeof PoolPhase[keyof typeof PoolPhase]
