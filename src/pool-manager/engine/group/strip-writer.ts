/**
 * Writes one segment from front to back. Units are copied to their place in the buffers of their strip (`stripRows`); a
 * full strip gets its parity and leaves, one write per device. Sealing sends the rows there are; the strip goes on behind
 * them, and nothing that was sent is sent again.
 */
import { assert, must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { type Arena, stripBytes } from './arena.ts';
import { chunkBytes, chunkUnits } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import type { SegmentWriter } from './segment-group.ts';

interface Strip {
  /** Buffer of each column; in a mirror all columns share one. */
  readonly buffers: readonly number[];
  /** Writes of rows that are under way. */
  inFlight: number;
  isComplete: boolean;
}

export class StripWriter implements SegmentWriter {
  readonly segment: number;
  units = 0;
  stagedAt = 0;
  readonly #core: GroupCore;
  readonly #onWritten: () => void;
  readonly #strips: (Strip | undefined)[] = [];
  readonly #sends = new Set<Promise<void>>();
  readonly #total: number;
  readonly #rowUnits: number;
  /** Units of a strip, and arena strips of each of its buffers. */
  readonly #stripUnits: number;
  readonly #bufferStrips: number;
  /** Where the next unit goes, −1 where its chunk has not been looked up. */
  #nextAt = -1;
  #sentRows = 0;
  #isFinished = false;

  /** `onWritten` is called when a send has been answered by all devices, and when nothing is left to do. */
  constructor(core: GroupCore, segment: number, onWritten: () => void) {
    this.#core = core;
    this.segment = segment;
    this.#total = core.segmentUnits;
    this.#rowUnits = chunkUnits * core.shape.dataColumns;
    this.#stripUnits = core.stripRows * this.#rowUnits;
    this.#bufferStrips = 2 ** Math.ceil(Math.log2((core.stripRows * chunkBytes) / stripBytes));
    this.#onWritten = onWritten;
    core.firstTxgs[segment] = core.lastTxgs[segment] = core.openTxg;
  }

  get room(): number {
    return this.#isFinished ? 0 : this.#total - this.units;
  }
  get sentRows(): number {
    return this.#sentRows;
  }
  /** Sends that are under way. */
  get inFlight(): number {
    return this.#sends.size;
  }
  get isIdle(): boolean {
    return this.#isFinished && this.#sends.size === 0;
  }

  append(bytes: Uint8Array, from: number): number {
    assert(this.room > 0, `segment ${this.segment} has room`);
    const unit = this.units;
    const to = this.#next();
    const arena = this.#core.arena.bytes;
    if (bytes === arena) {
      if (from !== to) arena.copyWithin(to, from, from + blockBytes);
    } else arena.set(bytes.byteLength === blockBytes ? bytes : bytes.subarray(from, from + blockBytes), to);
    this.units = unit + 1;
    this.#nextAt = this.units % chunkUnits === 0 ? -1 : to + blockBytes;
    if (this.units % this.#stripUnits === 0 || this.units === this.#total) this.#send();
    return unit;
  }

  stage(arena: Arena): number {
    if (arena !== this.#core.arena || this.room === 0) return 0;
    this.stagedAt = this.#next();
    const run = this.#rowUnits === chunkUnits ? this.#stripUnits : chunkUnits;
    return Math.min(run - (this.units % run), this.#total - this.units);
  }

  appendStaged(count: number): void {
    const to = this.#next();
    assert(to === this.stagedAt && count <= this.room, 'what was staged is what comes next');
    this.units += count;
    this.#nextAt = this.units % chunkUnits === 0 ? -1 : to + count * blockBytes;
    if (this.units % this.#stripUnits === 0 || this.units === this.#total) this.#send();
  }

  peek(unit: number): Uint8Array | undefined {
    if (unit >= this.units) return undefined;
    const to = this.#place(unit, false);
    return to < 0 ? undefined : this.#core.arena.view(to, blockBytes);
  }

  seal(): void {
    const rows = Math.ceil(this.units / this.#rowUnits);
    if (rows === this.#sentRows) return;
    this.#nextAt = -1;
    for (; this.units < rows * this.#rowUnits; this.units++) {
      const at = this.#place(this.units, true);
      this.#core.arena.bytes.fill(0, at, at + blockBytes);
    }
    this.#send();
  }

  isSent(unit: number): boolean {
    return unit < this.#sentRows * this.#rowUnits;
  }

  async drained(): Promise<void> {
    await Promise.all(this.#sends);
    this.#core.throwIfFailed();
  }

  finish(): void {
    this.seal();
    this.#isFinished = true;
    const strip = this.#strips.at(-1);
    if (strip !== undefined) {
      strip.isComplete = true;
      this.#giveBack(this.#strips.length - 1, strip);
    }
    if (this.isIdle) this.#onWritten();
  }

  /** For tests and failed pools: buffers go back when the devices are done with them; what was not sent is lost. */
  abandon(): void {
    this.#isFinished = true;
    for (const [index, strip] of this.#strips.entries()) {
      if (strip === undefined) continue;
      strip.isComplete = true;
      this.#giveBack(index, strip);
    }
  }

  /** Where the next unit goes; its strip is open then. */
  #next(): number {
    if (this.#nextAt < 0) this.#nextAt = this.#place(this.units, true);
    return this.#nextAt;
  }

  /** Where a unit lies in the arena; −1 when its strip is written. */
  #place(unit: number, mayOpen: boolean): number {
    const { stripRows } = this.#core;
    const { dataColumns } = this.#core.shape;
    const chunk = Math.floor(unit / chunkUnits);
    const row = Math.floor(chunk / dataColumns);
    const index = Math.floor(row / stripRows);
    let strip = this.#strips[index];
    if (strip === undefined) {
      if (!mayOpen) return -1;
      strip = this.#open(index);
    }
    const buffer = strip.buffers[chunk - row * dataColumns] ?? 0;
    return buffer + (row % stripRows) * chunkBytes + (unit % chunkUnits) * blockBytes;
  }

  #open(index: number): Strip {
    assert(index === this.#strips.length, 'strips are filled in order');
    const { isMirror } = this.#core.shape;
    const count = isMirror ? 1 : this.#core.columns;
    const buffers = Array.from({ length: count }, () => this.#core.arena.take(this.#bufferStrips));
    const strip: Strip = { buffers, inFlight: 0, isComplete: false };
    this.#strips.push(strip);
    return strip;
  }

  /** All rows that are full and not sent; they are of one strip. */
  #send(): void {
    const core = this.#core;
    const { stripRows } = core;
    const from = this.#sentRows;
    const to = this.units / this.#rowUnits;
    const index = Math.floor(from / stripRows);
    assert(Number.isInteger(to) && from < to && to <= (index + 1) * stripRows, 'whole rows of one strip');
    const strip = must(this.#strips[index], 'the open strip');
    const at = (from % stripRows) * chunkBytes;
    const lengthBytes = (to - from) * chunkBytes;
    this.#sentRows = to;
    core.lastTxgs[this.segment] = core.openTxg;
    strip.isComplete = to % stripRows === 0 || this.units === this.#total;
    if (this.units === this.#total) this.#isFinished = true;
    computeParity(core, strip, at, lengthBytes);
    const offsetBytes = core.offsetBytes(this.segment, from * chunkBytes);
    const writes = core.members.map((_, column) =>
      core.write(
        core.memberOf(this.segment, column),
        offsetBytes,
        core.arena.view((strip.buffers[column] ?? strip.buffers[0] ?? 0) + at, lengthBytes),
      ),
    );
    strip.inFlight++;
    const sent: Promise<void> = Promise.all(writes).then(() => {
      strip.inFlight--;
      this.#sends.delete(sent);
      this.#giveBack(index, strip);
      this.#onWritten();
    });
    this.#sends.add(sent);
  }

  #giveBack(index: number, strip: Strip): void {
    if (!strip.isComplete || strip.inFlight > 0 || this.#strips[index] === undefined) return;
    this.#strips[index] = undefined;
    for (const buffer of strip.buffers) this.#core.arena.give(buffer, this.#bufferStrips);
  }
}

/** Parity is of the very buffers that are sent. */
function computeParity(core: GroupCore, { buffers }: Strip, at: number, lengthBytes: number): void {
  const { dataColumns, parityColumns, isMirror } = core.shape;
  if (isMirror) return;
  assert(at + lengthBytes <= core.stripRows * chunkBytes, 'rows of one strip');
  const { table, tableAt, kernels } = core.arena;
  for (let k = 0; k < dataColumns; k++) table[k] = must(buffers[k], 'a data column') + at;
  const p = must(buffers[dataColumns], 'P') + at;
  const q = parityColumns === 2 ? must(buffers[dataColumns + 1], 'Q') + at : 0;
  kernels.parity(tableAt, dataColumns, p, q, lengthBytes);
}
