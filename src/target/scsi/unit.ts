/** What commands work on: the logical unit as they see it. */
import type { Volume } from '../volume.ts';
import { sectorBytes } from './block-limits.ts';
import type { Cdb } from './cdb.ts';
import type { Identity } from './identity.ts';
import type { ModeState } from './mode-pages.ts';
import type { Nexus } from './nexus.ts';
import type { Outcome } from './reservation-actions.ts';
import type { ReservationState } from './reservation-state.ts';
import { badField, CheckCondition } from './sense.ts';
import type { ScsiResult } from './status.ts';

export interface Unit {
  readonly volume: Volume;
  readonly identity: Identity;
  mode: ModeState;
  /** Who holds the unit by RESERVE(6) (SPC-2 §5.5.1). */
  reservedBy: Nexus | undefined;
  /** Persistent reservations as they are now. */
  readonly reservations: ReservationState;
  /**
   * Changes them, durably where APTPL asks for it, tells who is concerned, and with `abortsTasks` ends the tasks of ports
   * that were preempted. Throws CheckCondition.
   */
  changeReservations(
    from: Nexus,
    apply: (state: ReservationState, from: string) => Outcome,
    options: { readonly abortsTasks: boolean; readonly transferBytes: number },
  ): Promise<ScsiResult>;
  /** Initiator ports of this initiator (lower case) that are logged in. */
  portsOf(initiator: string): readonly string[];
  /** Every nexus but `from` is told. */
  warnOthers(from: Nexus, condition: 'modeParametersChanged'): void;
}

export interface ScsiCommand {
  readonly cdb: Cdb;
  readonly nexus: Nexus;
  /** What the initiator sent, at most what it announced. The command owns it. */
  readonly dataOut: Uint8Array;
  /** How many bytes the initiator takes. */
  readonly roomBytes: number;
}

export type Run = (unit: Unit, command: ScsiCommand) => ScsiResult | Promise<ScsiResult>;

/** A range of whole sectors on the volume, inside it. */
export interface Extent {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Checks a range from a CDB: `at` is where its LBA stands. Throws CheckCondition. */
export function extentOf(
  unit: Unit,
  lba: number,
  sectors: number,
  options: { readonly sectorsMax: number; readonly at?: number },
): Extent {
  const { sectorsMax, at = 2 } = options;
  const end = lba + sectors;
  if (end > unit.volume.sizeBytes / sectorBytes)
    throw new CheckCondition('lbaOutOfRange', {
      information: lba,
      field: { inCdb: true, byte: at, bit: 7 },
      transferBytes: sectors <= sectorsMax ? sectors * sectorBytes : 0,
    });
  if (sectors > sectorsMax) throw badField(at);
  return { offsetBytes: lba * sectorBytes, lengthBytes: sectors * sectorBytes };
}

/** Throws when the unit is write protected, by its volume or by its control mode page. */
export function checkWritable(unit: Unit): void {
  if (unit.volume.readOnly === true) throw new CheckCondition('writeProtected');
  if (unit.mode.writeProtected) throw new CheckCondition('softwareWriteProtected');
}
