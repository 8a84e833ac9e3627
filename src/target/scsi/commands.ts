/**
 * Every command that the unit knows: one line with its name, opcode and service action, the bits of its CDB that are looked
 * at (which is what REPORT SUPPORTED OPERATION CODES shows), and what runs it.
 */
import { writeAtomic } from './atomic-write.ts';
import { getLbaStatus, readCapacity10, readCapacity16 } from './capacity.ts';
import * as control from './control.ts';
import * as copies from './extended-copy.ts';
import { formatUnit, sendDiagnostic } from './maintenance.ts';
import { logSense } from './log-pages.ts';
import { modeSense10, modeSense6 } from './mode-pages.ts';
import * as persistentReserveIn from './persistent-reserve-in.ts';
import { persistentReserveOut } from './persistent-reserve-out.ts';
import type { Access } from './reservation-state.ts';
import { badField } from './sense.ts';
import { supportedCommands, supportedFunctions } from './supported.ts';
import { reportTargetPortGroups } from './target-ports.ts';
import { unmap, writeSame } from './thin.ts';
import * as transfer from './transfer.ts';
import type { Cdb } from './cdb.ts';
import type { Volume } from '../volume.ts';
import type { Run } from './unit.ts';

export interface CommandRow {
  readonly name: string;
  readonly opcode: number;
  /** Byte 1, bits 4-0, of commands that share an opcode. */
  readonly serviceAction?: number | undefined;
  /** One byte per CDB byte: the bits that mean something. The first is the opcode, and its length is the CDB's. */
  readonly usage: Uint8Array;
  /** What a persistent reservation of somebody else must allow (SPC-4 table 65, SBC-3 table 5). */
  readonly access: Access;
  readonly run: Run;
  /** Runs although a unit attention is pending or somebody else has reserved the unit (SPC-4 §6.6, SPC-2 table 10). */
  readonly always: boolean;
}

function row(
  name: string,
  usage: string,
  access: Access,
  run: Run,
  more: { action?: number; always?: boolean } = {},
): CommandRow {
  const bytes = Uint8Array.from(usage.split(' '), (hex) => Number.parseInt(hex, 16));
  return {
    name,
    opcode: bytes[0] ?? 0,
    serviceAction: more.action,
    usage: bytes,
    access,
    run,
    always: more.always ?? false,
  };
}

const always = { always: true };

