/** PERSISTENT RESERVE IN (SPC-4 §6.15): what is registered and reserved, and what of it is offered. */
import type { ReservationState } from './reservation-state.ts';
import { answer } from './status.ts';
import { encodeTransportId } from './transport-id.ts';
import type { Run } from './unit.ts';

const u64 = (value: bigint) => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
};
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

const listing =
  (bodyOf: (state: ReservationState) => readonly number[]): Run =>
  ({ reservations }, { cdb }) => {
    const body = bodyOf(reservations);
    return answer(
      Uint8Array.from([...u32(reservations.generation), ...u32(body.length), ...body]),
      cdb.u16(7),
    );
  };

export const readKeys = listing(({ registrations }) =>
  [...registrations.values()].flatMap(({ key }) => [...u64(key)]),
);

/** The key is 0 where all registrants hold the reservation. */
export const readReservation = listing(({ reservation, registrations }) => {
  if (reservation === undefined) return [];
  const { holder, type } = reservation;
  const key = holder === undefined ? 0n : (registrations.get(holder)?.key ?? 0n);
  return [...u64(key), 0, 0, 0, 0, 0, type, 0, 0];
});

/** One descriptor per registration; the relative target port is the only one there is. */
export const readFullStatus = listing(({ registrations, reservation }) =>
  [...registrations].flatMap(([port, { key, allPorts }]) => {
    const holds = reservation !== undefined && (reservation.holder ?? port) === port;
    const flags = (allPorts ? 0x02 : 0) | (holds ? 0x01 : 0);
    const id = encodeTransportId(port);
    const scopeAndType = holds ? reservation.type : 0;
    return [...u64(key), 0, 0, 0, 0, flags, scopeAndType, 0, 0, 0, 0, 0, 1, ...u32(id.byteLength), ...id];
  }),
);

/** RESERVE(6) beside persistent reservations (CRH), SPEC_I_PT, ALL_TG_PT, APTPL where the volume can remember; all types. */
export const reportCapabilities: Run = ({ reservations, volume }, { cdb }) => {
  const data = new Uint8Array(8);
  data[1] = data.byteLength;
  data[2] = 0x10 | 0x08 | 0x04 | (volume.remember === undefined ? 0 : 0x01);
  data[3] = 0x80 | (reservations.persistent ? 0x01 : 0);
  data[4] = 0xea;
  data[5] = 0x01;
  return answer(data, cdb.u16(7));
};
