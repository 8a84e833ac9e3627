/** A logical unit over a volume in memory, and CDBs as an initiator writes them. */
import { MemoryVolume } from '../target/memory-volume.ts';
import { LogicalUnit } from '../target/scsi/logical-unit.ts';
import type { Nexus } from '../target/scsi/nexus.ts';
import type { ScsiResult } from '../target/scsi/status.ts';

export const sectors = 65_536;
export const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-1';

export const u16 = (n: number) => [n >> 8, n & 0xff];
export const u32 = (n: number) => [n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff];
export const u64 = (n: number) => [...u32(Math.floor(n / 2 ** 32)), ...u32(n >>> 0)];
/** `count` sectors of one value. */
export const filled = (count: number, value: number) => new Uint8Array(count * 512).fill(value);

export interface Sent {
  /** What the initiator sends. */
  readonly out?: Uint8Array;
  /** How many bytes it takes. */
  readonly room?: number;
  readonly lun?: number;
  readonly by?: Nexus;
  readonly attribute?: number;
  readonly isAborted?: () => boolean;
}

export class ScsiRig {
  readonly volume: MemoryVolume;
  readonly unit: LogicalUnit;
  /** Has heard of the power-on. */
  readonly nexus: Nexus;
  /** Nexuses whose tasks were to be ended, in order. */
  readonly ended: string[] = [];

  constructor(count = sectors, volume = new MemoryVolume(count * 512)) {
    this.volume = volume;
    this.unit = new LogicalUnit(volume, iqn, async ({ name }) => void this.ended.push(name));
    this.nexus = this.attach('iqn.a:1,i,0x800000000001');
  }

  /** Another initiator port that has heard of the power-on. */
  attach(name: string): Nexus {
    const nexus = this.unit.attach(name);
    nexus.take();
    return nexus;
  }

  run(cdb: readonly number[], sent: Sent = {}): Promise<ScsiResult> {
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const { out = new Uint8Array(0), room = 65_536, lun = 0, by = this.nexus, attribute = 1 } = sent;
    const isAborted = sent.isAborted ?? (() => false);
    return this.unit.execute(by, { lun, cdb: padded, attribute, dataOut: out, roomBytes: room, isAborted });
  }

  async bytesAt(lba: number, count: number): Promise<Buffer> {
    return Buffer.from(await this.volume.read(lba * 512, count * 512));
  }
}

/** Status, or sense key and code as in `5/2100`. */
export function told({ status, sense }: ScsiResult): number | string {
  if (status !== 2 || sense === undefined) return status;
  const fixed = ((sense[0] ?? 0) & 0x7f) === 0x70;
  const [key = 0, code = 0, qualifier = 0] = fixed
    ? [sense[2], sense[12], sense[13]]
    : [sense[1], sense[2], sense[3]];
  return `${(key & 0xf).toString(16)}/${code.toString(16).padStart(2, '0')}${qualifier.toString(16).padStart(2, '0')}`;
}

/** By length of the CDB: how LBA and transfer length are written. */
export const cdbs = {
  6: (opcode: number, lba: number, count: number) => [
    opcode,
    (lba >> 16) & 0x1f,
    (lba >> 8) & 0xff,
    lba & 0xff,
    count & 0xff,
    0,
  ],
  10: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...u32(lba),
    0,
    ...u16(count),
    0,
  ],
  12: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...u32(lba),
    ...u32(count),
    0,
    0,
  ],
  16: (opcode: number, lba: number, count: number, flags = 0) => [
    opcode,
    flags,
    ...u64(lba),
    ...u32(count),
    0,
    0,
  ],
} as const;

/** A section of a standard that is about one command: what becomes of it here. */
export interface Section {
  readonly section: string;
  readonly command: string;
  readonly opcode: number;
  readonly action?: number | undefined;
  /** Why it is not offered; undefined: it is. */
  readonly notOffered?: string | undefined;
}

/** A walk's table, one line each: section, opcode or opcode/action in hexadecimal, command, and why not, if not. */
export function sectionsOf(table: string): readonly Section[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [section = '', code = '', command = '', notOffered] = line.split('|').map((cell) => cell.trim());
      const [opcode = '', action] = code.split('/');
      return {
        section,
        command,
        opcode: Number.parseInt(opcode, 16),
        action: action === undefined ? undefined : Number.parseInt(action, 16),
        notOffered: notOffered === '' ? undefined : notOffered,
      };
    });
}
