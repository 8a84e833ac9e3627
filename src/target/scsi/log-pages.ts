/** LOG SENSE (SPC-4 §6.8, §7.3; SBC-3 §6.4): the list of pages, and the room in the pools where the volume knows it. */
import type { Volume } from '../volume.ts';
import type { Cdb } from './cdb.ts';
import { availableLogParameter, type LogParameter } from './provisioning.ts';
import { badField } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';

const supportedPages = 0x00;
const provisioning = 0x0c;
const everySubpage = 0xff;

const u16 = (value: number) => [value >> 8, value & 0xff];

/** Control byte: a list of binary values, which is never saved and can not be set. */
const binaryList = 0x03;
const encode = ({ code, value }: LogParameter) => [...u16(code), binaryList, value.byteLength, ...value];

export function logSense(cdb: Cdb, { space }: Pick<Volume, 'space'>): ScsiResult {
  if (cdb.bit(1, 0)) throw badField(1, 0); // SP: nothing is saved
  const [page, subpage, pointer] = [cdb.u8(2) & 0x3f, cdb.u8(3), cdb.u16(5)];
  const codes = space === undefined ? [supportedPages] : [supportedPages, provisioning];
  if (page === supportedPages) {
    if (pointer !== 0) throw badField(5, 7);
    if (subpage === 0) return logPage(cdb, codes);
    if (subpage !== everySubpage) throw badField(3, 7);
    return logPage(
      cdb,
      codes.flatMap((code) => (code === supportedPages ? [code, 0, code, everySubpage] : [code, 0])),
    );
  }
  if (page !== provisioning || space === undefined) throw badField(2, 5);
  if (subpage !== 0) throw badField(3, 7);
  const parameters = [availableLogParameter(space)].filter(({ code }) => code >= pointer);
  if (parameters.length === 0) throw badField(5, 7);
  return logPage(cdb, parameters.flatMap(encode));
}

/** SPF stands for a subpage code that is not zero. */
function logPage(cdb: Cdb, body: readonly number[]): ScsiResult {
  const [page, subpage] = [cdb.u8(2) & 0x3f, cdb.u8(3)];
  const head = [page | (subpage === 0 ? 0 : 0x40), subpage, ...u16(body.length)];
  return answer(Uint8Array.from([...head, ...body]), cdb.u16(7));
}
