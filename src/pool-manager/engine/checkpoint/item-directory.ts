/** Where each item lies. Written as an item itself; the root has its place (docs/disk-format.md, "Items"). */
import { ByteDecoder, ByteEncoder } from '../byte-codec.ts';

/** Units that follow one another in a system segment. */
export interface ItemExtent {
  readonly group: number;
  readonly segment: number;
  readonly unit: number;
  readonly units: number;
}

export interface ItemPlace {
  /** The checkpoint that wrote it. */
  readonly txg: number;
  readonly lengthBytes: number;
  readonly extents: readonly ItemExtent[];
}

/** A system segment without items from checkpoint `txg` on; kept until no root that one may go back to needs it. */
export interface HeldSegment {
  readonly group: number;
  readonly segment: number;
  readonly txg: number;
}

export interface ItemDirectory {
  readonly items: ReadonlyMap<string, ItemPlace>;
  readonly held: readonly HeldSegment[];
}

const version = 1;

export function encodeDirectory({ items, held }: ItemDirectory): Uint8Array {
  const to = new ByteEncoder().u64(version).u64(held.length);
  for (const { group, segment, txg } of held) to.u64(group).u64(segment).u64(txg);
  to.u64(items.size);
  for (const [key, place] of items) encodePlace(to.text(key), place);
  return to.finish();
}

export function encodePlace(to: ByteEncoder, { txg, lengthBytes, extents }: ItemPlace): ByteEncoder {
  to.u64(txg).u64(lengthBytes).u64(extents.length);
  for (const { group, segment, unit, units } of extents)
    to.words(Uint32Array.of(group, segment, unit, units));
  return to;
}

/** Throws RangeError for what was not written by `encodeDirectory`. */
export function decodeDirectory(bytes: Uint8Array): ItemDirectory {
  const from = new ByteDecoder(bytes);
  const found = from.u64();
  if (found !== version) throw new RangeError(`an item directory of version ${found}`);
  const held: HeldSegment[] = [];
  for (let left = from.u64(); left > 0; left--)
    held.push({ group: from.u64(), segment: from.u64(), txg: from.u64() });
  const items = new Map<string, ItemPlace>();
  for (let left = from.u64(); left > 0; left--) items.set(from.text(), decodePlace(from));
  return { items, held };
}

export function decodePlace(from: ByteDecoder): ItemPlace {
  const txg = from.u64();
  const lengthBytes = from.u64();
  const extents: ItemExtent[] = [];
  for (let left = from.u64(); left > 0; left--) {
    const [group = 0, segment = 0, unit = 0, units = 0] = from.words(4);
    extents.push({ group, segment, unit, units });
  }
  return { txg, lengthBytes, extents };
}
