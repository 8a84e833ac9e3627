/**
 * The intent log: mutations of all volumes in one order, made durable in groups.
 *
 *  - A group is everything that was noted up to one instant; one group is under way at a time, and whatever is noted
 *    meanwhile joins the next one. Replay applies whole groups, so a synchronous run of mutations is never separated.
 *  - Small groups carry their data (`inline`) as far as it is still in memory; of the rest the log has places, and the
 *    group is durable when the log block *and* the data are: the next group is written only then. So after a crash only
 *    the last group can refer to data that is not there.
 *  - A checkpoint cuts between two groups. What does not fit into the ring any more is left to the checkpoint, and so is
 *    everything when the log moves to other devices: nothing is logged then until its root is durable.
 */
import { assert } from '../../../shared/assert.ts';
import type { BatchPlace } from '../space/block-space.ts';
import type { VolumeJournal, VolumeNote } from '../volume/volume-journal.ts';
import type { LogPosition } from './log-position.ts';
import { groupBytesMax, type LogRing } from './log-ring.ts';
import { PendingGroup } from './pending-group.ts';
import { recordKind } from './record-buffer.ts';
import { newWaiting, type Waiting } from './waiting.ts';

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
  /** The ring took a group no more: another one for the log; undefined: there is none. */
  elsewhere(): LogRing | undefined;
  /** The ring fills up, or the log moves: a checkpoint should begin soon. */
  wantCheckpoint(): void;
  /** Nothing more becomes durable. Called once. */
  onFailure(error: Error): void;
}

interface Cut {
  readonly take: () => void;
  readonly taken: Waiting;
}

export class IntentLog implements VolumeJournal {
  readonly #options: IntentLogOptions;
  readonly #placeOf: (batch: number) => BatchPlace;
  #ring: LogRing;
  #pending = new PendingGroup();
  #spare = new PendingGroup();
  /** Of whoever waits for what is pending. */
  #next: Waiting | undefined;
  #current: Waiting | undefined;
  /** Groups that a checkpoint under way makes durable; undefined: none was cut so. */
  #absorbed: Waiting[] | undefined;
  /** Groups that the ring did not take, and only a checkpoint can make durable. */
  #lost: Waiting[] = [];
  #moveTo: LogRing | undefined;
  #cut: Cut | undefined;
  #isRunning = false;
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
    this.#placeOf = (batch) => options.batchPlace(batch);
  }

  /** Where the group that is noted next will begin. */
  get position(): LogPosition {
    return this.#ring.position;
  }
  get ring(): LogRing {
    return this.#ring;
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
    this.#grown();
  }

  /** At import: goes on behind what was replayed. Nothing has been noted yet. */
  restart(position: LogPosition): void {
    assert(this.isMuted && this.#pending.isEmpty, 'nothing is noted during replay');
    this.#ring.restart(position);
  }

  /** The next checkpoint makes everything durable, and what is noted then goes to another ring. */
  moveTo(ring: LogRing): void {
    this.#moveTo = ring;
    this.#options.wantCheckpoint();
  }

  /** Resolves when all that was noted before is durable; rejects when that can not be any more. */
  async commit(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#pending.isEmpty) await this.#join().done;
    else await (this.#current ?? this.#lost.at(-1) ?? this.#absorbed?.at(-1))?.done;
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
    for (const waiting of this.#absorbed ?? []) waiting.resolve();
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
    const absorbed = [...this.#lost, ...(this.#absorbed ?? [])];
    for (const waiting of [this.#next, this.#current, ...absorbed, this.#cut?.taken]) waiting?.reject(error);
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
    this.notedUnits += this.#pending.pointers(kind, slot, number, block, count, words, from, this.#placeOf);
    this.#grown();
  }

  /** Does not let what is pending outgrow a group. */
  #grown(): void {
    this.isDirty = true;
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
      if (this.#canGoOn()) await this.#group();
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#isRunning = false;
  }

  /** Not while a root is awaited that alone can make durable what was not logged, and not without room in the ring. */
  #canGoOn(): boolean {
    if (this.#absorbed !== undefined) return false;
    if (this.#cut !== undefined || (this.#fits() && this.#lost.length === 0)) return true;
    this.#options.wantCheckpoint();
    return false;
  }

  #fits(): boolean {
    const { lengthBytes, inlineLengthBytes } = this.#pending;
    return this.#ring.fits(this.#isSmall() ? inlineLengthBytes : lengthBytes);
  }

  #isSmall(): boolean {
    return this.#pending.storedBytes <= Math.min(inlineBytesMax, groupBytesMax(this.#ring.sizeBytes) / 4);
  }

  /** Takes what is pending, cuts if a checkpoint waits for that, and writes the group unless the checkpoint takes it over. */
  async #group(): Promise<void> {
    const waiting = this.#next;
    this.#next = undefined;
    const cut = this.#cut;
    this.#cut = undefined;
    if (cut !== undefined && (this.#moveTo !== undefined || this.#lost.length > 0 || !this.#fits())) {
      this.#absorb(waiting, cut);
    } else if (this.#pending.isEmpty) {
      this.#take(cut);
      waiting?.resolve();
    } else await this.#log(waiting ?? newWaiting(), cut);
  }

  /** The checkpoint makes everything durable; the log goes on behind its root, perhaps elsewhere. */
  #absorb(waiting: Waiting | undefined, cut: Cut): void {
    this.#pending.clear();
    this.#absorbed = [...this.#lost, ...(waiting === undefined ? [] : [waiting]), newWaiting()];
    this.#lost = [];
    if (this.#moveTo !== undefined) {
      this.#moveTo.follow(this.#ring.position);
      this.#ring = this.#moveTo;
      this.#moveTo = undefined;
    }
    this.#take(cut);
  }

  async #log(current: Waiting, cut: Cut | undefined): Promise<void> {
    const settle = this.#options.capture(this.#pending.slots);
    const written = this.#write();
    this.#current = current;
    this.#take(cut);
    try {
      await written;
    } catch (error) {
      const elsewhere = this.#options.elsewhere();
      if (elsewhere === undefined) throw error;
      this.#lost.push(current);
      this.#current = undefined;
      this.moveTo(elsewhere);
      return;
    }
    if (this.#failure !== undefined) return;
    this.#current = undefined;
    settle();
    current.resolve();
    if (this.#ring.usedBytes > this.#ring.sizeBytes / 2) this.#options.wantCheckpoint();
  }

  #take(cut: Cut | undefined): void {
    if (cut === undefined) return;
    this.isDirty = false;
    cut.take();
    cut.taken.resolve();
  }

  /** Lays the group out at once; resolves when it and its data are durable. */
  async #write(): Promise<void> {
    const group = this.#pending;
    const isSmall = this.#isSmall();
    this.#pending = this.#spare;
    this.#spare = group;
    const isWhole = isSmall && group.inline((words, at) => this.#options.peek(words, at));
    const log = this.#ring.write(group.bytes, this.#options.durableTxg());
    const data = group.hasData && !isWhole ? this.#options.flushData() : undefined;
    try {
      await Promise.all([log, data]);
    } finally {
      group.clear();
    }
  }
}
