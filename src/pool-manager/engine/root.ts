/**
 * The root of a pool: one record of 4 KiB in a ring of 32 slots, in both labels of every device.
 *
 *  - `txg` grows by one per commit and the slot is txg mod 32, so the live root is never overwritten.
 *  - A slot that fails its checksum was torn by a crash: no error, just no candidate.
 *  - Two valid slots with one txg are byte-identical. Otherwise the pool forked and must not open.
 *  - A root is written only after everything it names is on media, so any valid root is a whole pool.
 *  - `devices` says which device had everything up to which txg: a device that was away is found out by the others.
 */
import { checksumBytes, saltKind } from './checksum.ts';
import { rootSlotBytes, rootSlots } from './label.ts';
import { pointerWords } from './block-pointer.ts';

export interface RootDevice {
  readonly guid: string;
  /** `current` has everything up to this root; `stale` only up to `goodTxg` (it failed, or is being copied to). */
  readonly state: 'current' | 'stale';
  readonly goodTxg: number;
}

export interface Root {
  readonly pool: string;
  readonly txg: number;
  /** The pool's count of snapshots, see block-pointer.ts. */
  readonly era: number;
  /** Closed in order; nothing was written since. */
  readonly clean: boolean;
  /** Pointer to the directory and its length. */
  readonly directory: Uint32Array;
  readonly directoryBytes: number;
  /** Root of the space map's tree. */
  readonly spaceMap: Uint32Array;
  readonly devices: readonly RootDevice[];
}

const magic = 0x544f_4f52; // ROOT
const sumAt = 16;
const deviceAt = 256;
const deviceEntryBytes = 24;

/** The root that completes a pool's creation. */
export const firstTxg = 1;

export const slotOf = (txg: number): number => txg % rootSlots;

/**
 * magic u32 · version u32 · 0 u64 · checksum 16 · pool GUID 8 · txg u64 · era u64 · flags u32 · devices u32 ·
 * directory pointer 32 · its length u64 · space map pointer 32 · from 256: per device GUID 8, good txg u64, state u32, 0 u32.
 */
export function encodeRoot(root: Root): Uint8Array {
  const slot = new Uint8Array(rootSlotBytes);
  const view = new DataView(slot.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, 1, true);
  slot.set(Buffer.from(root.pool, 'hex'), 32);
  view.setBigUint64(40, BigInt(root.txg), true);
  view.setBigUint64(48, BigInt(root.era), true);
  view.setUint32(56, root.clean ? 1 : 0, true);
  view.setUint32(60, root.devices.length, true);
  root.directory.forEach((word, i) => view.setUint32(64 + i * 4, word, true));
  view.setBigUint64(96, BigInt(root.directoryBytes), true);
  root.spaceMap.forEach((word, i) => view.setUint32(104 + i * 4, word, true));
  for (const [i, device] of root.devices.entries()) {
    const at = deviceAt + i * deviceEntryBytes;
    slot.set(Buffer.from(device.guid, 'hex'), at);
    view.setBigUint64(at + 8, BigInt(device.goodTxg), true);
    view.setUint32(at + 16, device.state === 'current' ? 0 : 1, true);
  }
  slot.set(checksumBytes(slot, 0, saltKind.root), sumAt);
  return slot;
}

/** Undefined when the slot was never written, is torn or rotten. */
export function decodeRoot(slot: Uint8Array): Root | undefined {
  const view = new DataView(slot.buffer, slot.byteOffset, rootSlotBytes);
  if (view.getUint32(0, true) !== magic || view.getUint32(4, true) !== 1) return undefined;
  const unsummed = slot.slice(0, rootSlotBytes);
  unsummed.fill(0, sumAt, sumAt + 16);
  const sum = checksumBytes(unsummed, 0, saltKind.root);
  if (!sum.every((byte, i) => slot[sumAt + i] === byte)) return undefined;
  const hex = (at: number) => Buffer.from(slot.slice(at, at + 8)).toString('hex');
  const pointer = (at: number) =>
    Uint32Array.from({ length: pointerWords }, (_, i) => view.getUint32(at + i * 4, true));
  return {
    pool: hex(32),
    txg: Number(view.getBigUint64(40, true)),
    era: Number(view.getBigUint64(48, true)),
    clean: (view.getUint32(56, true) & 1) === 1,
    directory: pointer(64),
    directoryBytes: Number(view.getBigUint64(96, true)),
    spaceMap: pointer(104),
    devices: Array.from({ length: view.getUint32(60, true) }, (_, i) => {
      const at = deviceAt + i * deviceEntryBytes;
      return {
        guid: hex(at),
        goodTxg: Number(view.getBigUint64(at + 8, true)),
        state: view.getUint32(at + 16, true) === 0 ? 'current' : 'stale',
      };
    }),
  };
}

export type RootChoice =
  | { readonly ok: true; readonly root: Root }
  | { readonly ok: false; readonly reason: 'noValidSlot' | 'forkedTxg' };

/** The newest root among the slots of all devices, or why there is none to trust. */
export function chooseRoot(slots: readonly (Root | undefined)[], pool: string): RootChoice {
  const ours = slots.filter((slot) => slot !== undefined).filter((slot) => slot.pool === pool);
  const root = ours.toSorted((a, b) => b.txg - a.txg)[0];
  if (!root) return { ok: false, reason: 'noValidSlot' };
  const bytes = Buffer.from(encodeRoot(root));
  const forked = ours.some((slot) => slot.txg === root.txg && !bytes.equals(encodeRoot(slot)));
  return forked ? { ok: false, reason: 'forkedTxg' } : { ok: true, root };
}
