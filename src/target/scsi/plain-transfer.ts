/**
 * READ and WRITE of 10 and 16 bytes that ask for their data alone, or WRITE with FUA (SBC-3 §5.10, §5.12, §5.32, §5.34): found in
 * a CDB where it lies. What has other flags set (DPO, protection), or is out of range, is left to transfer.ts.
 */
import { blockLimits, sectorBytes } from './block-limits.ts';

const opcodes = { read10: 0x28, write10: 0x2a, read16: 0x88, write16: 0x8a } as const;

const fuaFlag = 8;

/** One object for all commands of a connection: valid until the next one is looked at. */
export class PlainTransfer {
  write = false;
  /** Of a write. */
  fua = false;
  offsetBytes = 0;
  lengthBytes = 0;

  /** Whether the CDB at `at` is such a command within `sizeBytes`. */
  parse(cdb: DataView, at: number, sizeBytes: number): boolean {
    const opcode = cdb.getUint8(at);
    const flags = cdb.getUint8(at + 1);
    let lba = 0;
    let sectors = 0;
    let control = 0;
    if (opcode === opcodes.read10 || opcode === opcodes.write10) {
      lba = cdb.getUint32(at + 2);
      sectors = cdb.getUint16(at + 7);
      control = cdb.getUint8(at + 9);
    } else if (opcode === opcodes.read16 || opcode === opcodes.write16) {
      lba = cdb.getUint32(at + 2) * 2 ** 32 + cdb.getUint32(at + 6);
      sectors = cdb.getUint32(at + 10);
      control = cdb.getUint8(at + 15);
    } else return false;
    this.write = opcode === opcodes.write10 || opcode === opcodes.write16;
    this.offsetBytes = lba * sectorBytes;
    this.lengthBytes = sectors * sectorBytes;
    this.fua = flags === fuaFlag;
    const known = flags === 0 || (flags === fuaFlag && this.write);
    const inside = lba + sectors <= sizeBytes / sectorBytes;
    return known && inside && control === 0 && sectors > 0 && sectors <= blockLimits.transferSectorsMax;
  }
}
