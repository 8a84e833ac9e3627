/**
 * The ring that the log lives in: groups go in at the head, a checkpoint frees what is behind its cut.
 *
 * A group is laid down as blocks that follow one another; none goes over the end of the ring. The head never reaches
 * the cut of the last durable root.
 */
import { assert } from '../../../shared/assert.ts';
import { processArena, stripBytes } from '../group/arena.ts';
import type { LogArea } from '../group/log-area.ts';
import {
  blockAlignBytes,
  blockHeaderBytes,
  blockLengthFor,
  logBlockBytesMax,
  sealBlock,
} from './log-block.ts';
import type { LogPosition } from './log-position.ts';

/** A group is at most a quarter of the ring, so that two fit while a checkpoint is under way. */
export const groupBytesMax = (ringBytes: number): number =>
  Math.floor(Math.min(2 * 2 ** 20, ringBytes / 4) / blockAlignBytes) * blockAlignBytes;

const arena = processArena();

interface Run {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

export class LogRing {
  /** On log devices, not in the ring of the first group. */
  readonly isApart: boolean;
  readonly #area: LogArea;
  readonly #pool: string;
  #head: LogPosition;
  #tailBytes: number;

  constructor(area: LogArea, pool: string, position: LogPosition, isApart = false) {
    this.isApart = isApart;
    this.#area = area;
    this.#pool = pool;
    this.#head = position;
    this.#tailBytes = position.offsetBytes;
  }

  get position(): LogPosition {
    return this.#head;
  }

  get sizeBytes(): number {
    return this.#area.sizeBytes;
  }

  get usedBytes(): number {
    return (this.#head.offsetBytes - this.#tailBytes + this.sizeBytes) % this.sizeBytes;
  }

  /** Whether a group with so much payload can be written now, all that its blocks add included. */
  fits(payloadBytes: number): boolean {
    const bytes = groupLengthFor(payloadBytes);
    return bytes <= groupBytesMax(this.sizeBytes) && this.usedBytes + bytes < this.sizeBytes;
  }

  /** The group is laid out at once, where devices write it from; resolves when it is durable. One at a time. */
  async write(payload: Uint8Array, followsTxg: number): Promise<void> {
    assert(this.fits(payload.byteLength), 'the head of the log never passes the cut of the last root');
    const lengthBytes = groupLengthFor(payload.byteLength);
    const strips = 2 ** Math.ceil(Math.log2(Math.max(1, lengthBytes / stripBytes)));
    const at = arena.take(strips);
    const runs = this.#lay(payload, followsTxg, arena.view(at, lengthBytes));
    const writes = runs.map(({ offsetBytes, bytes }) => this.#area.writeThrough(offsetBytes, bytes));
    void Promise.allSettled(writes).then(() => arena.give(at, strips));
    await Promise.all(writes);
  }

  /** Goes on at another position; what is behind the old one still belongs to the last root. */
  restart(position: LogPosition): void {
    this.#head = position;
  }

  /** Begins anew at the front, behind a group of another ring. */
  follow(position: LogPosition): void {
    this.#head = { ...position, offsetBytes: 0 };
    this.#tailBytes = 0;
  }

  /** A root with this position is durable: what is before it is free. */
  release(position: LogPosition): void {
    const freed = (position.offsetBytes - this.#tailBytes + this.sizeBytes) % this.sizeBytes;
    assert(freed <= this.usedBytes, 'a root frees log that was written');
    this.#tailBytes = position.offsetBytes;
  }

  /** One run of blocks, or two where the ring begins again. */
  #lay(payload: Uint8Array, followsTxg: number, buffer: Uint8Array): readonly Run[] {
    const runs: Run[] = [];
    let used = 0;
    let runAt = 0;
    let runOffset = this.#head.offsetBytes;
    for (let at = 0; at < payload.byteLength || at === 0;) {
      const room = Math.min(logBlockBytesMax, this.sizeBytes - this.#head.offsetBytes);
      const part = payload.subarray(at, at + room - blockHeaderBytes);
      at += part.byteLength;
      const block = buffer.subarray(used, used + blockLengthFor(part.byteLength));
      block.fill(0, 0, blockHeaderBytes);
      block.set(part, blockHeaderBytes);
      block.fill(0, blockHeaderBytes + part.byteLength);
      this.#seal(block, part.byteLength, at === payload.byteLength, followsTxg);
      used += block.byteLength;
      if (this.#head.offsetBytes === 0) {
        runs.push({ offsetBytes: runOffset, bytes: buffer.subarray(runAt, used) });
        runAt = used;
        runOffset = 0;
      }
      if (part.byteLength === 0) break;
    }
    if (runAt < used) runs.push({ offsetBytes: runOffset, bytes: buffer.subarray(runAt, used) });
    return runs;
  }

  #seal(block: Uint8Array, payloadBytes: number, isLast: boolean, followsTxg: number): void {
    const { offsetBytes, sequence, group, previous, incarnation } = this.#head;
    const header = { pool: this.#pool, incarnation, group, sequence, isLast, followsTxg, previous };
    this.#head = {
      offsetBytes: (offsetBytes + block.byteLength) % this.sizeBytes,
      sequence: sequence + 1,
      group: isLast ? group + 1 : group,
      previous: sealBlock(block, header, payloadBytes),
      incarnation,
    };
  }
}

/** Enough for the blocks of a group wherever it begins: one more than it needs, for the end of the ring. */
const groupLengthFor = (payloadBytes: number): number => {
  const blocks = Math.ceil(payloadBytes / (logBlockBytesMax - blockHeaderBytes)) + 1;
  return Math.ceil((payloadBytes + blocks * blockHeaderBytes) / blockAlignBytes + 1) * blockAlignBytes;
};
