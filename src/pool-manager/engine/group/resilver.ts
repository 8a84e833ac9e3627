/**
 * Copies to a device what it lacks, while the pool serves: segments that were written after the root up to which it has
 * everything, in order of number. It gets all new writes meanwhile, so segments that were opened later are whole on it.
 *
 * Data is judged before it is copied, and parity is computed anew. How far it got stands in the root (`cursor`), and a
 * restart goes on there. When all is copied and flushed, and a root is behind what was logged while it was away (the log is
 * not copied to it), the next root says that it is current; it is when that root is durable.
 */
import { must } from '../../../shared/assert.ts';
import type { ColumnGroup } from './column-group.ts';
import { readUnits } from './column-read.ts';
import { forgetFormer } from './device-exchange.ts';
import type { DeviceSet } from './device-set.ts';
import { chunkBytes } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { inUse, type Member } from './member.ts';
import { reconstruct } from './reconstruct.ts';
import type { UnitCheck } from './segment-group.ts';

/** What the resilver asks of the space. */
export interface ResilverSource {
  /** Segments that are not free and were written after checkpoint `afterTxg`, in order. */
  segmentsWritten(group: number, afterTxg: number): Iterable<number>;
  isFree(group: number, segment: number): boolean;
  /** The judge of a segment's units, by unit of the segment; undefined: nothing is known of them. */
  judge(group: number, segment: number): Promise<UnitCheck | undefined>;
  /** Resolves when all that was logged up to now is in a root. */
  rooted(): Promise<void>;
  /** Keeps segments from being given out anew meanwhile. */
  pin(run: () => Promise<void>): Promise<void>;
}

export interface ResilverProgress {
  readonly device: string;
  readonly guid: string;
  readonly doneSegments: number;
  readonly totalSegments: number;
  readonly copiedBytes: number;
}

interface Task {
  readonly group: ColumnGroup;
  readonly member: Member;
  /** The device and the root it began with; another one makes another task. */
  readonly device: Member['device'];
  readonly joinTxg: number;
  readonly segments: readonly number[];
  done: number;
  copiedBytes: number;
}

/** 1 MiB of each column. */
const windowRows = 64;

export class Resilver {
  readonly #set: DeviceSet;
  readonly #source: ResilverSource;
  #tasks: Task[] = [];

  constructor(set: DeviceSet, source: ResilverSource) {
    this.#set = set;
    this.#source = source;
  }

  /** Whether a device lacks anything. */
  get isNeeded(): boolean {
    return this.#set.groups.some(({ core }) => core.members.some((member) => isSyncing(member)));
  }

  progress(): readonly ResilverProgress[] {
    return this.#tasks.map(({ member, segments, done, copiedBytes }) => ({
      device: member.name,
      guid: member.guid,
      doneSegments: done,
      totalSegments: segments.length,
      copiedBytes,
    }));
  }

  /** Copies one segment to one device; answers whether something is left to do. Rejects with GroupFailure. */
  async step(): Promise<boolean> {
    this.#tasks = this.#tasks.filter(isValid);
    const task = this.#tasks[0] ?? this.#next();
    if (task === undefined) return false;
    const segment = task.segments[task.done];
    if (segment === undefined) await this.#complete(task);
    else {
      if (!this.#source.isFree(task.group.index, segment))
        await this.#source.pin(() => this.#copy(task, segment));
      if (!isValid(task)) return this.isNeeded;
      task.done++;
      task.member.cursor = segment + 1;
    }
    return this.isNeeded;
  }

  #next(): Task | undefined {
    for (const group of this.#set.groups)
      for (const member of group.core.members) {
        if (!isSyncing(member)) continue;
        const written = [...this.#source.segmentsWritten(group.index, member.goodTxg)];
        const { device, joinTxg, cursor } = member;
        const segments = written.filter((each) => each >= cursor && !group.core.has(member, each));
        const task = { group, member, device, joinTxg, segments, done: 0, copiedBytes: 0 };
        this.#tasks.push(task);
        return task;
      }
    return undefined;
  }

  async #copy(task: Task, segment: number): Promise<void> {
    const { group, member } = task;
    const rows = await group.settle(segment);
    const judge = await this.#source.judge(group.index, segment);
    for (let row = 0; row < rows && isValid(task); row += windowRows)
      task.copiedBytes += await copyRows(group.core, member, {
        segment,
        row,
        rows: Math.min(windowRows, rows - row),
        judge,
      });
    group.core.throwIfFailed();
  }

  async #complete(task: Task): Promise<void> {
    const { group, member } = task;
    await this.#source.rooted();
    await group.core.flush(member);
    if (!isValid(task)) return;
    member.isCopied = true;
    // Nobody relies on it before a root says so: not the next replacement, nor who sees that all is well.
    await this.#source.rooted();
    if (!isValid(task)) return;
    member.state = 'current';
    member.reason = undefined;
    this.#tasks = this.#tasks.filter((other) => other !== task);
    await forgetFormer(this.#set, member);
    this.#set.onChange();
  }
}

const isSyncing = (member: Member): boolean => member.state === 'syncing' && inUse(member) !== undefined;

const isValid = ({ member, device, joinTxg }: Task): boolean =>
  isSyncing(member) && member.device === device && member.joinTxg === joinTxg;

interface Window {
  readonly segment: number;
  readonly row: number;
  readonly rows: number;
  readonly judge: UnitCheck | undefined;
}

/** Answers how many bytes were written. */
async function copyRows(core: GroupCore, member: Member, window: Window): Promise<number> {
  const { segment, row, rows, judge } = window;
  const { dataColumns } = core.shape;
  const rowUnits = (core.segmentUnits / core.segmentRows) * row;
  const count = (core.segmentUnits / core.segmentRows) * rows;
  const isGood: UnitCheck = (index, bytes, from) => judge?.(rowUnits + index, bytes, from) ?? true;
  // what nobody has any more stays as it is on the devices: the parity is of that
  const { bytes } = await readUnits(core, segment, rowUnits, count, isGood);
  const column = core.members.findIndex((_, i) => core.memberOf(segment, i) === member);
  const pieces = Array.from({ length: dataColumns }, (_, k) => pieceOf(bytes, k, dataColumns, rows));
  const piece =
    column < dataColumns
      ? must(pieces[column], 'the data column')
      : reconstruct(core.arena, core.shape, column, [...pieces.keys()], pieces);
  await core.write(member, core.offsetBytes(segment, row * chunkBytes), piece);
  return piece.byteLength;
}

/** The part of one data column in rows of data. */
function pieceOf(bytes: Uint8Array, column: number, dataColumns: number, rows: number): Uint8Array {
  if (dataColumns === 1) return bytes;
  const piece = new Uint8Array(rows * chunkBytes);
  for (let row = 0; row < rows; row++) {
    const from = (row * dataColumns + column) * chunkBytes;
    piece.set(bytes.subarray(from, from + chunkBytes), row * chunkBytes);
  }
  return piece;
}
