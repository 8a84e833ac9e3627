/**
 * What became of devices since the last root: a device that is retired between two roots is noted before anything that it
 * lacks is answered as durable. Otherwise a crash before the next root would make an import believe that it has everything.
 *
 * The note is a root (root.ts) without the pool's part, in one of two slots of its own in each label; its payload is a
 * sequence. It is of the newest root that was begun, and goes for that one and older ones; a newer root knows better.
 */
import { assert } from '../../../shared/assert.ts';
import { decodeRoot, encodeRoot, type Root, type RootDevice } from './root.ts';
import { rootSlotBytes, statesSlots } from './label.ts';

export interface DeviceStates {
  readonly pool: string;
  /** The newest root that was begun. */
  readonly txg: number;
  readonly sequence: number;
  readonly devices: readonly RootDevice[];
}

export function encodeStates({ pool, txg, sequence, devices }: DeviceStates): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, BigInt(sequence), true);
  return encodeRoot({ pool, txg, clean: false, payload, devices });
}

/** Those of both slots that were written whole. */
export function decodeStates(slots: Uint8Array): readonly DeviceStates[] {
  assert(slots.byteLength === statesSlots * rootSlotBytes, 'both slots');
  return Array.from({ length: statesSlots }, (_, i) => i * rootSlotBytes).flatMap((at) => {
    const root = decodeRoot(slots.subarray(at, at + rootSlotBytes));
    if (root?.payload.byteLength !== 8) return [];
    const { pool, txg, devices, payload } = root;
    const sequence = Number(new DataView(payload.buffer, payload.byteOffset).getBigUint64(0, true));
    return [{ pool, txg, sequence, devices }];
  });
}

/** The root with what is known of its devices since. */
export function withStates(root: Root, all: readonly DeviceStates[]): Root {
  const newest = all
    .filter(({ pool, txg }) => pool === root.pool && txg >= root.txg)
    .toSorted((a, b) => b.txg - a.txg || b.sequence - a.sequence)[0];
  if (newest === undefined) return root;
  const devices = newest.devices.map((device) => ({
    ...device,
    goodTxg: Math.min(device.goodTxg, root.txg), // of a root that was begun after this one
  }));
  return { ...root, devices };
}
