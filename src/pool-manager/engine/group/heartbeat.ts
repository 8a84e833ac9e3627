/**
 * The owner's heartbeat: a record of 4 KiB in each label. Who owns the pool raises its sequence all the time; who wants
 * to import watches it first (owner.ts).
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { type BlockDevice, DeviceError } from '../block-device.ts';
import { checksumBytes, saltKind } from '../checksum.ts';
import { heartbeatOffsetBytes } from './label.ts';

export interface Heartbeat {
  readonly pool: string;
  /** Random per run of a daemon; empty when the owner has gone in order. */
  readonly owner: string;
  /** The machine of the owner. */
  readonly machine: string;
  readonly sequence: number;
}

const magic = 0x5254_5248; // HRTR
const sumAt = 16;
const textAt = 64;

/** magic u32 · length of the body u32 · sequence u64 · checksum 16 · zeros to 64 · body: JSON with pool, owner, machine. */
export function encodeHeartbeat({ sequence, ...text }: Heartbeat): Uint8Array {
  const slot = new Uint8Array(blockBytes);
  const view = new DataView(slot.buffer);
  const body = new TextEncoder().encode(JSON.stringify(text));
  if (body.byteLength > blockBytes - textAt) throw new RangeError('the name of the machine is too long');
  view.setUint32(0, magic, true);
  view.setUint32(4, body.byteLength, true);
  view.setBigUint64(8, BigInt(sequence), true);
  slot.set(body, textAt);
  slot.set(checksumBytes(slot, 0, saltKind.label), sumAt);
  return slot;
}

/** Undefined when there is none, or none that was written whole. */
export function decodeHeartbeat(slot: Uint8Array): Heartbeat | undefined {
  const view = new DataView(slot.buffer, slot.byteOffset, blockBytes);
  const length = view.getUint32(4, true);
  if (view.getUint32(0, true) !== magic || length > blockBytes - textAt) return undefined;
  const unsummed = slot.slice(0, blockBytes);
  unsummed.fill(0, sumAt, sumAt + 16);
  const sum = checksumBytes(unsummed, 0, saltKind.label);
  if (!sum.every((byte, i) => slot[sumAt + i] === byte)) return undefined;
  const text = JSON.parse(new TextDecoder().decode(slot.subarray(textAt, textAt + length))) as Omit<
    Heartbeat,
    'sequence'
  >;
  return { ...text, sequence: Number(view.getBigUint64(8, true)) };
}

/** Undefined also when the device can not be read: who can not read it can not own it by it. */
export async function readHeartbeat(device: BlockDevice): Promise<Heartbeat | undefined> {
  try {
    return decodeHeartbeat(await device.read(heartbeatOffsetBytes, blockBytes));
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return undefined;
  }
}

/** Machines, other than this one, whose daemons had a pool on these devices open and have not left it in order. */
export async function machinesLeft(
  devices: readonly BlockDevice[],
  machine: string,
): Promise<readonly string[]> {
  const beats = await Promise.all(devices.map(readHeartbeat));
  const left = beats.flatMap((beat) =>
    beat === undefined || beat.owner === '' || beat.machine === machine ? [] : [beat.machine],
  );
  return [...new Set(left)];
}
