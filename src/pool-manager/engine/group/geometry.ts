/**
 * Where things lie on a device (docs/disk-format.md):
 *
 *   label 1 MiB │ log ring │ segment 0 │ segment 1 │ … │ label 1 MiB
 *
 * Everything begins at a multiple of 256 KiB, but for the back label, which begins at one of 4 KiB.
 */
import { blockBytes } from '../../../shared/block-size.ts';

const [kib, mib, gib] = [1024, 1024 ** 2, 1024 ** 3];

export const chunkBytes = 16 * kib;
export const chunkUnits = chunkBytes / blockBytes;
/** What leaves in one write per device: 256 KiB at least, and more where the columns are few. */
const stripRowsMin = 16;
const stripRowsMax = 64;

/** Rows that leave together: a megabyte of data, or all of a segment. */
export const stripRowsFor = (dataColumns: number, segmentRows: number): number =>
  Math.min(segmentRows, Math.max(stripRowsMin, stripRowsMax / 2 ** Math.ceil(Math.log2(dataColumns))));

export const labelBytes = mib;
/** Smaller ones are refused: labels, log and reserve would leave nothing. */
export const deviceBytesMin = 16 * mib;
/** In a pool, log devices included: what a root has room for. */
export const devicesMax = 64;

/** Of a group: names of places have 24 bits for them. */
export const segmentsMax = 2 ** 24;

/** Of a pool: numbers of segments have 30 bits. */
export const poolSegmentsMax = 2 ** 30 - 1;

const granuleBytes = 256 * kib;

/** Bytes of a segment on each device: 4 MiB, or 1/1024 of a device below 4 GiB. */
export const segmentBytesFor = (deviceBytes: number): number =>
  deviceBytes >= 4 * gib
    ? 4 * mib
    : Math.max(1, Math.round(deviceBytes / 1024 / granuleBytes)) * granuleBytes;

/**
 * Bytes of the log ring on each device: a 64th of it, and of one of a gigabyte or more 64 MiB at least. Half of it is what
 * may be flushed in small pieces between two checkpoints.
 */
export function logBytesFor(deviceBytes: number): number {
  const least = deviceBytes >= gib ? 64 * mib : mib;
  return Math.min(gib, Math.max(least, Math.floor(deviceBytes / 64 / granuleBytes) * granuleBytes));
}

/** Where the labels of a device of this size begin. */
export const labelOffsets = (deviceBytes: number): readonly [number, number] => [
  0,
  Math.floor(deviceBytes / blockBytes) * blockBytes - labelBytes,
];

/** Of the front label, where a copy of its header stands. */
const headerCopyOffsetBytes = 32 * kib;

/** Where headers stand, in the order in which they are written. The front ones are found whatever a device has grown by since. */
export function headerOffsets(deviceBytes: number): readonly [back: number, copy: number, front: number] {
  const [front, back] = labelOffsets(deviceBytes);
  return [back, front + headerCopyOffsetBytes, front];
}

/** Segments that fit on a device behind label and log. */
export const segmentsOf = (deviceBytes: number, logBytes: number, segmentBytes: number): number =>
  Math.min(segmentsMax, Math.max(0, Math.floor((deviceBytes - 2 * labelBytes - logBytes) / segmentBytes)));

export type Layout = 'stripe' | 'mirror' | 'raidz' | 'raidz2';

export interface GroupShape {
  readonly dataColumns: number;
  readonly parityColumns: number;
  /** Parity is a copy of the one data column. */
  readonly isMirror: boolean;
}

/** Devices that a group of the layout may have. */
export const widths: { readonly [L in Layout]: { readonly min: number; readonly max: number } } = {
  stripe: { min: 1, max: 1 },
  mirror: { min: 2, max: 8 },
  raidz: { min: 3, max: 32 },
  raidz2: { min: 4, max: 32 },
};

export function shapeOf(layout: Layout, devices: number): GroupShape {
  switch (layout) {
    case 'stripe':
    case 'mirror':
      return { dataColumns: 1, parityColumns: devices - 1, isMirror: true };
    case 'raidz':
      return { dataColumns: devices - 1, parityColumns: 1, isMirror: false };
    case 'raidz2':
      return { dataColumns: devices - 2, parityColumns: 2, isMirror: false };
  }
}

/** A unit of a segment: which row, which data column, and how far into the column's part of the segment. */
export const rowOf = (unit: number, dataColumns: number): number =>
  Math.floor(unit / (chunkUnits * dataColumns));
export const columnOf = (unit: number, dataColumns: number): number =>
  Math.floor(unit / chunkUnits) % dataColumns;
export const columnOffsetOf = (unit: number, dataColumns: number): number =>
  rowOf(unit, dataColumns) * chunkBytes + (unit % chunkUnits) * blockBytes;

/** Which device of the group carries a column: they rotate, so that parity is spread over all devices. */
export const deviceOf = (segment: number, column: number, columns: number): number =>
  (column + segment) % columns;
