/**
 * A workload whose outcome can be proved: writes (and unmaps) of self-describing blocks at random places, never two at a
 * time to one block, with a flush now and then, and exact books of what was sent, acknowledged and flushed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { prng } from '../../src/shared/prng.ts';
import type { Disk } from './disk.ts';
import { ScsiError } from './initiator.ts';
import { blockBytes, makeBlock } from './pattern.ts';
import type { WriteRecord } from './record.ts';

export interface WriterOptions {
  readonly disk: Disk;
  readonly seed: number;
  /** Where its blocks of 4096 B begin; default 0. */
  readonly firstBlock?: number | undefined;
  readonly blocks: number;
  /** Default 16. */
  readonly queueDepth?: number | undefined;
  /** Acknowledged requests between two flushes; default 64; 0: never. */
  readonly flushEvery?: number | undefined;
  /** Share of requests that unmap instead of writing; default 0. */
  readonly unmapShare?: number | undefined;
  /** Neighbouring blocks in one request, 1 to this many at random; default 4. */
  readonly blocksPerWriteMax?: number | undefined;
  /** Default: as fast as it goes. */
  readonly writesPerSecondMax?: number | undefined;
  /** Goes on from these books, for instance after a restart of the test. */
  readonly record?: WriteRecord | undefined;
}

export interface WriterProgress {
  /** Requests. */
  readonly issued: number;
  readonly acknowledged: number;
  /** Acknowledged requests that a completed flush covers. */
  readonly flushed: number;
  readonly flushes: number;
  /** Flushes that failed and told that writes were lost. */
  readonly lossesTold: number;
  /** Longest time without an acknowledgement while one was due. */
  readonly longestStallMs: number;
}

export interface Writer {
  readonly progress: WriterProgress;
  /** Settles when that many requests are acknowledged; rejects when the writer has failed. */
  acknowledgedAtLeast(count: number): Promise<void>;
  /** Waits for what is on its way, flushes unless told not to, and answers the books. */
  stop(options?: { readonly flush?: boolean }): Promise<WriteRecord>;
  /** The books as they are now; valid to verify against when the writer's requests are known to have ended. */
  record(): WriteRecord;
  /** Settles with what ended the writer before it was stopped. */
  readonly failed: Promise<Error>;
}

export function startWriter(options: WriterOptions): Writer {
  const writer = new BookkeepingWriter(options);
  writer.start();
  return writer;
}

interface Request {
  readonly block: number;
  readonly count: number;
  readonly sequence: number;
  readonly unmap: boolean;
}

const mediumError = 0x3;
const numbers = (length: number, from?: readonly number[]) =>
  Array.from({ length }, (_, i) => from?.[i] ?? 0);

class BookkeepingWriter implements Writer {
  readonly failed: Promise<Error>;
  readonly #options: WriterOptions;
  readonly #random;
  readonly #flushed: number[];
  readonly #acknowledged: number[];
  readonly #sent: number[];
  readonly #unmapped: number[];
  readonly #inFlight = new Set<number>();
  /** Acknowledged since the last completed flush. */
  #unflushed: Request[] = [];
  #sequence: number;
  #counts = { issued: 0, acknowledged: 0, flushed: 0, flushes: 0, lossesTold: 0 };
  #longestStallMs = 0;
  #lastAcknowledgedAtMs = performance.now();
  #stopping = false;
  #flushing: Promise<void> | undefined;
  #workers: Promise<void>[] = [];
  #fail: (error: Error) => void = () => undefined;
  #error: Error | undefined;
  readonly #waiters = new Set<() => void>();

  constructor(options: WriterOptions) {
    this.#options = options;
    const { blocks, record } = options;
    this.#random = prng(options.seed);
    this.#flushed = numbers(blocks, record?.flushed);
    this.#acknowledged = numbers(blocks, record?.acknowledged);
    this.#sent = numbers(blocks, record?.sent);
    this.#unmapped = numbers(blocks, record?.unmapped);
    this.#sequence = this.#sent.reduce((most, sequence) => Math.max(most, sequence), 0);
    this.#counts.lossesTold = record?.lossesTold ?? 0;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  start(): void {
    const { queueDepth = 16 } = this.#options;
    this.#workers = Array.from({ length: queueDepth }, (_, index) => this.#work(index));
  }

  get progress(): WriterProgress {
    return { ...this.#counts, longestStallMs: Math.max(this.#longestStallMs, this.#stallMs()) };
  }

  #stallMs(): number {
    return this.#inFlight.size === 0 ? 0 : performance.now() - this.#lastAcknowledgedAtMs;
  }

  async acknowledgedAtLeast(count: number): Promise<void> {
    while (this.#counts.acknowledged < count) {
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => this.#waiters.add(resolve));
    }
  }

