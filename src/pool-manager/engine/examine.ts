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
import { decodeRoot, firstTxg, type Root, slotOf } from './root.ts';

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
      /** Valid roots of this pool. */
      readonly roots: readonly Root[];
      /** There never was a root: its creation was interrupted, and it holds nothing. */
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
  if (readings.some((reading) => reading.kind === 'damaged')) return await examineDamaged(device, offsets);
  return await examineForeign(device);
}

const ringBytes = rootSlots * rootSlotBytes;

async function readRings(device: BlockDevice, labels: readonly number[]): Promise<readonly Uint8Array[]> {
  return await Promise.all(labels.map((offset) => device.read(offset + ringOffsetBytes, ringBytes)));
}

/** Whether no root beyond the first was ever written there: only a creation that was interrupted looks like that. */
const isUntouched = (rings: readonly Uint8Array[]): boolean =>
  rings.every((ring) =>
    ring.every((byte, i) => byte === 0 || Math.floor(i / rootSlotBytes) === slotOf(firstTxg)),
  );

/** A header that is torn, over rings that nobody used, is a creation that was interrupted. */
async function examineDamaged(device: BlockDevice, labels: readonly number[]): Promise<Finding> {
  const rings = await readRings(device, labels);
  const isBlank = rings.every((ring) => ring.every((byte) => byte === 0));
  return { device, kind: isBlank ? 'blank' : 'damaged' };
}

async function examineRings(device: BlockDevice, label: Label): Promise<Finding> {
  const size = label.groups
    .flatMap(({ devices }) => devices)
    .find(({ guid }) => guid === label.device)?.sizeBytes;
  const rings = await readRings(device, labelOffsets(Math.min(size ?? device.sizeBytes, device.sizeBytes)));
  const slots = rings.flatMap((ring) =>
    Array.from({ length: rootSlots }, (_, i) =>
      decodeRoot(ring.subarray(i * rootSlotBytes, (i + 1) * rootSlotBytes)),
    ),
  );
  const roots = slots.filter((root) => root !== undefined).filter((root) => root.pool === label.pool);
  return { device, kind: 'pool', label, roots, untouched: roots.length === 0 && isUntouched(rings) };
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
