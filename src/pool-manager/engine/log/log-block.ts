/**
 * A block of the log: a part of one commit group behind a header, padded to 4096 bytes (docs/disk-format.md).
 *
 *     0 magic 'CLOG'   4 version        8 pool GUID            16 incarnation u32   20 flags u32 (1: last of its group)
 *    24 group u64     32 sequence u64  40 root followed u64   48 checksum of the block before
 *    64 payload length u32             80 checksum            96 payload
 *
 *  - Sequences and groups grow by one; each block carries the checksum of the one before. So neither an old lap of the
 *    ring nor what a torn group left can pass for the next block.
 *  - The incarnation counts the imports of the pool: blocks that an earlier life left behind are never taken for later ones.
 *  - The checksum covers the whole block with zeros in its own place.
 */
import { openKernels, reserved } from '../../../shared/kernels.ts';
import { processArena } from '../group/arena.ts';

export const blockAlignBytes = 4096;
export const blockHeaderBytes = 96;
export const logBlockBytesMax = 256 * 1024;

const magic = 0x474f_4c43; // CLOG
const version = 1;
const sumAt = 80;
const saltHigh = 0x0200_0001;
const lastFlag = 1;

const memory = new WebAssembly.Memory({ initial: 6, maximum: 6 });
const kernels = openKernels(memory);
const arena = new Uint8Array(memory.buffer);
const strips = processArena();

export interface LogBlockHeader {
  /** 16 hexadecimal digits. */
  readonly pool: string;
  readonly incarnation: number;
  readonly group: number;
  readonly sequence: number;
  /** The last block of its group. */
  readonly isLast: boolean;
  readonly followsTxg: number;
  /** Checksum of the block before, 16 bytes. */
  readonly previous: Uint8Array;
}

export interface LogBlock extends LogBlockHeader {
  readonly payload: Uint8Array;
  readonly checksum: Uint8Array;
  /** Header and padding included. */
  readonly lengthBytes: number;
}

export const blockLengthFor = (payloadBytes: number): number =>
  Math.ceil((blockHeaderBytes + payloadBytes) / blockAlignBytes) * blockAlignBytes;

/** Fills `block`, a whole block of zeros whose payload is in place already. Answers its checksum. */
export function sealBlock(block: Uint8Array, header: LogBlockHeader, payloadBytes: number): Uint8Array {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  block.set(Buffer.from(header.pool, 'hex'), 8);
  view.setUint32(16, header.incarnation, true);
  view.setUint32(20, header.isLast ? lastFlag : 0, true);
  view.setBigUint64(24, BigInt(header.group), true);
  view.setBigUint64(32, BigInt(header.sequence), true);
  view.setBigUint64(40, BigInt(header.followsTxg), true);
  block.set(header.previous, 48);
  view.setUint32(64, payloadBytes, true);
  const sum = strips.owns(block.buffer) ? checksumThere(block) : checksumOf(block);
  block.set(sum, sumAt);
  return sum;
}

/** The block at the beginning of `bytes`, which may hold more; undefined when it is none, or not what was written. */
export function decodeBlock(bytes: Uint8Array): LogBlock | undefined {
  if (bytes.byteLength < blockAlignBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic || view.getUint32(4, true) !== version) return undefined;
  const payloadBytes = view.getUint32(64, true);
  const lengthBytes = blockLengthFor(payloadBytes);
  if (lengthBytes > Math.min(logBlockBytesMax, bytes.byteLength)) return undefined;
  const checksum = bytes.slice(sumAt, sumAt + 16);
  const sum = checksumOf(bytes.subarray(0, lengthBytes));
  if (!sum.every((byte, i) => checksum[i] === byte)) return undefined;
  return {
    pool: Buffer.from(bytes.slice(8, 16)).toString('hex'),
    incarnation: view.getUint32(16, true),
    group: Number(view.getBigUint64(24, true)),
    sequence: Number(view.getBigUint64(32, true)),
    isLast: (view.getUint32(20, true) & lastFlag) !== 0,
    followsTxg: Number(view.getBigUint64(40, true)),
    previous: bytes.slice(48, 64),
    payload: bytes.subarray(blockHeaderBytes, blockHeaderBytes + payloadBytes),
    checksum,
    lengthBytes,
  };
}

/** The same in place: the block is in the arena, and where its checksum will stand are zeros. */
function checksumThere({ byteOffset, byteLength }: Uint8Array): Uint8Array {
  strips.kernels.checksum128(strips.sumsAt, byteOffset, byteLength, 0, saltHigh);
  return strips.bytes.slice(strips.sumsAt, strips.sumsAt + 16);
}

function checksumOf(block: Uint8Array): Uint8Array {
  arena.set(block, reserved);
  arena.fill(0, reserved + sumAt, reserved + sumAt + 16);
  const out = reserved + logBlockBytesMax;
  kernels.checksum128(out, reserved, block.byteLength, 0, saltHigh);
  return arena.slice(out, out + 16);
}