  record(): WriteRecord {
    const { seed, firstBlock = 0, blocks } = this.#options;
    return {
      seed,
      firstBlock,
      blocks,
      flushed: [...this.#flushed],
      acknowledged: [...this.#acknowledged],
      sent: [...this.#sent],
      unmapped: [...this.#unmapped],
      lossesTold: this.#counts.lossesTold,
    };
  }

  async stop(options: { readonly flush?: boolean } = {}): Promise<WriteRecord> {
    this.#stopping = true;
    await Promise.all(this.#workers);
    await this.#flushing;
    if (this.#error !== undefined) throw this.#error;
    if (options.flush !== false) await this.#flush();
    return this.record();
  }

  async #work(index: number): Promise<void> {
    const { writesPerSecondMax, queueDepth = 16 } = this.#options;
    const paceMs = writesPerSecondMax === undefined ? 0 : (1000 * queueDepth) / writesPerSecondMax;
    if (paceMs > 0) await sleep((paceMs * index) / queueDepth);
    while (!this.#stopping) {
      const beganAtMs = performance.now();
      try {
        await this.#one();
      } catch (error) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      const restMs = paceMs - (performance.now() - beganAtMs);
      if (restMs > 0) await sleep(restMs);
    }
  }

  #onError(error: Error): void {
    this.#error ??= error;
    this.#stopping = true;
    this.#fail(error);
    this.#wake();
  }

  async #one(): Promise<void> {
    const request = this.#next();
    if (request === undefined) return sleep(1);
    const { disk, seed, firstBlock = 0 } = this.#options;
    const { block, count, sequence, unmap } = request;
    const blocks = Array.from({ length: count }, (_, i) => block + i);
    for (const each of blocks) {
      this.#sent[each] = sequence;
      if (unmap) this.#unmapped[each] = sequence;
    }
    const offsetBytes = (firstBlock + block) * blockBytes;
    this.#counts.issued += 1;
    if (unmap) await disk.unmap(offsetBytes, count * blockBytes);
    else
      await disk.write(
        offsetBytes,
        Buffer.concat(blocks.map((each) => makeBlock(seed, firstBlock + each, sequence))),
      );
    this.#onAcknowledged(request, blocks);
    return undefined;
  }

  /** Blocks that nobody writes just now; undefined: none found. */
  #next(): Request | undefined {
    const { blocks, unmapShare = 0, blocksPerWriteMax = 4 } = this.#options;
    for (let attempt = 0; attempt < 16; attempt++) {
      const count = Math.min(1 + this.#random.below(blocksPerWriteMax), blocks);
      const block = this.#random.below(blocks - count + 1);
      const wanted = Array.from({ length: count }, (_, i) => block + i);
      if (wanted.some((each) => this.#inFlight.has(each))) continue;
      if (this.#inFlight.size === 0) this.#lastAcknowledgedAtMs = performance.now();
      for (const each of wanted) this.#inFlight.add(each);
      return { block, count, sequence: ++this.#sequence, unmap: this.#random.chance(unmapShare) };
    }
    return undefined;
  }

  #onAcknowledged(request: Request, blocks: readonly number[]): void {
    this.#longestStallMs = Math.max(this.#longestStallMs, this.#stallMs());
    this.#lastAcknowledgedAtMs = performance.now();
    for (const each of blocks) {
      this.#acknowledged[each] = request.sequence;
      this.#inFlight.delete(each);
    }
    this.#unflushed.push(request);
    this.#counts.acknowledged += 1;
    this.#wake();
    const { flushEvery = 64 } = this.#options;
    if (flushEvery > 0 && this.#unflushed.length >= flushEvery) this.#startFlush();
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  #startFlush(): void {
    this.#flushing ??= this.#flush()
      .catch((error: unknown) => this.#onError(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        this.#flushing = undefined;
      });
  }

  /** What was acknowledged before the flush was sent is durable when it succeeds. */
  async #flush(): Promise<void> {
    const covered = this.#unflushed;
    this.#unflushed = [];
    try {
      await this.#options.disk.flush();
    } catch (error) {
      if (!(error instanceof ScsiError) || error.sense?.key !== mediumError) throw error;
      return this.#onLossTold();
    }
    for (const { block, count, sequence } of covered)
      for (let each = block; each < block + count; each++)
        this.#flushed[each] = Math.max(this.#flushed[each] ?? 0, sequence);
    this.#counts.flushes += 1;
    this.#counts.flushed += covered.length;
    return undefined;
  }

  /** The volume says that unflushed writes are gone: of them nothing is owed any more. */
  #onLossTold(): void {
    this.#counts.lossesTold += 1;
    this.#unflushed = [];
    for (const [block, flushed] of this.#flushed.entries()) this.#acknowledged[block] = flushed;
  }
}
