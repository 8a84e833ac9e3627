/** The parameter list of EXTENDED COPY(LID1) (SPC-4 §6.5): copy targets, all of which must be this unit, and segments. */
import { sectorBytes } from './block-limits.ts';
import type { Identity } from './identity.ts';
import { CheckCondition, type Condition } from './sense.ts';

export const copyLimits = {
  targetsMax: 2,
  segmentsMax: 16,
  /** Of both kinds of descriptors together. */
  descriptorBytesMax: 1024,
  /** What the 16 bits of the shorter kind of segment can say, in sectors. */
  segmentBytesMax: 0xffff * sectorBytes,
  /** Copies of a nexus that can be asked about. */
  heldMax: 8,
} as const;

/** Ascending, as they are told (§7.8.17.6). */
export const descriptorType = { blockToBlock: 0x02, blockToBlockBytes: 0x0a, identification: 0xe4 } as const;

export interface CopySegment {
  readonly sourceLba: number;
  readonly destinationLba: number;
  readonly sectors: number;
}
export interface CopyList {
  readonly listId: number;
  /** What has become of it can be asked for by the list identifier. */
  readonly held: boolean;
  readonly segments: readonly CopySegment[];
}

const headerBytes = 16;
const targetBytes = 32;
const usage = { held: 0, discarded: 2, none: 3 } as const;

const badList = (byte: number) => new CheckCondition('invalidFieldInList', { field: { inCdb: false, byte } });
const refuse = (condition: Condition) => new CheckCondition(condition);

/** Throws CheckCondition. `list` has at least the bytes of its header. */
export function parseCopyList(list: Uint8Array, identity: Identity): CopyList {
  if (list.byteLength < headerBytes) throw refuse('parameterListLength');
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const [targetsBytes, segmentsBytes, inlineBytes] = [
    view.getUint16(2),
    view.getUint32(8),
    view.getUint32(12),
  ];
  const descriptorBytes = targetsBytes + segmentsBytes;
  if (headerBytes + descriptorBytes + inlineBytes > list.byteLength) throw refuse('parameterListLength');
  if (descriptorBytes > copyLimits.descriptorBytesMax || targetsBytes % targetBytes !== 0)
    throw refuse('parameterListLength');
  const listUsage = (view.getUint8(1) >> 3) & 3;
  if (listUsage === 1) throw badList(1);
  if (targetsBytes / targetBytes > copyLimits.targetsMax) throw refuse('tooManyTargets');
  const targets = Array.from({ length: targetsBytes / targetBytes }, (_, i) =>
    isReachable(list.subarray(headerBytes + i * targetBytes, headerBytes + (i + 1) * targetBytes), identity),
  );
  const segments = segmentsOf(
    new DataView(view.buffer, view.byteOffset + headerBytes + targetsBytes, segmentsBytes),
    targets,
  );
  return { listId: view.getUint8(0), held: listUsage === usage.held, segments };
}

/** An identification descriptor names a unit as VPD page 83 does; only our NAA name is looked for. */
function isReachable(descriptor: Uint8Array, { naa }: Identity): boolean {
  if (descriptor[0] !== descriptorType.identification) throw refuse('unsupportedTarget');
  const [designatorType = 0, nameBytes = 0] = [descriptor[5], descriptor[7]];
  const name = descriptor.subarray(8, 8 + nameBytes);
  return (designatorType & 0x3f) === 3 && Buffer.compare(name, naa) === 0;
}

function segmentsOf(view: DataView, targets: readonly boolean[]): readonly CopySegment[] {
  const segments: CopySegment[] = [];
  for (let at = 0; at < view.byteLength;) {
    if (segments.length >= copyLimits.segmentsMax) throw refuse('tooManySegments');
    // How long a descriptor is follows from its type; those that are not ours need not be as long as ours.
    const kind = segmentKinds.get(view.getUint8(at));
    if (kind === undefined) throw refuse('unsupportedSegment');
    if (at + kind.bytes > view.byteLength || view.getUint16(at + 2) !== kind.bytes - 4)
      throw refuse('parameterListLength');
    const [source, destination] = [view.getUint16(at + 4), view.getUint16(at + 6)];
    if (targets[source] !== true || targets[destination] !== true) throw refuse('copyTargetUnreachable');
    const u64 = (from: number) => view.getUint32(from) * 2 ** 32 + view.getUint32(from + 4);
    const sectors = kind.sectors(new DataView(view.buffer, view.byteOffset + at, kind.bytes));
    segments.push({ sourceLba: u64(at + 12), destinationLba: u64(at + 20), sectors });
    at += kind.bytes;
  }
  return segments;
}

interface SegmentKind {
  readonly bytes: number;
  /** How much is copied. Throws CheckCondition. */
  readonly sectors: (descriptor: DataView) => number;
}

const segmentKinds: ReadonlyMap<number, SegmentKind> = new Map([
  [descriptorType.blockToBlock, { bytes: 28, sectors: (descriptor) => descriptor.getUint16(10) }],
  [descriptorType.blockToBlockBytes, { bytes: 32, sectors: sectorsOfBytes }],
]);

/** Counted in bytes, and perhaps from within a block (§6.5.7.9): whole blocks are what we copy. */
function sectorsOfBytes(descriptor: DataView): number {
  const bytes = descriptor.getUint32(8);
  if (bytes % sectorBytes !== 0 || bytes > copyLimits.segmentBytesMax) throw badList(8);
  if (descriptor.getUint32(28) !== 0) throw badList(28);
  return bytes / sectorBytes;
}
