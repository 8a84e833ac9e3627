/**
 * Every command that the unit knows: one line with its name, opcode and service action, the bits of its CDB that are looked
 * at (which is what REPORT SUPPORTED OPERATION CODES shows), and what runs it.
 */
import { getLbaStatus, readCapacity10, readCapacity16 } from './capacity.ts';
import * as control from './control.ts';
import { modeSense10, modeSense6 } from './mode-pages.ts';
import { badField } from './sense.ts';
import { supportedCommands, supportedFunctions } from './supported.ts';
import { unmap, writeSame } from './thin.ts';
import * as transfer from './transfer.ts';
import type { Cdb } from './cdb.ts';
import type { Run } from './unit.ts';

export interface CommandRow {
  readonly name: string;
  readonly opcode: number;
  /** Byte 1, bits 4-0, of commands that share an opcode. */
  readonly serviceAction?: number | undefined;
  /** One byte per CDB byte: the bits that mean something. The first is the opcode, and its length is the CDB's. */
  readonly usage: Uint8Array;
  readonly run: Run;
  /** Runs although a unit attention is pending or somebody else has reserved the unit (SPC-4 §6.6, SPC-2 table 10). */
  readonly always: boolean;
}

function row(
  name: string,
  usage: string,
  run: Run,
  more: { action?: number; always?: boolean } = {},
): CommandRow {
  const bytes = Uint8Array.from(usage.split(' '), (hex) => Number.parseInt(hex, 16));
  return {
    name,
    opcode: bytes[0] ?? 0,
    serviceAction: more.action,
    usage: bytes,
    run,
    always: more.always ?? false,
  };
}

const always = { always: true };

// prettier-ignore
export const commands: readonly CommandRow[] = [
  row('TEST UNIT READY',       '00 00 00 00 00 04', control.testUnitReady),
  row('REQUEST SENSE',         '03 01 00 00 ff 04', (_unit, command) => control.requestSense(command), always),
  row('READ(6)',               '08 1f ff ff ff 04', transfer.read(6)),
  row('WRITE(6)',              '0a 1f ff ff ff 04', transfer.write(6)),
  row('INQUIRY',               '12 01 ff ff ff 04', control.standardInquiry, always),
  row('MODE SELECT(6)',        '15 11 00 00 ff 04', control.selectModes(false)),
  row('RESERVE(6)',            '16 1f 00 00 00 04', control.reserve),
  row('RELEASE(6)',            '17 1f 00 00 00 04', control.release, always),
  row('MODE SENSE(6)',         '1a 08 ff ff ff 04', (unit, { cdb }) => modeSense6(cdb, unit.mode, unit.volume.sizeBytes)),
  row('START STOP UNIT',       '1b 01 00 0f f7 04', control.startStopUnit),
  row('READ CAPACITY(10)',     '25 00 ff ff ff ff 00 00 01 04', (unit, { cdb }) => readCapacity10(cdb, unit.volume.sizeBytes)),
  row('READ(10)',              '28 f8 ff ff ff ff 00 ff ff 04', transfer.read(10)),
  row('WRITE(10)',             '2a f8 ff ff ff ff 00 ff ff 04', transfer.write(10)),
  row('WRITE AND VERIFY(10)',  '2e f6 ff ff ff ff 00 ff ff 04', transfer.writeAndVerify(10)),
  row('VERIFY(10)',            '2f f6 ff ff ff ff 00 ff ff 04', transfer.verify(10)),
  row('PRE-FETCH(10)',         '34 02 ff ff ff ff 00 ff ff 04', transfer.prefetch(10)),
  row('SYNCHRONIZE CACHE(10)', '35 02 ff ff ff ff 00 ff ff 04', control.synchronizeCache(false)),
  row('READ DEFECT DATA(10)',  '37 00 1f 00 00 00 00 ff ff 04', control.readDefectData(false)),
  row('WRITE SAME(10)',        '41 f8 ff ff ff ff 00 ff ff 04', writeSame(false)),
  row('UNMAP',                 '42 01 00 00 00 00 00 ff ff 04', unmap),
  row('MODE SELECT(10)',       '55 11 00 00 00 00 00 ff ff 04', control.selectModes(true)),
  row('MODE SENSE(10)',        '5a 18 ff ff 00 00 00 ff ff 04', (unit, { cdb }) => modeSense10(cdb, unit.mode, unit.volume.sizeBytes)),
  row('READ(16)',              '88 f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', transfer.read(16)),
  row('COMPARE AND WRITE',     '89 f8 ff ff ff ff ff ff ff ff 00 00 00 ff 00 04', transfer.compareAndWrite),
  row('WRITE(16)',             '8a f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', transfer.write(16)),
  row('ORWRITE(16)',           '8b f8 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', transfer.orWrite),
  row('WRITE AND VERIFY(16)',  '8e f6 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', transfer.writeAndVerify(16)),
  row('VERIFY(16)',            '8f f6 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', transfer.verify(16)),
  row('PRE-FETCH(16)',         '90 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', transfer.prefetch(16)),
  row('SYNCHRONIZE CACHE(16)', '91 02 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', control.synchronizeCache(true)),
  row('WRITE SAME(16)',        '93 f9 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', writeSame(true)),
  row('READ CAPACITY(16)',     '9e 10 00 00 00 00 00 00 00 00 ff ff ff ff 00 04', (unit, { cdb }) => readCapacity16(cdb, unit.volume.sizeBytes), { action: 0x10 }),
  row('GET LBA STATUS',        '9e 12 ff ff ff ff ff ff ff ff ff ff ff ff 00 04', getLbaStatus, { action: 0x12 }),
  row('REPORT LUNS',           'a0 00 ff 00 00 00 ff ff ff ff 00 04', (_unit, command) => control.reportLuns(command), always),
  row('REPORT SUPPORTED OPERATION CODES', 'a3 0c 87 ff ff ff ff ff ff ff 00 04', (_unit, { cdb }) => supportedCommands(cdb, commands), { action: 0x0c }),
  row('REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS', 'a3 0d 80 00 00 00 ff ff ff ff 00 04', (_unit, { cdb }) => supportedFunctions(cdb), { action: 0x0d }),
  row('READ(12)',              'a8 f8 ff ff ff ff ff ff ff ff 00 04', transfer.read(12)),
  row('WRITE(12)',             'aa f8 ff ff ff ff ff ff ff ff 00 04', transfer.write(12)),
  row('WRITE AND VERIFY(12)',  'ae f6 ff ff ff ff ff ff ff ff 00 04', transfer.writeAndVerify(12)),
  row('VERIFY(12)',            'af f6 ff ff ff ff ff ff ff ff 00 04', transfer.verify(12)),
  row('READ DEFECT DATA(12)',  'b7 1f 00 00 00 00 ff ff ff ff 00 04', control.readDefectData(true)),
];

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
