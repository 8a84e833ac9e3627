/**
 * The intent log: mutations of all volumes in one order, made durable in groups.
 *
 *  - A group is everything that was noted up to one instant; one group is under way at a time, and whatever is noted
 *    meanwhile joins the next one. Replay applies whole groups, so a synchronous run of mutations is never separated.
 *  - Small groups carry their data (`inline`) as far as it is still in memory; of the rest the log has places, and the
 *    group is durable when the log block *and* the data are: the next group is written only then. So after a crash only
 *    the last group can refer to data that is not there.
 *  - A checkpoint cuts between two groups. What does not fit into the ring any more is left to the checkpoint: nothing
 *    is logged then until its root is durable.
 */
import { assert } from '../../../shared/assert.ts';
import { isMapped, batchOf, pointerWords, sectorBytes, sectorsOf } from '../map/pointer.ts';
import type { BatchPlace } from '../space/block-space.ts';
import type { VolumeJournal, VolumeNote } from '../volume/volume-journal.ts';
import type { LogPosition } from './log-position.ts';
import { groupBytesMax, type LogRing } from './log-ring.ts';
import { RecordBuffer, recordKind } from './record-buffer.ts';

/** Data of a group that goes into the log itself. */
const inlineBytesMax = 128 * 1024;

export interface IntentLogOptions {
  readonly ring: LogRing;
  /** Where an open batch begins. */
  batchPlace(batch: number): BatchPlace;
  /** Stored bytes that are still in memory. */
  peek(words: Uint32Array, at: number): Uint8Array | undefined;
  /** Sends all open rows now; resolves when everything that was appended so far is durable. */
  flushData(): Promise<void>;
  /** Notes how far these volumes are; what it answers is called when that is durable. */
  capture(slots: ReadonlySet<number>): () => void;
  /** The root that the log follows. */
  durableTxg(): number;
  /** The ring fills up: a checkpoint should begin soon. */
  wantCheckpoint(): void;
  /** Nothing more becomes durable. Called once. */
  onFailure(error: Error): void;
}

interface Waiting {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Cut {
  readonly take: () => void;
  readonly taken: Waiting;
}

export class IntentLog implements VolumeJournal {
  readonly #options: IntentLogOptions;
  readonly #ring: LogRing;
  readonly #batches = new Set<number>();
  readonly #slots = new Set<number>();
  #pending = new RecordBuffer();
  #spare = new RecordBuffer();
  readonly #tail = new RecordBuffer();
  /** Words 0 and 1 of each pointer with data among what is pending. */
  #names = new Uint32Array(1024);
  #named = 0;
  #storedBytes = 0;
  /** Of whoever waits for what is pending. */
  #next: Waiting | undefined;
  #isRunning = false;
  #current: Waiting | undefined;
  /** Groups that a checkpoint under way makes durable. */
  #absorbed: Waiting | undefined;
  #cut: Cut | undefined;
  #wake: () => void = () => undefined;
  #failure: Error | undefined;
  /** Units of data that were noted so far. */
  notedUnits = 0;
  /** Something was noted since the last cut. */
  isDirty = false;
  /** While volumes are replayed: what they note is in the log already. */
  isMuted = true;

  constructor(options: IntentLogOptions) {
    this.#options = options;
    this.#ring = options.ring;
  }

  /** Where the group that is noted next will begin. */
  get position(): LogPosition {
    return this.#ring.position;
  }

  get usedPart(): number {
    return this.#ring.usedBytes / this.#ring.sizeBytes;
  }

  wrote(slot: number, number: number, block: number, count: number, words: Uint32Array, at: number): void {
    this.#pointers(recordKind.wrote, slot, number, block, count, words, at);
  }

  copied(slot: number, block: number, count: number, words: Uint32Array, at: number): void {
    this.#pointers(recordKind.copied, slot, 0, block, count, words, at);
  }

  note(slot: number, note: VolumeNote): void {
    if (this.isMuted) return;
    this.#pending.note(slot, note);
    this.#grown(slot);
  }

