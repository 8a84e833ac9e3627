/**
 * The log from a position on, group by group, whole groups only.
 *
 * It ends where no copy has the next block. If a later group was written, the block was whole once: it is lost, and with
 * it what volumes had been promised (R31). Otherwise the end is that of the log: the last group was torn by a crash, or
 * there was none. A block that no device with a copy could read is neither: nobody knows what was promised.
 */
import type { LogArea } from '../group/log-area.ts';
import { type LogBlock, decodeBlock, logBlockBytesMax } from './log-block.ts';
import { incarnationOf, type LogPosition, type LogTurn } from './log-position.ts';
import { groupBytesMax } from './log-ring.ts';

const windowBytes = 4 * logBlockBytesMax;

/** As many devices as may have the only copies could not be read. */
export class UnreadableLogError extends Error {
  override readonly name = 'UnreadableLogError';
}

/** Blocks as they lie there, one behind the other. */
export interface LogRun {
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

export interface LogGroup {
  readonly payload: Uint8Array;
  /** As it was written: one run, or two where the ring begins again. */
  readonly runs: () => readonly LogRun[];
  /** Where the group began, and where the next one is. */
  readonly position: LogPosition;
  readonly next: LogPosition;
}

export class LogReader {
  readonly #area: LogArea;
  readonly #pool: string;
  readonly #turns: readonly LogTurn[];
  #window: { readonly offsetBytes: number; readonly bytes: Uint8Array } | undefined;
  #position: LogPosition;

  constructor(area: LogArea, pool: string, position: LogPosition, turns: readonly LogTurn[] = []) {
    this.#area = area;
    this.#pool = pool;
    this.#turns = turns;
    this.#position = this.#turned(position);
  }

  /** Whether all is behind that an import has found whole before. */
  get isBehindTurns(): boolean {
    return this.#position.group >= (this.#turns.at(-1)?.group ?? 0);
  }

  /** Whether a group was read that no import has found whole before. */
  get hasNewGroups(): boolean {
    return this.#position.group > (this.#turns.at(-1)?.group ?? 0);
  }

  /** The next whole group; undefined at the end. */
  async next(): Promise<LogGroup | undefined> {
    const position = this.#position;
    const parts: Uint8Array[] = [];
    const blocks: LogRun[] = [];
    let at = position;
    for (let lengthBytes = 0; lengthBytes <= groupBytesMax(this.#area.sizeBytes);) {
      const found = await this.#block(at);
      if (found === undefined) return undefined;
      const { block, bytes } = found;
      parts.push(block.payload);
      blocks.push({ offsetBytes: at.offsetBytes, bytes: bytes.subarray(0, block.lengthBytes) });
      lengthBytes += block.lengthBytes;
      at = this.#turned(after(at, block, this.#area.sizeBytes));
      if (!block.isLast) continue;
      this.#position = at;
      return { payload: joined(parts), runs: () => runsOf(blocks), position, next: at };
    }
    return undefined;
  }

  /** At the end: whether a group after the one that is missing was written. */
  async isCut(): Promise<boolean> {
    if (!this.isBehindTurns) return true;
    const { group, incarnation, offsetBytes } = this.#position;
    const isLater = (block: LogBlock | undefined) =>
      block?.pool === this.#pool && block.incarnation === incarnation && block.group > group;
    const { sizeBytes } = this.#area;
    const reachBytes = Math.min(sizeBytes, 2 * groupBytesMax(sizeBytes));
    for (let from = 0; from < reachBytes; from += windowBytes - logBlockBytesMax) {
      const at = (offsetBytes + from) % sizeBytes;
      const lengthBytes = Math.min(windowBytes, sizeBytes - at);
      const found = await this.#read(at, lengthBytes, (bytes) => {
        for (let i = 0; i < bytes.byteLength; i += 4096)
          if (isLater(decodeBlock(bytes.subarray(i)))) return true;
        return false;
      });
      if (found !== undefined) return true;
      if (at + lengthBytes === sizeBytes) from += lengthBytes - windowBytes + logBlockBytesMax; // go on at 0
    }
    return false;
  }

  /** The block, and what lies from its beginning on. */
  async #block(
    at: LogPosition,
  ): Promise<{ readonly block: LogBlock; readonly bytes: Uint8Array } | undefined> {
    const isNext = (block: LogBlock | undefined) => this.#isNext(block, at);
    const { offsetBytes } = at;
    const window = this.#window;
    if (window !== undefined && offsetBytes >= window.offsetBytes) {
      const bytes = window.bytes.subarray(offsetBytes - window.offsetBytes);
      const block = decodeBlock(bytes);
      if (block !== undefined && isNext(block)) return { block, bytes };
    }
    const lengthBytes = Math.min(windowBytes, this.#area.sizeBytes - offsetBytes);
    const bytes = await this.#read(offsetBytes, lengthBytes, (copy) => isNext(decodeBlock(copy)));
    if (bytes === undefined) return undefined;
    this.#window = { offsetBytes, bytes };
    const block = decodeBlock(bytes);
    return block && { block, bytes };
  }

  /** The first copy of which `isGood` approves; undefined when there is none. Rejects with UnreadableLogError. */
  async #read(
    offsetBytes: number,
    lengthBytes: number,
    isGood: (bytes: Uint8Array) => boolean,
  ): Promise<Uint8Array | undefined> {
    const area = this.#area;
    const { copiesMin } = area; // a device that can not be read may be retired for it
    let unread = 0;
    for (let copy = 0; copy < area.copies; copy++) {
      const isInUse = area.isInUse(copy);
      const bytes = await area.read(copy, offsetBytes, lengthBytes);
      if (bytes !== undefined && isGood(bytes)) return bytes;
      if (bytes === undefined && isInUse) unread += 1;
    }
    // without any device in use the import has judged already that nothing, or with consent not all, is there
    if (copiesMin > 0 && unread >= copiesMin)
      throw new UnreadableLogError(`the log can not be read at ${offsetBytes}`);
    return undefined;
  }

  #turned(at: LogPosition): LogPosition {
    return { ...at, incarnation: incarnationOf(at.group, at.incarnation, this.#turns) };
  }

  #isNext(block: LogBlock | undefined, at: LogPosition): boolean {
    return (
      block?.pool === this.#pool &&
      block.incarnation === at.incarnation &&
      block.sequence === at.sequence &&
      block.group === at.group &&
      block.previous.every((byte, i) => byte === at.previous[i])
    );
  }
}

const after = (at: LogPosition, block: LogBlock, sizeBytes: number): LogPosition => ({
  offsetBytes: (at.offsetBytes + block.lengthBytes) % sizeBytes,
  sequence: at.sequence + 1,
  group: block.isLast ? at.group + 1 : at.group,
  previous: block.checksum,
  incarnation: at.incarnation,
});

function runsOf(blocks: readonly LogRun[]): readonly LogRun[] {
  const wrapAt = blocks.findIndex(({ offsetBytes }, i) => i > 0 && offsetBytes === 0);
  const runs = wrapAt === -1 ? [blocks] : [blocks.slice(0, wrapAt), blocks.slice(wrapAt)];
  return runs.flatMap((run) => {
    const [first] = run;
    return first === undefined
      ? []
      : { offsetBytes: first.offsetBytes, bytes: joined(run.map(({ bytes }) => bytes)) };
  });
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
