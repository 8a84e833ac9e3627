/**
 * The root of a pool: one record of 4 KiB in a ring of 128 slots, in both labels of every device.
 *
 *  - `txg` grows by one per checkpoint and the slot is txg mod 128, so the live root is never overwritten.
 *  - A slot that fails its checksum was torn by a crash: no error, just no candidate.
 *  - Two valid slots with one txg are byte-identical. Otherwise the pool forked and must not open.
 *  - A root is written only after everything it names is on media, so any valid root is a whole pool.
 *  - `devices` says which device had everything up to which txg: a device that was away is found out by the others.
 */
import { assert } from '../../../shared/assert.ts';
import { checksumBytes, saltKind } from '../checksum.ts';
import { devicesMax } from './geometry.ts';
import { rootSlotBytes, rootSlots } from './label.ts';
import type { MemberState } from './member.ts';

export interface RootDevice {
  readonly guid: string;
  /** `current` has everything up to this root; the others only up to `goodTxg`. */
  readonly state: MemberState;
  readonly goodTxg: number;
  /** `syncing`: gets all writes since `joinTxg`; segments below `cursor` have been copied. */
  readonly joinTxg: number;
  readonly cursor: number;
}

export interface Root {
  readonly pool: string;
  readonly txg: number;
  /** Closed in order; nothing was written since. */
  readonly clean: boolean;
  readonly devices: readonly RootDevice[];
  /** What the pool keeps there (checkpoint/). */
  readonly payload: Uint8Array;
}

export const rootPayloadBytesMax = 1536;

const magic = 0x544f_4f52; // ROOT
const version = 2;
const sumAt = 16;
const payloadAt = 64;
const deviceAt = 2048;
const deviceEntryBytes = 32;
const states: readonly MemberState[] = ['current', 'syncing', 'failed'];

/** The root that completes a pool's creation. */
export const firstTxg = 1;

export const slotOf = (txg: number): number => txg % rootSlots;

/**
 * magic u32 · version u32 · flags u32 (1: clean) · payload length u16 · devices u16 · checksum 16 · pool GUID 8 · txg u64
 * · from 64: payload · from 2048: per device GUID 8, good txg u64, join txg u64, cursor u32, state u32.
 */
export function encodeRoot(root: Root): Uint8Array {
  assert(root.payload.byteLength <= rootPayloadBytesMax && root.devices.length <= devicesMax, 'a root fits');
  const slot = new Uint8Array(rootSlotBytes);
  const view = new DataView(slot.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  view.setUint32(8, root.clean ? 1 : 0, true);
  view.setUint16(12, root.payload.byteLength, true);
  view.setUint16(14, root.devices.length, true);
  slot.set(Buffer.from(root.pool, 'hex'), 32);
  view.setBigUint64(40, BigInt(root.txg), true);
  slot.set(root.payload, payloadAt);
  for (const [i, device] of root.devices.entries()) {
    const at = deviceAt + i * deviceEntryBytes;
    slot.set(Buffer.from(device.guid, 'hex'), at);
    view.setBigUint64(at + 8, BigInt(device.goodTxg), true);
    view.setBigUint64(at + 16, BigInt(device.joinTxg), true);
    view.setUint32(at + 24, device.cursor, true);
    view.setUint32(at + 28, states.indexOf(device.state), true);
  }
  slot.set(checksumBytes(slot, 0, saltKind.root), sumAt);
  return slot;
}

/** Undefined when the slot was never written, is torn or rotten. */
export function decodeRoot(slot: Uint8Array): Root | undefined {
  const view = new DataView(slot.buffer, slot.byteOffset, rootSlotBytes);
  if (view.getUint32(0, true) !== magic || view.getUint32(4, true) !== version) return undefined;
  const unsummed = slot.slice(0, rootSlotBytes);
  unsummed.fill(0, sumAt, sumAt + 16);
  const bytes = Buffer.from(slot.buffer, slot.byteOffset, rootSlotBytes);
  if (bytes.compare(checksumBytes(unsummed, 0, saltKind.root), 0, 16, sumAt, sumAt + 16) !== 0)
    return undefined;
  const hex = (at: number) => bytes.toString('hex', at, at + 8);
  const u64 = (at: number) => view.getUint32(at, true) + 2 ** 32 * view.getUint32(at + 4, true);
  return {
    pool: hex(32),
    txg: u64(40),
    clean: (view.getUint32(8, true) & 1) === 1,
    payload: slot.slice(payloadAt, payloadAt + view.getUint16(12, true)),
    devices: Array.from({ length: view.getUint16(14, true) }, (_, i) => {
      const at = deviceAt + i * deviceEntryBytes;
      return {
        guid: hex(at),
        goodTxg: u64(at + 8),
        joinTxg: u64(at + 16),
        cursor: view.getUint32(at + 24, true),
        state: states[view.getUint32(at + 28, true)] ?? 'failed',
      };
    }),
  };
}

export type RootChoice =
  | { readonly ok: true; readonly root: Root }
  | { readonly ok: false; readonly reason: 'noValidSlot' | 'forkedTxg' };

/** The newest root among the slots of all devices, not newer than `txgMax`; or why there is none to trust. */
export function chooseRoot(
  slots: readonly (Root | undefined)[],
  pool: string,
  txgMax = Number.MAX_SAFE_INTEGER,
): RootChoice {
  const ours = slots
    .filter((slot) => slot !== undefined)
    .filter((slot) => slot.pool === pool && slot.txg <= txgMax);
  const root = ours.toSorted((a, b) => b.txg - a.txg)[0];
  if (!root) return { ok: false, reason: 'noValidSlot' };
  const bytes = Buffer.from(encodeRoot(root));
  const forked = ours.some((slot) => slot.txg === root.txg && !bytes.equals(encodeRoot(slot)));
  return forked ? { ok: false, reason: 'forkedTxg' } : { ok: true, root };
}