  /** At import: goes on behind what was replayed. Nothing has been noted yet. */
  restart(position: LogPosition): void {
    assert(this.isMuted && this.#pending.lengthBytes === 0, 'nothing is noted during replay');
    this.#ring.restart(position);
  }

  /** Resolves when all that was noted before is durable; rejects when that can not be any more. */
  async commit(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pending.lengthBytes > 0) await this.#join().done;
    else await (this.#current ?? this.#absorbed)?.done;
  }

  /**
   * For a checkpoint: between two groups runs `take`, which cuts the volumes; all that is noted later comes behind
   * `position`, as it is then. Never in a synchronous run of mutations.
   */
  async cut(take: () => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(this.#cut === undefined && this.#absorbed === undefined, 'one checkpoint at a time');
    this.#cut = { take, taken: newWaiting() };
    const { done } = this.#cut.taken;
    this.#start();
    await done;
  }

  /** A root with this position is durable. */
  release(position: LogPosition): void {
    this.#ring.release(position);
    this.#absorbed?.resolve();
    this.#absorbed = undefined;
    this.#wake();
  }

  /** Nothing is made durable any more, and whoever waits already is not answered: read-only, or abandoned. */
  refuse(error: Error): void {
    this.#failure = error;
  }

  /** Everybody who waits hears it; nothing is written any more. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const waiting of [this.#next, this.#current, this.#absorbed, this.#cut?.taken])
      waiting?.reject(error);
    this.#wake();
    this.#options.onFailure(error);
  }

  #pointers(
    kind: typeof recordKind.wrote | typeof recordKind.copied,
    slot: number,
    number: number,
    block: number,
    count: number,
    words: Uint32Array,
    from: number,
  ): void {
    if (this.isMuted) return;
    for (let i = 0, at = from; i < count; i++, at += pointerWords) {
      if (!isMapped(words, at)) continue;
      const batch = batchOf(words, at);
      if (!this.#batches.has(batch)) {
        this.#batches.add(batch);
        this.#pending.batch(batch, this.#options.batchPlace(batch));
      }
      this.#name(words[at] ?? 0, words[at + 1] ?? 0);
      this.#storedBytes += sectorsOf(words, at) * sectorBytes;
      this.notedUnits++;
    }
    this.#pending.pointers(kind, slot, number, block, count, words, from);
    this.#grown(slot);
  }

  #name(low: number, high: number): void {
    if (this.#named === this.#names.length) {
      const grown = new Uint32Array(this.#named * 2);
      grown.set(this.#names);
      this.#names = grown;
    }
    this.#names[this.#named++] = low;
    this.#names[this.#named++] = high;
  }

  /** Does not let what is pending outgrow a group. */
  #grown(slot: number): void {
    this.isDirty = true;
    this.#slots.add(slot);
    if (this.#pending.lengthBytes > groupBytesMax(this.#ring.sizeBytes) / 4) this.#join();
  }

  #join(): Waiting {
    this.#next ??= newWaiting();
    this.#start();
    return this.#next;
  }

  #start(): void {
    this.#wake();
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#run().catch((error: unknown) =>
      this.fail(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #run(): Promise<void> {
    while (this.#failure === undefined && (this.#next !== undefined || this.#cut !== undefined)) {
      await Promise.resolve(); // never inside a caller's synchronous run
      if (this.#failure !== undefined) return;
      const payloadMax = this.#pending.lengthBytes + this.#inlineMax();
      const fits = this.#ring.fits(payloadMax);
      if (this.#absorbed !== undefined || (!fits && this.#cut === undefined)) {
        if (this.#absorbed === undefined) this.#options.wantCheckpoint();
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      await this.#group(fits);
    }
    this.#isRunning = false;
  }

  /** Takes what is pending, cuts if a checkpoint waits for that, and writes the group unless the checkpoint takes it over. */
  async #group(fits: boolean): Promise<void> {
    const waiting = this.#next;
    this.#next = undefined;
    const cut = this.#cut;
    this.#cut = undefined;
    if (this.#pending.lengthBytes === 0) {
      this.#take(cut);
      waiting?.resolve();
      return;
    }
    const current = waiting ?? newWaiting();
    const settle = this.#options.capture(this.#slots);
    if (!fits) {
      assert(cut !== undefined, 'only a checkpoint takes over what does not fit');
      this.#forget();
      this.#absorbed = current;
      this.#take(cut);
      return;
    }
    const written = this.#write();
    this.#current = current;
    this.#take(cut);
    await written;
    if (this.#failure !== undefined) return;
    this.#current = undefined;
    settle();
    current.resolve();
    if (this.usedPart > 0.5) this.#options.wantCheckpoint();
  }

  #take(cut: Cut | undefined): void {
    if (cut === undefined) return;
    this.isDirty = false;
    cut.take();
    cut.taken.resolve();
  }

  /** Lays the group out at once; resolves when it and its data are durable. */
  async #write(): Promise<void> {
    const isInline = this.#inlineMax() > 0;
    let needsData = !isInline && this.#named > 0;
    const records = this.#pending;
    if (isInline) needsData = this.#inlineAll(records);
    this.#pending = this.#spare;
    this.#spare = records;
    const log = this.#ring.write(records.bytes, this.#options.durableTxg());
    this.#forget();
    await Promise.all([log, needsData ? this.#options.flushData() : undefined]);
    records.clear();
  }

  /** Puts the stored bytes behind the records; answers whether some were gone from memory, so that they are needed on disk. */
  #inlineAll(records: RecordBuffer): boolean {
    let isMissing = false;
    this.#tail.clear();
    for (let i = 0; i < this.#named; i += 2) {
      const stored = this.#options.peek(this.#names, i);
      if (stored === undefined) isMissing = true;
      else this.#tail.inline(this.#names[i] ?? 0, this.#names[i + 1] ?? 0, stored);
    }
    records.append(this.#tail);
    return isMissing;
  }

  /** What inlining may add to the payload; 0 where the data is too much for that, or none. */
  #inlineMax(): number {
    const isSmall = this.#storedBytes <= Math.min(inlineBytesMax, groupBytesMax(this.#ring.sizeBytes) / 4);
    return isSmall ? this.#storedBytes + this.#named * 8 : 0;
  }

  #forget(): void {
    this.#pending.clear();
    this.#batches.clear();
    this.#slots.clear();
    this.#named = 0;
    this.#storedBytes = 0;
  }
}

function newWaiting(): Waiting {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => undefined); // whoever waits hears it; the failure is told besides
  return { done, resolve, reject };
}
