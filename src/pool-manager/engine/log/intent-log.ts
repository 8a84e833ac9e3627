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
import { AwaitedGroups } from './awaited-groups.ts';
import type { IntentLogOptions } from './intent-log-options.ts';
import type { LogPosition } from './log-position.ts';
import { groupBytesMax, type LogRing } from './log-ring.ts';
import { fits, writeGroup } from './group-writing.ts';
import { NotedMutations } from './noted-mutations.ts';
import { newWaiting, type Waiting } from './waiting.ts';

interface Cut {
  readonly take: () => void;
  readonly taken: Waiting;
}

export class IntentLog extends NotedMutations {
  readonly #options: IntentLogOptions;
  #ring: LogRing;
  readonly #groups = new AwaitedGroups();
  #moveTo: LogRing | undefined;
  #cut: Cut | undefined;
  #isRunning = false;
  #wake: () => void = () => undefined;
  #failure: Error | undefined;

  constructor(options: IntentLogOptions) {
    super((batch) => options.batchPlace(batch));
    this.#options = options;
    this.#ring = options.ring;
  }

  /** Where the group that is noted next will begin. */
  get position(): LogPosition {
    return this.#ring.position;
  }
  get ring(): LogRing {
    return this.#ring;
  }

  /** At import: goes on behind what was replayed. Nothing has been noted yet. */
  restart(position: LogPosition): void {
    assert(this.isMuted && this.pending.isEmpty, 'nothing is noted during replay');
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
    await (this.pending.isEmpty ? this.#groups.newest : this.#join());
  }

  /**
   * For a checkpoint: between two groups runs `take`, which cuts the volumes; all that is noted later comes behind
   * `position`, as it is then. Never in a synchronous run of mutations.
   */
  async cut(take: () => void): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(this.#cut === undefined && this.#groups.absorbed === undefined, 'one checkpoint at a time');
    this.#cut = { take, taken: newWaiting() };
    const { done } = this.#cut.taken;
    this.#start();
    await done;
  }

  /** A root with this position is durable. */
  release(position: LogPosition): void {
    this.#ring.release(position);
    this.#groups.release();
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
    this.#groups.fail(error);
    this.#cut?.taken.reject(error);
    this.#wake();
    this.#options.onFailure(error);
  }

  /** Does not let what is pending outgrow a group. */
  protected override grown(): void {
    if (this.pending.lengthBytes > groupBytesMax(this.#ring.sizeBytes) / 4) void this.#join();
  }

  /** When what is pending is durable. */
  #join(): Promise<void> {
    const { done } = this.#groups.join();
    this.#start();
    return done;
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
    while (this.#failure === undefined && (this.#groups.next !== undefined || this.#cut !== undefined)) {
      await Promise.resolve(); // never inside a caller's synchronous run
      if (this.#failure !== undefined) return;
      if (this.#canGoOn()) await this.#group();
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#isRunning = false;
  }

  /** Not while a root is awaited that alone can make durable what was not logged, and not without room in the ring. */
  #canGoOn(): boolean {
    const { absorbed, lost } = this.#groups;
    if (absorbed !== undefined) return false;
    if (this.#cut !== undefined || (fits(this.pending, this.#ring) && lost.length === 0)) return true;
    this.#options.wantCheckpoint();
    return false;
  }

  /** Takes what is pending, cuts if a checkpoint waits for that, and writes the group unless the checkpoint takes it over. */
  async #group(): Promise<void> {
    const waiting = this.#groups.takeNext();
    const cut = this.#cut;
    this.#cut = undefined;
    if (
      cut !== undefined &&
      (this.#moveTo !== undefined || this.#groups.lost.length > 0 || !fits(this.pending, this.#ring))
    ) {
      this.#absorb(waiting, cut);
    } else if (this.pending.isEmpty) {
      this.#take(cut);
      waiting?.resolve();
    } else await this.#log(waiting ?? newWaiting(), cut);
  }

  /** The checkpoint makes everything durable; the log goes on behind its root, perhaps elsewhere. */
  #absorb(waiting: Waiting | undefined, cut: Cut): void {
    this.pending.clear();
    this.#groups.absorb(waiting);
    if (this.#moveTo !== undefined) {
      this.#moveTo.follow(this.#ring.position);
      this.#ring = this.#moveTo;
      this.#moveTo = undefined;
    }
    this.#take(cut);
  }

  async #log(current: Waiting, cut: Cut | undefined): Promise<void> {
    const settle = this.#options.capture(this.pending.slots);
    const written = writeGroup(this.takePending(), this.#ring, this.#options);
    this.#groups.current = current;
    this.#take(cut);
    try {
      await written;
    } catch (error) {
      const elsewhere = this.#options.elsewhere();
      if (elsewhere === undefined) throw error;
      this.#groups.lose();
      this.moveTo(elsewhere);
      return;
    }
    if (this.#failure !== undefined) return;
    this.#groups.current = undefined;
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
}
