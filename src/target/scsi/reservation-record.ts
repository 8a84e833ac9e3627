/** What outlives the target of persistent reservations, as text: nothing unless APTPL is in force (SPC-4 §5.12.5). */
import { isReservationType, noReservations, type ReservationState } from './reservation-state.ts';

/** Under this key the volume remembers it (Volume.remember). */
export const reservationsKey = 'reservations';

const formatVersion = 1;

interface Kept {
  readonly version: number;
  /** Initiator port, key in hexadecimal, ALL_TG_PT. */
  readonly registrations: readonly (readonly [string, string, boolean])[];
  readonly type?: number | undefined;
  readonly holder?: string | undefined;
}

export function encodeReservations({ persistent, registrations, reservation }: ReservationState): string {
  if (!persistent) return '';
  const kept: Kept = {
    version: formatVersion,
    registrations: [...registrations].map(([port, { key, allPorts }]) => [port, key.toString(16), allPorts]),
    type: reservation?.type,
    holder: reservation?.holder,
  };
  return JSON.stringify(kept);
}

/** Throws when it is of a later release: to serve without these reservations would let in who is fenced. */
export function decodeReservations(text: string | undefined): ReservationState {
  if (text === undefined || text === '') return noReservations;
  // Our own writing, kept by the volume as it was given.
  const { version, registrations, type, holder } = JSON.parse(text) as Kept;
  if (version !== formatVersion)
    throw new Error(`reservations of format ${version}: start a release that knows it`);
  return {
    generation: 0,
    registrations: new Map(
      registrations.map(([port, key, allPorts]) => [port, { key: BigInt(`0x${key}`), allPorts }]),
    ),
    reservation: type !== undefined && isReservationType(type) ? { type, holder } : undefined,
    persistent: true,
  };
}
