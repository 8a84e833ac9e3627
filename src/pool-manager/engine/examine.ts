/** Looks at devices, writes nothing: what is on each, so that one can decide to create, to import or to refuse. */
import {
  detectSignature,
  poolSignatureType,
  signatureHeadBytes,
  signatureTailBytes,
} from '../../shared/signatures.ts';
import type { BlockDevice } from './block-device.ts';
import {
  decodeLabel,
  deviceBytesMin,
  headerBytes,
  type Label,
  labelOffsets,
  ringOffsetBytes,
  rootSlotBytes,
  rootSlots,
} from './label.ts';
import { decodeRoot, type Root } from './root.ts';

export type Finding =
  | { readonly device: BlockDevice; readonly kind: 'blank' }
  | { readonly device: BlockDevice; readonly kind: 'foreign'; readonly what: string }
  | { readonly device: BlockDevice; readonly kind: 'tooSmall' }
  /** Our magic, but no header that is what was written. */
  | { readonly device: BlockDevice; readonly kind: 'damaged' }
  | {
      readonly device: BlockDevice;
      readonly kind: 'pool';
      readonly label: Label;
      /** Valid roots of this pool. None, and untouched slots: its creation was interrupted. */
      readonly roots: readonly Root[];
      readonly untouched: boolean;
    };

export type PoolFinding = Extract<Finding, { kind: 'pool' }>;

export async function examineDevices(devices: readonly BlockDevice[]): Promise<readonly Finding[]> {
  return await Promise.all(devices.map(examine));
}

async function examine(device: BlockDevice): Promise<Finding> {
  if (device.sizeBytes < deviceBytesMin) return { device, kind: 'tooSmall' };
  const offsets = labelOffsets(device.sizeBytes);
  const headers = await Promise.all(offsets.map((offset) => device.read(offset, headerBytes)));
  const readings = headers.map(decodeLabel);
  const labels = readings.flatMap((reading) => (reading.kind === 'label' ? [reading.label] : []));
  const [label] = labels;
  if (label !== undefined) return await examineRings(device, label);
  if (readings.some((reading) => reading.kind === 'damaged')) return { device, kind: 'damaged' };
  return await examineForeign(device);
}

async function examineRings(device: BlockDevice, label: Label): Promise<Finding> {
  const size = label.groups
    .flatMap(({ devices }) => devices)
    .find(({ guid }) => guid === label.device)?.sizeBytes;
  const ringBytes = rootSlots * rootSlotBytes;
  const rings = await Promise.all(
    labelOffsets(Math.min(size ?? device.sizeBytes, device.sizeBytes)).map((offset) =>
      device.read(offset + ringOffsetBytes, ringBytes),
    ),
  );
  const roots = rings.flatMap((ring) =>
    Array.from({ length: rootSlots }, (_, i) =>
      decodeRoot(ring.subarray(i * rootSlotBytes, (i + 1) * rootSlotBytes)),
    ),
  );
  return {
    device,
    kind: 'pool',
    label,
    roots: roots.filter((root) => root !== undefined).filter((root) => root.pool === label.pool),
    untouched: rings.every((ring) => ring.every((byte) => byte === 0)),
  };
}

async function examineForeign(device: BlockDevice): Promise<Finding> {
  const end = Math.floor(device.sizeBytes / 4096) * 4096;
  const head = await device.read(0, Math.min(end, signatureHeadBytes));
  const tailBytes = Math.min(end, signatureTailBytes);
  const found = detectSignature(head, await device.read(end - tailBytes, tailBytes));
  if (found === undefined) return { device, kind: 'blank' };
  if (found.type === poolSignatureType) return { device, kind: 'damaged' };
  return { device, kind: 'foreign', what: `${found.type} (${found.kind} at ${found.where})` };
}
