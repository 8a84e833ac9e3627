/** REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS (SPC-4 §6.35, §6.36). */
import type { Cdb } from './cdb.ts';
import type { CommandRow } from './commands.ts';
import { badField } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';

const timeoutBytes = 12;
const u16 = (value: number) => [value >> 8, value & 0xff];

/** Seconds. A volume says that it has no quorum after 30; what is longer under way than that has met several failures. */
const timeoutSeconds = { medium: { nominal: 1, most: 60 }, other: { nominal: 1, most: 15 } } as const;

/** A command timeouts descriptor (table 244): nominal time, and after how long to give up. */
function timeouts({ access }: CommandRow): readonly number[] {
  const { nominal, most } = timeoutSeconds[access === 'free' ? 'other' : 'medium'];
  return [0, timeoutBytes - 2, 0, 0, 0, 0, 0, nominal, 0, 0, 0, most];
}

function describe(row: CommandRow, withTimeouts: boolean): readonly number[] {
  const { opcode, serviceAction, usage } = row;
  const flags = (withTimeouts ? 0x02 : 0) | (serviceAction === undefined ? 0 : 0x01);
  const head = [opcode, 0, ...u16(serviceAction ?? 0), 0, flags, ...u16(usage.byteLength)];
  return withTimeouts ? [...head, ...timeouts(row)] : head;
}

function oneCommand(row: CommandRow | undefined, withTimeouts: boolean): readonly number[] {
  if (row === undefined) return [0, 0x01, 0, 0];
  const support = 0x03 | (withTimeouts ? 0x80 : 0);
  return [0, support, ...u16(row.usage.byteLength), ...row.usage, ...(withTimeouts ? timeouts(row) : [])];
}

/** Reporting options: 0 all; 1 one by opcode; 2 one by opcode and service action; 3 whichever of the two it has. */
export function supportedCommands(cdb: Cdb, commands: readonly CommandRow[]): ScsiResult {
  const withTimeouts = cdb.bit(2, 7);
  const [options, opcode, action, allocation] = [cdb.u8(2) & 7, cdb.u8(3), cdb.u16(4), cdb.u32(6)];
  if (options === 0) {
    const list = commands.flatMap((row) => describe(row, withTimeouts));
    return answer(Uint8Array.from([0, 0, ...u16(list.length), ...list]), allocation);
  }
  if (options > 3) throw badField(2, 2);
  const rows = commands.filter((row) => row.opcode === opcode);
  const hasActions = rows.some((row) => row.serviceAction !== undefined);
  if (rows.length > 0 && ((options === 1 && hasActions) || (options === 2 && !hasActions)))
    throw badField(2, 2);
  const found = rows.find((row) => row.serviceAction === undefined || row.serviceAction === action);
  return answer(Uint8Array.from(oneCommand(found, withTimeouts)), allocation);
}

/** ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET. */
export function supportedFunctions(cdb: Cdb): ScsiResult {
  const data = new Uint8Array(cdb.bit(2, 7) ? 16 : 4);
  data[0] = 0x80 | 0x40 | 0x10 | 0x08;
  if (data.byteLength > 4) data[3] = data.byteLength - 4;
  return answer(data, cdb.u32(6));
}
