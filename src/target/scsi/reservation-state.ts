/**
 * Persistent reservations (SPC-4 §5.12) as values: who is registered with what key, what is reserved and by whom, and which
 * commands that lets through.
 *
 *   none ──RESERVE──▶ held by one port, or by all that are registered ──RELEASE, CLEAR, holder gone──▶ none
 *                                    └──PREEMPT──▶ held by the port that preempted
 *
 * Invariants: the holder is registered; without a registration there is no reservation.
 */
export const reservationType = {
  writeExclusive: 1,
  exclusiveAccess: 3,
  writeExclusiveRegistrantsOnly: 5,
  exclusiveAccessRegistrantsOnly: 6,
  writeExclusiveAllRegistrants: 7,
  exclusiveAccessAllRegistrants: 8,
} as const;
export type ReservationType = (typeof reservationType)[keyof typeof reservationType];
export const isReservationType = (value: number): value is ReservationType =>
  (Object.values(reservationType) as readonly number[]).includes(value);

export interface Registration {
  readonly key: bigint;
  /** ALL_TG_PT was set: it holds for all target ports, of which there is one. */
  readonly allPorts: boolean;
}

export interface ReservationState {
  /** PRGENERATION, 32 bits; counts from 0 after each start of the target. */
  readonly generation: number;
  /** By initiator port: NAME,i,0xISID. */
  readonly registrations: ReadonlyMap<string, Registration>;
  /** `holder` is undefined in the all registrants types: everybody registered holds it. */
  readonly reservation: { readonly type: ReservationType; readonly holder: string | undefined } | undefined;
  /** APTPL of the newest registration: all this survives the loss of the target. */
  readonly persistent: boolean;
}

export const noReservations: ReservationState = {
  generation: 0,
  registrations: new Map(),
  reservation: undefined,
  persistent: false,
};

/** Bounds what is kept on the replicas. */
export const registrationsMax = 64;

export const isAllRegistrants = (type: ReservationType) =>
  type >= reservationType.writeExclusiveAllRegistrants;
/** Types in which every registered port may do what the holder may. */
export const isShared = (type: ReservationType) => type >= reservationType.writeExclusiveRegistrantsOnly;
const isWriteExclusive = (type: ReservationType) =>
  type % 2 === 1 && type !== reservationType.exclusiveAccess;

export function isHolder({ reservation, registrations }: ReservationState, port: string): boolean {
  if (reservation === undefined) return false;
  return reservation.holder === undefined ? registrations.has(port) : reservation.holder === port;
}

/** How a command touches the unit, for the tables of what a reservation lets through (SPC-4 table 65, SBC-3 table 5). */
export type Access = 'free' | 'read' | 'write';

export function mayRun(state: ReservationState, port: string, access: Access): boolean {
  const { reservation, registrations } = state;
  if (reservation === undefined || access === 'free' || isHolder(state, port)) return true;
  if (isShared(reservation.type) && registrations.has(port)) return true;
  return access === 'read' && isWriteExclusive(reservation.type);
}

/** RESERVE(6) and RELEASE(6) do nothing, and say so by GOOD, for those who may do everything anyway (§5.12.3). */
export function reservesAnyway(state: ReservationState, port: string): boolean {
  const { reservation, registrations } = state;
  if (reservation === undefined) return false;
  return isHolder(state, port) || (isShared(reservation.type) && registrations.has(port));
}
