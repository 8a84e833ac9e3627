/**
 * The label of a device: who it is, which pool it belongs to, and which devices the pool has (docs/disk-format.md).
 *
 *   a device:  label │ units of data … │ label        each label: header 16 KiB │ unused │ ring of 32 roots
 *
 *  - Both labels carry the same header. It is written once, when the pool is created, before any root: a device with a
 *    header and an untouched ring is one whose creation was interrupted, and holds nothing.
 *  - A header that fails its checksum is not believed; the other label answers for it.
 *  - A required feature or a version that this release does not know ends the import by name.
 */
import { poolLabelMagic } from '../../shared/signatures.ts';
import { checksumBytes, saltKind } from './checksum.ts';
import type { Layout } from './pool.ts';

export const labelBytes = 256 * 1024;
export const headerBytes = 16 * 1024;
export const ringOffsetBytes = 128 * 1024;
export const rootSlotBytes = 4096;
export const rootSlots = 32;
/** Smaller ones are refused: labels and reserve would leave nothing. */
export const deviceBytesMin = 16 * 1024 * 1024;
export const devicesMax = 64;

export const formatVersion = 1;
/** Features of a pool that a reader must know; this release writes none and knows none. */
export const knownFeatures: ReadonlySet<string> = new Set<string>();

export interface LabelDevice {
  readonly guid: string;
  /** Name of the BlockDevice when the pool was created; for messages only. */
  readonly name: string;
  readonly sizeBytes: number;
}

export interface LabelGroup {
  /** Units of 4 KiB that each device of the group gives to the pool. */
  readonly units: number;
  readonly devices: readonly LabelDevice[];
}

export interface Label {
  readonly version: number;
  readonly features: readonly string[];
  readonly pool: string;
  /** GUID of the device that carries this label. */
  readonly device: string;
  readonly layout: Layout;
  readonly groups: readonly LabelGroup[];
}

/** Where the labels of a device of this size begin. */
export const labelOffsets = (sizeBytes: number): readonly [number, number] => [
  0,
  Math.floor(sizeBytes / 4096) * 4096 - labelBytes,
];

const magic = Uint8Array.from(poolLabelMagic, (c) => c.charCodeAt(0));
const lengthAt = 16;
const sumAt = 24;
const bodyAt = 64;

/** Magic 16 · length of the body u32 · 0 u32 · checksum 16 · zeros to 64 · body: JSON. The checksum has zeros in its own place. */
export function encodeLabel(label: Label): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const body = new TextEncoder().encode(JSON.stringify(label));
  if (body.byteLength > headerBytes - bodyAt)
    throw new RangeError('the device tree does not fit into a label');
  header.set(magic);
  header.set(body, bodyAt);
  new DataView(header.buffer).setUint32(lengthAt, body.byteLength, true);
  header.set(checksumBytes(header, 0, saltKind.label), sumAt);
  return header;
}

export type LabelReading =
  | { readonly kind: 'label'; readonly label: Label }
  | { readonly kind: 'none' }
  /** The magic is there, the rest is not what was written. */
  | { readonly kind: 'damaged' };

export function decodeLabel(header: Uint8Array): LabelReading {
  if (!magic.every((byte, i) => header[i] === byte)) return { kind: 'none' };
  const length = new DataView(header.buffer, header.byteOffset).getUint32(lengthAt, true);
  const unsummed = header.slice(0, headerBytes);
  unsummed.fill(0, sumAt, sumAt + 16);
  const sum = checksumBytes(unsummed, 0, saltKind.label);
  if (length > headerBytes - bodyAt || !sum.every((byte, i) => header[sumAt + i] === byte))
    return { kind: 'damaged' };
  return {
    kind: 'label',
    label: JSON.parse(new TextDecoder().decode(header.subarray(bodyAt, bodyAt + length))) as Label,
  };
}

/** What of this label the release does not know, for people; undefined when it knows all. */
export function unknownFeature(label: Label): string | undefined {
  if (label.version > formatVersion) return `format version ${label.version}`;
  return label.features.find((feature) => !knownFeatures.has(feature));
}