// prettier-ignore
export const commands: readonly CommandRow[] = [
  row('TEST UNIT READY',       '00 00 00 00 00 04', 'free', control.testUnitReady),
  row('REQUEST SENSE',         '03 01 00 00 ff 04', 'free', (_unit, command) => control.requestSense(command), always),
  row('FORMAT UNIT',           '04 00 00 00 00 04', 'write', formatUnit),
  row('READ(6)',               '08 1f ff ff ff 04', 'read', transfer.read(6)),
  row('WRITE(6)',              '0a 1f ff ff ff 04', 'write', transfer.write(6)),
  row('INQUIRY',               '12 01 ff ff ff 04', 'free', control.standardInquiry, always),
  row('MODE SELECT(6)',        '15 11 00 00 ff 04', 'write', control.selectModes(false)),
  row('RESERVE(6)',            '16 1f 00 00 00 04', 'free', control.reserve),
  row('RELEASE(6)',            '17 1f 00 00 00 04', 'free', control.release, always),
  row('MODE SENSE(6)',         '1a 08 ff ff ff 04', 'read', (unit, { cdb }) => modeSense6(cdb, unit.mode, unit.volume)),
  row('START STOP UNIT',       '1b 01 00 0f f7 04', 'free', control.startStopUnit),
  row('SEND DIAGNOSTIC',       '1d 04 00 00 00 04', 'write', sendDiagnostic),
  row('READ CAPACITY(10)',     '25 00 ff ff ff ff 00 00 01 04', 'free', (unit, { cdb }) => readCapacity10(cdb, unit.volume.sizeBytes)),
  row('READ(10)',              '28 f8 ff ff ff ff 00 ff ff 04', 'read', transfer.read(10)),
  row('WRITE(10)',             '2a f8 ff ff ff ff 00 ff ff 04', 'write', transfer.write(10)),
  row('WRITE AND VERIFY(10)',  '2e f6 ff ff ff ff 00 ff ff 04', 'write', transfer.writeAndVerify(10)),
  row('VERIFY(10)',            '2f f6 ff ff ff ff 00 ff ff 04', 'read', transfer.verify(10)),
  row('PRE-FETCH(10)',         '34 02 ff ff ff ff 00 ff ff 04', 'read', transfer.prefetch(10)),
  row('SYNCHRONIZE CACHE(10)', '35 02 ff ff ff ff 00 ff ff 04', 'write', control.synchronizeCache(false)),
  row('READ DEFECT DATA(10)',  '37 00 1f 00 00 00 00 ff ff 04', 'read', control.readDefectData(false)),
  row('WRITE SAME(10)',        '41 f8 ff ff ff ff 00 ff ff 04', 'write', writeSame(false)),
  row('UNMAP',                 '42 01 00 00 00 00 00 ff ff 04', 'write', unmap),
  row('LOG SENSE',             '4d 00 ff ff 00 ff ff ff ff 04', 'free', (unit, { cdb }) => logSense(cdb, unit.volume)),
  row('MODE SELECT(10)',       '55 11 00 00 00 00 00 ff ff 04', 'write', control.selectModes(true)),
  row('MODE SENSE(10)',        '5a 18 ff ff 00 00 00 ff ff 04', 'read', (unit, { cdb }) => modeSense10(cdb, unit.mode, unit.volume)),
  row('PERSISTENT RESERVE IN, READ KEYS',           '5e 00 00 00 00 00 00 ff ff 04', 'free', persistentReserveIn.readKeys, { action: 0 }),
  row('PERSISTENT RESERVE IN, READ RESERVATION',    '5e 01 00 00 00 00 00 ff ff 04', 'free', persistentReserveIn.readReservation, { action: 1 }),
  row('PERSISTENT RESERVE IN, REPORT CAPABILITIES', '5e 02 00 00 00 00 00 ff ff 04', 'free', persistentReserveIn.reportCapabilities, { action: 2 }),
  row('PERSISTENT RESERVE IN, READ FULL STATUS',    '5e 03 00 00 00 00 00 ff ff 04', 'free', persistentReserveIn.readFullStatus, { action: 3 }),
  // Who may do which of these follows from the registrations themselves (SPC-4 table 66).
  row('PERSISTENT RESERVE OUT, REGISTER',           '5f 00 00 00 00 ff ff ff ff 04', 'free', persistentReserveOut.register, { action: 0 }),
  row('PERSISTENT RESERVE OUT, RESERVE',            '5f 01 ff 00 00 ff ff ff ff 04', 'free', persistentReserveOut.reserve, { action: 1 }),
  row('PERSISTENT RESERVE OUT, RELEASE',            '5f 02 ff 00 00 ff ff ff ff 04', 'free', persistentReserveOut.release, { action: 2 }),
  row('PERSISTENT RESERVE OUT, CLEAR',              '5f 03 00 00 00 ff ff ff ff 04', 'free', persistentReserveOut.clear, { action: 3 }),
  row('PERSISTENT RESERVE OUT, PREEMPT',            '5f 04 ff 00 00 ff ff ff ff 04', 'free', persistentReserveOut.preempt, { action: 4 }),
  row('PERSISTENT RESERVE OUT, PREEMPT AND ABORT',  '5f 05 ff 00 00 ff ff ff ff 04', 'free', persistentReserveOut.preemptAndAbort, { action: 5 }),
  row('PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY', '5f 06 00 00 00 ff ff ff ff 04', 'free', persistentReserveOut.registerAndIgnore, { action: 6 }),
  row('PERSISTENT RESERVE OUT, REGISTER AND MOVE',  '5f 07 00 00 00 ff ff ff ff 04', 'free', persistentReserveOut.registerAndMove, { action: 7 }),
  row('EXTENDED COPY(LID1)',   '83 00 00 00 00 00 00 00 00 00 ff ff ff ff 00 04', 'write', copies.extendedCopy, { action: 0 }),
  row('RECEIVE COPY STATUS(LID1)',             '84 00 ff 00 00 00 00 00 00 00 ff ff ff ff 00 04', 'write', copies.copyStatus, { action: 0 }),
  row('RECEIVE COPY DATA(LID1)',               '84 01 ff 00 00 00 00 00 00 00 ff ff ff ff 00 04', 'write', copies.copyData, { action: 1 }),
  row('RECEIVE COPY OPERATING PARAMETERS',     '84 03 00 00 00 00 00 00 00 00 ff ff ff ff 00 04', 'write', copies.operatingParameters, { action: 3 }),
  row('RECEIVE COPY FAILURE DETAILS(LID1)',    '84 04 ff 00 00 00 00 00 00 00 ff ff ff ff 00 04', 'write', copies.failureDetails, { action: 4 }),
  row('READ(16)',              '88 f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'read', transfer.read(16)),
  row('COMPARE AND WRITE',     '89 f8 ff ff ff ff ff ff ff ff 00 00 00 ff 00 04', 'write', transfer.compareAndWrite),
  row('WRITE(16)',             '8a f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'write', transfer.write(16)),
  row('ORWRITE(16)',           '8b f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'write', transfer.orWrite),
  row('WRITE AND VERIFY(16)',  '8e f6 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'write', transfer.writeAndVerify(16)),
  row('VERIFY(16)',            '8f f6 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'read', transfer.verify(16)),
  row('PRE-FETCH(16)',         '90 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'read', transfer.prefetch(16)),
  row('SYNCHRONIZE CACHE(16)', '91 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'write', control.synchronizeCache(true)),
  row('WRITE SAME(16)',        '93 f9 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'write', writeSame(true)),
  row('WRITE ATOMIC(16)',      '9c f8 ff ff ff ff ff ff ff ff 00 00 ff ff 00 04', 'write', writeAtomic),
  row('READ CAPACITY(16)',     '9e 10 00 00 00 00 00 00 00 00 ff ff ff ff 00 04', 'free', (unit, { cdb }) => readCapacity16(cdb, unit.volume.sizeBytes), { action: 0x10 }),
  row('GET LBA STATUS',        '9e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', 'read', getLbaStatus, { action: 0x12 }),
  row('REPORT LUNS',           'a0 00 ff 00 00 00 ff ff ff ff 00 04', 'free', (_unit, command) => control.reportLuns(command), always),
  row('REPORT TARGET PORT GROUPS', 'a3 ea 00 00 00 00 ff ff ff ff 00 04', 'free', (_unit, { cdb }) => reportTargetPortGroups(cdb), { action: 0x0a }),
  row('REPORT SUPPORTED OPERATION CODES', 'a3 0c 87 ff ff ff ff ff ff ff 00 04', 'read', (unit, { cdb }) => supportedCommands(cdb, offered(unit.volume)), { action: 0x0c }),
  row('REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS', 'a3 0d 80 00 00 00 ff ff ff ff 00 04', 'read', (_unit, { cdb }) => supportedFunctions(cdb), { action: 0x0d }),
  row('READ(12)',              'a8 f8 ff ff ff ff ff ff ff ff 00 04', 'read', transfer.read(12)),
  row('WRITE(12)',             'aa f8 ff ff ff ff ff ff ff ff 00 04', 'write', transfer.write(12)),
  row('WRITE AND VERIFY(12)',  'ae f6 ff ff ff ff ff ff ff ff 00 04', 'write', transfer.writeAndVerify(12)),
  row('VERIFY(12)',            'af f6 ff ff ff ff ff ff ff ff 00 04', 'read', transfer.verify(12)),
  row('READ DEFECT DATA(12)',  'b7 1f 00 00 00 00 ff ff ff ff 00 04', 'read', control.readDefectData(true)),
];

/** What is offered of them on this volume. */
export const offered = ({ atomicBytesMax = 0 }: Volume): readonly CommandRow[] =>
  atomicBytesMax > 0 ? commands : commands.filter(({ run }) => run !== writeAtomic);

const byOpcode = new Map<number, readonly CommandRow[]>();
for (const command of commands)
  byOpcode.set(command.opcode, [...(byOpcode.get(command.opcode) ?? []), command]);

/** The command that a CDB names; undefined: its opcode is unknown. Throws CheckCondition for an unknown service action. */
export function commandOf(cdb: Cdb): CommandRow | undefined {
  const rows = byOpcode.get(cdb.opcode);
  const first = rows?.[0];
  if (first === undefined || first.serviceAction === undefined) return first;
  const action = cdb.u8(1) & 0x1f;
  const found = rows?.find((candidate) => candidate.serviceAction === action);
  if (found === undefined) throw badField(1, 4);
  return found;
}
