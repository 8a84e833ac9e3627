/**
 * The label of a device: who it is, which pool it belongs to, and which devices the pool has (docs/disk-format.md).
 *
 *   label 1 MiB:  header 16 KiB │ … │ at 32 KiB of the front one: a copy of it │ at 64 KiB: owner's heartbeat │ at 128 KiB: 2 notes │ … │ at 512 KiB: ring of 128 roots │
 *
 *  - Both labels carry the same header, the front one twice; one is enough. A header that fails its checksum is not believed.
 *  - A header is written when the pool is created, before any root, and when its devices change, with a higher
 *    generation: of headers of one pool the highest generation is right.
 *  - A required feature that this release does not know ends the import by name; one that only writers must know leaves
 *    the pool readable.
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { poolLabelMagic } from '../../../shared/signatures.ts';
import { checksumBytes, saltKind } from '../checksum.ts';
import type { Layout } from './geometry.ts';

export const headerBytes = 16 * 1024;
export const heartbeatOffsetBytes = 64 * 1024;
/** Notes of what became of devices since the last root (device-states.ts). */
export const statesOffsetBytes = 128 * 1024;
export const statesSlots = 2;
export const ringOffsetBytes = 512 * 1024;
export const rootSlotBytes = blockBytes;
export const rootSlots = 128;

export const formatVersion = 2;
/** Reserved names, which no release writes yet: `encryption` and `dedup` (required), `checksum-list` (read-only). */
export const knownFeatures: { readonly required: readonly string[]; readonly readOnly: readonly string[] } = {
  required: [],
  readOnly: [],
};

export interface LabelDevice {
  readonly guid: string;
  /** Name of the BlockDevice when it was taken in; for messages only. */
  readonly name: string;
  readonly sizeBytes: number;
  /** While it is copied to: the device whose place it takes. That one has all that was written before root `txg` + 1. */
  readonly former?: Omit<LabelDevice, 'former'> & { readonly txg: number };
}

export interface LabelGroup {
  /** Bytes of a segment on each device. */
  readonly segmentBytes: number;
  readonly segments: number;
  /** Bytes of the log ring between front label and segment 0. */
  readonly logBytes: number;
  readonly devices: readonly LabelDevice[];
}

export interface Label {
  readonly version: number;
  readonly features: { readonly required: readonly string[]; readonly readOnly: readonly string[] };
  readonly generation: number;
  readonly pool: string;
  /** GUID of the device that carries this label. */
  readonly device: string;
  readonly layout: Layout;
  readonly groups: readonly LabelGroup[];
  /** Log devices; those of one list are copies of each other. */
  readonly logs: readonly (readonly LabelDevice[])[];
}

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

/** All devices of a pool, log devices last. */
export const devicesOf = ({ groups, logs }: Pick<Label, 'groups' | 'logs'>): readonly LabelDevice[] => [
  ...groups.flatMap(({ devices }) => devices),
  ...logs.flat(),
];

/** Those, and the ones whose places some of them are taking. */
export const knownTo = (label: Pick<Label, 'groups' | 'logs'>): readonly Omit<LabelDevice, 'former'>[] =>
  devicesOf(label).flatMap((device) => (device.former === undefined ? [device] : [device, device.former]));

/** What of this label the release must know and does not, for people; undefined when it knows all. */
export function unknownFeature({ version, features }: Label): string | undefined {
  if (version !== formatVersion) return `format version ${version}`;
  const unknown = features.required.find((feature) => !knownFeatures.required.includes(feature));
  return unknown === undefined ? undefined : `feature ${unknown}`;
}

/** A feature that this release would break by writing; undefined when there is none. */
export const unknownToWriters = ({ features }: Label): string | undefined =>
  features.readOnly.find((feature) => !knownFeatures.readOnly.includes(feature));
