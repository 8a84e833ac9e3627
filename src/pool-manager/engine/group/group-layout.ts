/** What a group is made of, where things lie on its members, and which member has what. */
import { must } from '../../../shared/assert.ts';
import type { Arena } from './arena.ts';
import { chunkBytes, chunkUnits, deviceOf, type GroupShape, stripRowsFor } from './geometry.ts';
import type { Member } from './member.ts';
import type { GroupFailure } from './segment-group.ts';

/** A disk that errs so often in a row has failed, whatever it says. */
export const ioErrorsInRowMax = 16;

export interface GroupOptions {
  readonly index: number;
  readonly shape: GroupShape;
  readonly members: readonly Member[];
  readonly segmentBytes: number;
  /** Where segment 0 begins on each device. */
  readonly segmentsOffset: number;
  readonly segments: number;
  readonly arena: Arena;
  /** Nothing is written, not even a repair. */
  readonly readOnly: boolean;
  /** Undefined: go on. Otherwise nothing is written before it resolves (owner.ts). */
  readonly permit: () => Promise<void> | undefined;
  /** A member is out of use. */
  readonly onChange: () => void;
  /** Undefined: nothing to wait for. Otherwise resolves when it is durable which members are out of use. */
  readonly noted: () => Promise<void> | undefined;
  readonly onFailure: (failure: GroupFailure) => void;
}

export class GroupLayout {
  readonly options: GroupOptions;
  readonly shape: GroupShape;
  readonly columns: number;
  readonly arena: Arena;
  readonly members: Member[];
  readonly segmentRows: number;
  /** Rows of a segment that leave together. */
  readonly stripRows: number;
  segments: number;
  openTxg = 1;
  firstTxgs: Float64Array;
  lastTxgs: Float64Array;
  #turn = 0;

  constructor(options: GroupOptions) {
    this.options = options;
    this.shape = options.shape;
    this.columns = options.shape.dataColumns + options.shape.parityColumns;
    this.arena = options.arena;
    this.members = [...options.members];
    this.segmentRows = options.segmentBytes / chunkBytes;
    this.stripRows = stripRowsFor(options.shape.dataColumns, this.segmentRows);
    this.segments = options.segments;
    this.firstTxgs = new Float64Array(options.segments);
    this.lastTxgs = new Float64Array(options.segments);
  }

  get segmentUnits(): number {
    return this.segmentRows * chunkUnits * this.shape.dataColumns;
  }

  grow(segments: number): void {
    const longer = (old: Float64Array) => {
      const grown = new Float64Array(segments);
      grown.set(old);
      return grown;
    };
    this.firstTxgs = longer(this.firstTxgs);
    this.lastTxgs = longer(this.lastTxgs);
    this.segments = segments;
  }

  /** The member that carries a column of a segment. */
  memberOf(segment: number, column: number): Member {
    return must(this.members[deviceOf(segment, column, this.columns)], 'a device for each column');
  }

  offsetBytes(segment: number, columnOffset: number): number {
    return this.options.segmentsOffset + segment * this.options.segmentBytes + columnOffset;
  }

  /** Whether the member has all of the segment. */
  has(member: Member, segment: number): boolean {
    if (member.state === 'current') return true;
    if (member.state === 'failed') return false;
    const last = this.lastTxgs[segment] ?? 0; // 0: its record has not been read yet
    return (
      segment < member.cursor ||
      (last > 0 && last <= member.goodTxg) ||
      (this.firstTxgs[segment] ?? 0) > member.joinTxg
    );
  }

  /** Who can be asked for what the member's column has of the segment: the device whose place it takes, until it has it itself. */
  sourceOf(member: Member, segment: number): Member | undefined {
    if (this.has(member, segment)) return member;
    const { former, joinTxg } = member;
    const last = this.lastTxgs[segment] ?? 0;
    const isBefore = last > 0 && last < joinTxg; // what was written when they changed places may be on either
    return isBefore && former !== undefined && last <= former.goodTxg && isAsked(former) ? former : undefined;
  }

  /** Whether some column is on the way from one device to another. */
  get hasFormer(): boolean {
    return this.members.some(({ former }) => former !== undefined && isAsked(former));
  }

  /** A number that differs from read to read. */
  nextTurn(): number {
    return (this.#turn = (this.#turn + 1) & 0xffff);
  }
}

/** One that errs all the time is given up. */
export const isAsked = ({ device, errorsInRow }: Member): boolean =>
  device !== undefined && errorsInRow < ioErrorsInRowMax;
