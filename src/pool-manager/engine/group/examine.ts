/** Looks at devices, writes nothing: what is on each, so that one can decide to create, to import or to refuse. */
import { blockBytes } from '../../../shared/block-size.ts';
import {
  detectSignature,
  poolSignatureType,
  signatureHeadBytes,
  signatureTailBytes,
} from '../../../shared/signatures.ts';
import { type BlockDevice, DeviceError } from '../block-device.ts';
import { deviceBytesMin, headerOffsets, labelOffsets } from './geometry.ts';
import {
  decodeLabel,
  devicesOf,
  headerBytes,
  type Label,
  type LabelReading,
  ringOffsetBytes,
  rootSlotBytes,
  rootSlots,
  statesOffsetBytes,
  statesSlots,
} from './label.ts';
import { type DeviceStates, decodeStates } from './device-states.ts';
import { decodeRoot, firstTxg, type Root, slotOf } from './root.ts';

export type Finding =
  | { readonly device: BlockDevice; readonly kind: 'blank' }
  | { readonly device: BlockDevice; readonly kind: 'foreign'; readonly what: string }
  | { readonly device: BlockDevice; readonly kind: 'tooSmall' }
  /** Neither end can be read. */
  | { readonly device: BlockDevice; readonly kind: 'unreadable'; readonly why: string }
  /** Our magic, but no header that is what was written. */
  | { readonly device: BlockDevice; readonly kind: 'damaged' }
  | {
      readonly device: BlockDevice;
      readonly kind: 'pool';
      readonly label: Label;
      /** Valid roots of this pool. */
      readonly roots: readonly Root[];
      /** What became of devices since (device-states.ts). */
      readonly states: readonly DeviceStates[];
      /** There never was a root: its creation was interrupted, and it holds nothing. */
      readonly untouched: boolean;
    };

export type PoolFinding = Extract<Finding, { kind: 'pool' }>;

export async function examineDevices(devices: readonly BlockDevice[]): Promise<readonly Finding[]> {
  return await Promise.all(devices.map(examine));
}

async function examine(device: BlockDevice): Promise<Finding> {
  if (device.sizeBytes < deviceBytesMin) return { device, kind: 'tooSmall' };
  try {
    return await examineReadable(device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { device, kind: 'unreadable', why: error.message };
  }
}

/** Throws DeviceError when neither end can be read, or what is there is no pool's and can not be read. */
async function examineReadable(device: BlockDevice): Promise<Finding> {
  const offsets = labelOffsets(device.sizeBytes);
  const own = (await readSome(device, offsets, headerBytes)).map(decodeLabel);
  // The copy stands for a header that was torn: where both are gone somebody has wiped the device.
  const isOurs = own.some(({ kind }) => kind !== 'none');
  const [, copy] = headerOffsets(device.sizeBytes);
  const readings = isOurs ? [...own, ...(await readCopy(device, copy))] : own;
  const labels = readings.flatMap((reading) => (reading.kind === 'label' ? [reading.label] : []));
  const label = labels.toSorted((a, b) => b.generation - a.generation)[0];
  if (label !== undefined) return await examineRings(device, label);
  if (readings.some((reading) => reading.kind === 'damaged')) return await examineDamaged(device, offsets);
  return await examineForeign(device);
}

async function readCopy(device: BlockDevice, offset: number): Promise<readonly LabelReading[]> {
  try {
    return [decodeLabel(await device.read(offset, headerBytes))];
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return []; // one of the others could be read
  }
}

const ringBytes = rootSlots * rootSlotBytes;

async function readRings(device: BlockDevice, labels: readonly number[]): Promise<readonly Uint8Array[]> {
  return await readSome(
    device,
    labels.map((offset) => offset + ringOffsetBytes),
    ringBytes,
  );
}

/** What can be read of several places; throws the first DeviceError when nothing can. */
async function readSome(
  device: BlockDevice,
  offsets: readonly number[],
  lengthBytes: number,
): Promise<readonly Uint8Array[]> {
  const read = await Promise.allSettled(offsets.map((offset) => device.read(offset, lengthBytes)));
  const failed = read.filter((each) => each.status === 'rejected');
  const other = failed.find(({ reason }) => !(reason instanceof DeviceError)) ?? failed[0];
  if (other !== undefined && (failed.length === read.length || !(other.reason instanceof DeviceError)))
    throw other.reason;
  return read.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}

const isZero = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, blockBytes).equals(zeros);
const zeros = new Uint8Array(blockBytes);

