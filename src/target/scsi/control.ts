/** Commands about the unit itself: readiness, cache, sense, LUNs, reservation (SPC-4 §6, SBC-3 §5, SPC-2 §7.21). */
import { inquiry } from './inquiry.ts';
import { modeSelect } from './mode-pages.ts';
import { mayRun, reservesAnyway } from './reservation-state.ts';
import { badField, senseOf } from './sense.ts';
import { answer, done, scsiStatus, type ScsiResult } from './status.ts';
import { extentOf, type Run, type ScsiCommand } from './unit.ts';

export const testUnitReady: Run = () => done;

export const standardInquiry: Run = (unit, { cdb }) => inquiry(cdb, unit.identity, unit.volume);

/** Everything acknowledged is made durable, whatever range was named; IMMED is ignored: the answer comes when it is true. */
export const synchronizeCache =
  (sixteen: boolean): Run =>
  async (unit, { cdb, nexus }) => {
    const [lba, sectors] = sixteen ? [cdb.u64(2), cdb.u32(10)] : [cdb.u32(2), cdb.u16(7)];
    extentOf(unit, lba, sectors, { sectorsMax: Number.MAX_SAFE_INTEGER });
    await unit.volume.flush({ initiator: nexus.initiator });
    return done;
  };

/** There is nothing to start or stop; stopping flushes (SBC-3 §5.25). */
export const startStopUnit: Run = async (unit, { cdb, nexus }) => {
  if (cdb.bit(4, 1)) throw badField(4, 1); // LOEJ: the medium is not removable
  const [powerCondition, noFlush, start] = [cdb.u8(4) >> 4, cdb.bit(4, 2), cdb.bit(4, 0)];
  // To stop, or to change the power condition, is a write to a reservation (SBC-3 table 5).
  const stops = powerCondition !== 0 || !start;
  if (stops && !mayRun(unit.reservations, nexus.name, 'write')) return reservationConflict;
  if (powerCondition === 0 && !start && !noFlush) await unit.volume.flush({ initiator: nexus.initiator });
  return done;
};

export function requestSense({ cdb, nexus }: Pick<ScsiCommand, 'cdb' | 'nexus'>): ScsiResult {
  const condition = nexus.take() ?? 'noSense';
  return answer(senseOf({ condition, information: undefined, field: undefined }, cdb.bit(1, 0)), cdb.u8(4));
}

/** LUN 0 and nothing else; the list of well-known logical units (select report 1) is empty. */
export function reportLuns({ cdb }: Pick<ScsiCommand, 'cdb'>): ScsiResult {
  const select = cdb.u8(2);
  if (select > 2) throw badField(2, 7);
  const allocation = cdb.u32(6);
  if (allocation < 16) throw badField(6, 7);
  const list = new Uint8Array(select === 1 ? 8 : 16);
  list[3] = list.byteLength - 8;
  return answer(list, allocation);
}

export const selectModes =
  (ten: boolean): Run =>
  (unit, { cdb, nexus, dataOut }) => {
    const next = modeSelect(cdb, dataOut, unit.mode, { ten, volume: unit.volume });
    const changed =
      next.descriptorSense !== unit.mode.descriptorSense || next.writeProtected !== unit.mode.writeProtected;
    unit.mode = next;
    if (changed) unit.warnOthers(nexus, 'modeParametersChanged');
    return { ...done, transferBytes: ten ? cdb.u16(7) : cdb.u8(4) };
  };

/**
 * Conflicts with others' RESERVE are found before any command runs (logical-unit.ts). Beside registrations for persistent
 * reservations it does nothing for who may do everything anyway, and conflicts for everybody else (SPC-4 §5.12.3).
 */
export const reserve: Run = (unit, { cdb, nexus }) => {
  if ((cdb.u8(1) & 0x1f) !== 0) throw badField(1); // third party, extents
  if (reservesAnyway(unit.reservations, nexus.name)) return done;
  if (unit.reservations.registrations.size > 0) return reservationConflict;
  unit.reservedBy = nexus;
  return done;
};
/** Somebody else's reservation is left alone, without an error (SPC-2 §7.16). */
export const release: Run = (unit, { cdb, nexus }) => {
  if ((cdb.u8(1) & 0x1f) !== 0) throw badField(1);
  if (reservesAnyway(unit.reservations, nexus.name)) return done;
  if (unit.reservations.registrations.size > 0) return reservationConflict;
  if (unit.reservedBy === nexus) unit.reservedBy = undefined;
  return done;
};

/** No defects, ever: the pools remap. An empty list in the format that was asked for (SBC-3 §5.17, §5.18). */
export const readDefectData =
  (twelve: boolean): Run =>
  (_unit, { cdb }) => {
    const request = cdb.u8(twelve ? 1 : 2);
    const data = new Uint8Array(twelve ? 8 : 4);
    data[1] = request & 0x1f; // PLIST, GLIST and the format, as asked
    return answer(data, twelve ? cdb.u32(6) : cdb.u16(7));
  };

export const reservationConflict: ScsiResult = { status: scsiStatus.reservationConflict, transferBytes: 0 };
