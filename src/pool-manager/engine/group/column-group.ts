/** A group of devices behind the port of segment-group.ts. */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { chunkUnits, columnOf, columnOffsetOf } from './geometry.ts';
import { readUnits, takeUnits } from './column-read.ts';
import { verifyUnits } from './column-verify.ts';
import { GroupCore } from './group-core.ts';
import type { GroupOptions } from './group-layout.ts';
import { inUse } from './member.ts';
import type {
  GroupReading,
  GroupVerification,
  SegmentGroup,
  SegmentWriter,
  UnitCheck,
  UnitChoice,
  UnitsTaken,
} from './segment-group.ts';
import { StripWriter } from './strip-writer.ts';
import { DeviceError } from '../block-device.ts';

/** Sends under way beyond which the group is busy: four strips of 256 KiB on each device. */
const sendsMax = 4;

export class ColumnGroup implements SegmentGroup {
  readonly core: GroupCore;
  readonly index: number;
  readonly dataColumns: number;
  readonly parityColumns: number;
  readonly rowUnits: number;
  readonly #writers = new Set<StripWriter>();
  #waiting: (() => void)[] = [];

  constructor(options: GroupOptions) {
    this.core = new GroupCore({
      ...options,
      onFailure: (failure) => {
        options.onFailure(failure);
        this.#wake();
      },
    });
    this.index = options.index;
    this.dataColumns = options.shape.dataColumns;
    this.parityColumns = options.shape.parityColumns;
    this.rowUnits = this.dataColumns * chunkUnits;
  }

  get segments(): number {
    return this.core.segments;
  }
  get segmentUnits(): number {
    return this.core.segmentUnits;
  }
  get openTxg(): number {
    return this.core.openTxg;
  }
  set openTxg(txg: number) {
    assert(txg >= this.core.openTxg, 'transaction groups go up');
    this.core.openTxg = txg;
  }

  get isBusy(): boolean {
    let inFlight = 0;
    for (const writer of this.#writers) inFlight += writer.inFlight;
    return inFlight >= sendsMax;
  }

  async ready(): Promise<void> {
    while (this.isBusy && this.core.failure === undefined)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.core.throwIfFailed();
  }

  open(segment: number): SegmentWriter {
    this.#checkSegment(segment);
    for (const { segment: other } of this.#writers) assert(other !== segment, `segment ${segment} is free`);
    const writer = new StripWriter(this.core, segment, () => {
      if (writer.isIdle) this.#writers.delete(writer);
      this.#wake();
    });
    this.#writers.add(writer);
    return writer;
  }

  async read(segment: number, unit: number, count: number, isGood: UnitCheck): Promise<GroupReading> {
    this.#checkUnits(segment, unit, count);
    return await readUnits(this.core, segment, unit, count, isGood);
  }

  take(
    segment: number,
    unit: number,
    count: number,
    take: UnitCheck,
    done: UnitsTaken,
    isWanted?: UnitChoice,
  ): void {
    this.#checkUnits(segment, unit, count);
    takeUnits(this.core, { segment, unit, count }, take, done, isWanted);
  }

  async verify(
    segment: number,
    unit: number,
    count: number,
    isGood: UnitCheck,
    isKnown: (index: number) => boolean = () => true,
  ): Promise<GroupVerification> {
    this.#checkUnits(segment, unit, count);
    return await verifyUnits(this.core, { segment, unit, count, isKnown }, isGood);
  }

  async rewrite(segment: number, unit: number, bytes: Uint8Array): Promise<void> {
    this.#checkUnits(segment, unit, 1);
    assert(bytes.byteLength === blockBytes, 'one unit');
    const { core } = this;
    const { dataColumns, isMirror } = core.shape;
    const columns = isMirror ? core.members.map((_, column) => column) : [columnOf(unit, dataColumns)];
    const offset = core.offsetBytes(segment, columnOffsetOf(unit, dataColumns));
    const members = columns.map((column) => core.memberOf(segment, column));
    await Promise.all(
      members
        .filter((member) => core.has(member, segment)) // what a device missed is copied to it in order
        .map((member) => core.mend(member, offset, bytes)),
    );
  }

  async flush(): Promise<void> {
    await Promise.all(this.core.members.map((member) => this.core.flush(member)));
    this.core.throwIfFailed();
    await this.core.options.noted();
    this.core.throwIfFailed();
  }

  async discard(segment: number): Promise<void> {
    this.#checkSegment(segment);
    const { segmentBytes } = this.core.options;
    await Promise.all(
      this.core.members.map(async (member) => {
        try {
          await inUse(member)?.discard(this.core.offsetBytes(segment, 0), segmentBytes);
        } catch (error) {
          if (!(error instanceof DeviceError)) throw error;
          member.ioErrors++;
        }
      }),
    );
  }

  firstTxg(segment: number): number {
    return this.core.firstTxgs[segment] ?? 0;
  }
  lastTxg(segment: number): number {
    return this.core.lastTxgs[segment] ?? 0;
  }
  restoreTxgs(segment: number, first: number, last: number): void {
    this.#checkSegment(segment);
    this.core.firstTxgs[segment] = first;
    this.core.lastTxgs[segment] = last;
  }

  /** Waits for what was sent of a segment; answers how many of its rows may be on the devices. */
  async settle(segment: number): Promise<number> {
    this.#checkSegment(segment);
    let rows = this.core.segmentRows;
    for (const writer of this.#writers)
      if (writer.segment === segment) {
        rows = writer.sentRows;
        await writer.drained();
      }
    return rows;
  }

  /** Resolves when all that was sent before is written. */
  async drained(): Promise<void> {
    await Promise.all([...this.#writers].map((writer) => writer.drained()));
  }

  /** Buffers go back; what was not sent is lost. */
  abandon(): void {
    for (const writer of this.#writers) writer.abandon();
    this.#writers.clear();
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #checkSegment(segment: number): void {
    assert(segment >= 0 && segment < this.segments, `group ${this.index} has segment ${segment}`);
  }

  #checkUnits(segment: number, unit: number, count: number): void {
    this.#checkSegment(segment);
    assert(
      unit >= 0 && count > 0 && unit + count <= this.segmentUnits,
      `units ${unit}+${count} are of a segment`,
    );
  }
}
