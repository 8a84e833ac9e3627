/** CDBs of every command the unit has, and of others, with parameter lists that begin as they should. */
import type { Prng } from '../../shared/prng.ts';
import { commands } from '../../target/scsi/commands.ts';
import { identityOf } from '../../target/scsi/identity.ts';
import { encodeTransportId } from '../../target/scsi/transport-id.ts';
import { iqn } from '../scsi-rig.ts';

export interface HostileCommand {
  readonly cdb: Uint8Array;
  readonly out: Uint8Array;
  readonly room: number;
}

/** Sectors of the volume under attack: small, so that ranges meet its end. */
export const attackedSectors = 2048;
const lbas = [0, 1, 7, 8, attackedSectors - 1, attackedSectors, 2 ** 31, 2 ** 32 - 1];
const counts = [0, 1, 8, 16, 64, 255];
const keys = [0, 1, 2, 3];

const u16 = (value: number) => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const u64 = (value: number) => [...u32(Math.floor(value / 2 ** 32)), ...u32(value >>> 0)];

/** A target descriptor of EXTENDED COPY that names the unit itself. */
const copyTarget = [0xe4, 0, 0, 0, 1, 3, 0, 16, ...identityOf(iqn).naa, 0, 0, 0, 0, 0, 0, 2, 0];

/** What a command takes along, by opcode. */
const lists: Readonly<Record<number, (random: Prng) => readonly number[]>> = {
  0x15: () => [0, 0, 0, 0, 0x0a, 0x0a, 0x06, 0x10, 0x08, 0, 0, 0, 0xff, 0xff, 0, 0],
  0x55: () => [0, 0, 0, 0, 0, 0, 0, 0, 0x0a, 0x0a, 0x02, 0x10, 0, 0, 0, 0, 0xff, 0xff, 0, 0],
  0x42: (random) => [
    ...u16(22),
    ...u16(16),
    0,
    0,
    0,
    0,
    ...u64(random.pick(lbas)),
    ...u32(random.pick(counts)),
    0,
    0,
    0,
    0,
  ],
  0x5f: (random) => [
    ...u64(random.pick(keys)),
    ...u64(random.pick(keys)),
    0,
    0,
    0,
    random.chance(0.2) ? 1 : 0,
    random.pick([0, 0, 0, 1, 4, 8]),
    0,
    0,
    0,
    ...(random.chance(0.2)
      ? [...u32(52), ...encodeTransportId('iqn.2016-09.com.openebs.csi:a,i,0x800000000000')]
      : []),
  ],
  0x83: (random) => [
    random.below(4),
    random.pick([0, 0x10, 0x18]),
    ...u16(32),
    0,
    0,
    0,
    0,
    ...u32(28),
    ...u32(0),
    ...copyTarget,
    ...u16(0x0200),
    ...u16(24),
    ...u16(0),
    ...u16(random.pick([0, 0, 1])),
    ...u16(0),
    ...u16(random.pick(counts)),
    ...u64(random.pick(lbas)),
    ...u64(random.pick(lbas)),
  ],
};

export function commandOf(random: Prng): HostileCommand {
  const row = random.pick(commands);
  const cdb = new Uint8Array(16);
  cdb[0] = random.chance(0.97) ? row.opcode : random.below(256);
  cdb[1] = row.serviceAction ?? 0;
  if (random.chance(0.2)) cdb[1] = random.below(256);
  const lba = random.pick(lbas);
  const count = random.pick(counts);
  const bytes = row.usage.byteLength;
  const list = lists[row.opcode]?.(random);
  const length = list?.length ?? count;
  if (bytes === 6) cdb.set([(lba >> 8) & 0x1f, lba & 0xff, length & 0xff], 2);
  else if (bytes === 10) {
    cdb.set(u32(lba), 2);
    cdb.set(u16(length), 7);
    if (row.opcode === 0x5f) cdb.set([random.pick([0, 1, 3, 5, 6, 7, 8]), 0, 0, ...u32(length)], 2);
  } else if (bytes === 12) cdb.set([...u32(lba), ...u32(count)], 2);
  else cdb.set([...u64(lba), ...u32(length)], 2);
  if (row.opcode === 0x89) cdb[13] = count & 0xff;
  if (random.chance(0.1)) cdb[random.below(16)] = random.below(256);
  return { cdb, ...dataOf(random, row.opcode, list, count) };
}

const writes = new Set([0x0a, 0x2a, 0xaa, 0x8a, 0x8b, 0x2e, 0xae, 0x8e, 0x9c, 0x89, 0x41, 0x93]);

function dataOf(random: Prng, opcode: number, list: readonly number[] | undefined, count: number) {
  const none = new Uint8Array(0);
  if (list !== undefined) {
    const out = Uint8Array.from(list);
    if (random.chance(0.3)) out[random.below(out.byteLength)] = random.below(256);
    return { out: random.chance(0.9) ? out : out.subarray(0, random.below(out.byteLength)), room: 0 };
  }
  if (!writes.has(opcode))
    return { out: none, room: random.chance(0.9) ? random.pick([0, 8, 255, 512, 8192, 131_072]) : 1 };
  const sectors = opcode === 0x41 || opcode === 0x93 ? 1 : opcode === 0x89 ? 2 * count : count;
  const exact = random.chance(0.9);
  return { out: new Uint8Array(exact ? sectors * 512 : random.below(140_000)).fill(count), room: 0 };
}
