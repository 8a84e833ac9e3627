/**
 * Plain commands without an object for each: their PDUs are read where they lie and answered in place. Only what most
 * commands are goes this way: a SCSI command alone, with all of its data or none, and an answer that is one PDU with GOOD
 * status. Everything else takes the way of decoder, session and encoder, which knows the whole standard; both leave the same
 * numbers in the session (RFC 7143 §11.3, §11.4, §11.7).
 */
import { noTag, targetPdu } from './pdu.ts';

/** BHS words and bytes, by their offset (§11.3). */
const at = { flags: 1, ahsWords: 4, tag: 16, expectedBytes: 20, cmdSn: 24, cdb: 32 } as const;
const finalBit = 0x80;
const readBit = 0x40;
const writeBit = 0x20;

/** A command to be run at once, and how far its data goes; false in `fits`: it takes the other way. */
export interface PlainCommand {
  readonly write: boolean;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** Whether the header at `bhsAt` is that of `command`, whole: final, LUN 0, not immediate, simple, with just its bytes. */
export function fits(bhs: DataView, bhsAt: number, command: PlainCommand): boolean {
  const { write, lengthBytes } = command;
  const dataBytes = bhs.getUint32(bhsAt + at.ahsWords); // no additional header, and the length of the data
  const flags = bhs.getUint8(bhsAt + at.flags);
  return (
    (flags & ~1) === (finalBit | (write ? writeBit : readBit)) && // untagged or simple
    dataBytes === (write ? lengthBytes : 0) &&
    bhs.getUint32(bhsAt + at.expectedBytes) === lengthBytes &&
    bhs.getUint32(bhsAt + 8) === 0 &&
    bhs.getUint32(bhsAt + 12) === 0
  );
}

export const cdbAt = (bhsAt: number): number => bhsAt + at.cdb;
export const tagAt = (bhs: DataView, bhsAt: number): number => bhs.getUint32(bhsAt + at.tag);
export const cmdSnAt = (bhs: DataView, bhsAt: number): number => bhs.getUint32(bhsAt + at.cmdSn);

export interface Numbers {
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
}

/** The header of a GOOD answer: Data-In with status, or a response where there is no data. */
export function putGoodAnswer(
  bhs: DataView,
  bhsAt: number,
  tag: number,
  dataBytes: number,
  { statSn, expCmdSn, maxCmdSn }: Numbers,
): void {
  const isRead = dataBytes > 0;
  const opcode = isRead ? targetPdu.dataIn.opcode : targetPdu.scsiResponse.opcode;
  bhs.setUint32(bhsAt, (opcode << 24) | ((isRead ? finalBit | 1 : finalBit) << 16));
  bhs.setUint32(bhsAt + 4, dataBytes);
  bhs.setUint32(bhsAt + 8, 0);
  bhs.setUint32(bhsAt + 12, 0);
  bhs.setUint32(bhsAt + 16, tag);
  bhs.setUint32(bhsAt + 20, isRead ? noTag : 0);
  bhs.setUint32(bhsAt + 24, statSn);
  bhs.setUint32(bhsAt + 28, expCmdSn);
  bhs.setUint32(bhsAt + 32, maxCmdSn);
  bhs.setUint32(bhsAt + 36, 0);
  bhs.setUint32(bhsAt + 40, 0);
  bhs.setUint32(bhsAt + 44, 0);
}