const slotsOf = (ring: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: rootSlots }, (_, i) => ring.subarray(i * rootSlotBytes, (i + 1) * rootSlotBytes));

/** Both rings should hold the same: what does is looked at once. */
const slotsThatDiffer = ([front, back]: readonly Uint8Array[]): readonly Uint8Array[] => [
  ...(front === undefined ? [] : slotsOf(front)),
  ...(back === undefined ? [] : slotsOf(back)).filter((slot, i) => {
    const at = i * rootSlotBytes;
    return front === undefined || Buffer.compare(slot, front.subarray(at, at + rootSlotBytes)) !== 0;
  }),
];

/** Whether no root beyond the first was ever written there: only a creation that was interrupted looks like that. */
const isUntouched = (rings: readonly Uint8Array[]): boolean =>
  rings.every((ring) => slotsOf(ring).every((slot, i) => i === slotOf(firstTxg) || isZero(slot)));

/** A header that is torn, over rings that nobody used, is a creation that was interrupted. */
async function examineDamaged(device: BlockDevice, labels: readonly number[]): Promise<Finding> {
  const rings = await readRings(device, labels);
  const isBlank = rings.every((ring) => slotsOf(ring).every(isZero));
  return { device, kind: isBlank ? 'blank' : 'damaged' };
}

async function examineRings(device: BlockDevice, label: Label): Promise<Finding> {
  // a label of another version says nothing that can be relied on here
  const size = devicesOf({ groups: label.groups, logs: label.logs ?? [] }).find(
    ({ guid }) => guid === label.device,
  )?.sizeBytes;
  const offsets = labelOffsets(Math.min(size ?? device.sizeBytes, device.sizeBytes));
  const rings = await readRings(device, offsets);
  const notes = await readSome(
    device,
    offsets.map((offset) => offset + statesOffsetBytes),
    statesSlots * rootSlotBytes,
  );
  const roots = slotsThatDiffer(rings)
    .map(decodeRoot)
    .filter((root) => root !== undefined)
    .filter((root) => root.pool === label.pool);
  const states = notes.flatMap(decodeStates);
  return { device, kind: 'pool', label, roots, states, untouched: roots.length === 0 && isUntouched(rings) };
}

async function examineForeign(device: BlockDevice): Promise<Finding> {
  const end = Math.floor(device.sizeBytes / blockBytes) * blockBytes;
  const head = await device.read(0, Math.min(end, signatureHeadBytes));
  const tailBytes = Math.min(end, signatureTailBytes);
  const found = detectSignature(head, await device.read(end - tailBytes, tailBytes));
  if (found === undefined) return { device, kind: 'blank' };
  if (found.type === poolSignatureType) return { device, kind: 'damaged' };
  return { device, kind: 'foreign', what: `${found.type} (${found.kind} at ${found.where})` };
}

/** For messages. */
export const describeFindings = (findings: readonly Finding[]): string =>
  findings.map((finding) => `${finding.device.name} ${describe(finding)}`).join(', ');

function describe(finding: Finding): string {
  switch (finding.kind) {
    case 'blank':
      return 'is blank';
    case 'foreign':
      return `carries ${finding.what}`;
    case 'tooSmall':
      return 'is too small';
    case 'damaged':
      return 'has a damaged label';
    case 'unreadable':
      return `can not be read (${finding.why})`;
    case 'pool':
      return `is ${finding.label.device}`;
  }
}
