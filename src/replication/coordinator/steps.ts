/**
 * What may go on now, after anything has happened: all of it (`step`), or, when nothing is to be done but to follow positions
 * and data, that alone (`follow`).
 *
 * Nothing is answered outside `serving`, and nothing in it without the leases (R14, R27, R28).
 */
import { blockBytes } from '../../shared/block-size.ts';
import type { Timing } from '../timing.ts';
import type { Member } from './member.ts';
import type { Parts } from './parts.ts';
import type { Stream } from './stream.ts';

export class Steps {
  readonly #parts: Parts;
  readonly #timing: Timing;
  readonly #changed: () => void;
  /** As of the last step, until something happens that is no position and no data. */
  #isSteady = false;
  /** Between `hold` and `release`. */
  #isHeld = false;

  constructor(parts: Parts, timing: Timing, changed: () => void) {
    this.#parts = parts;
    this.#timing = timing;
    this.#changed = changed;
  }

  /** R28: checked immediately before an answer goes out. */
  mayAnswer(nowMs: number): boolean {
    const { takeover, leases } = this.#parts;
    return takeover.phase === 'serving' && leases.held(nowMs);
  }

  /** Something has happened that is no position and no data. */
  stir(): void {
    this.#isSteady = false;
  }

  /** What is submitted until `release` gets its numbers there. */
  hold(): void {
    this.#isHeld = true;
  }

  release(nowMs: number): void {
    this.#isHeld = false;
    this.admit(nowMs);
  }

  /** Numbers for what waits. */
  admit(nowMs: number): void {
    const { takeover, changes, pace } = this.#parts;
    const { stream } = takeover;
    if (this.#isHeld || !stream || takeover.phase !== 'serving' || !changes.admit(stream)) return;
    if (stream.windowBytes > this.#timing.windowBytesMax) this.#trim(stream, nowMs);
    pace.issued(stream.last, nowMs);
    stream.pumpAll();
  }

  /** One look at everything that may go on now. */
  step(nowMs: number): void {
    const { takeover, members, rebuilds, volume, scrub, admission, candidacy } = this.#parts;
    if (takeover.phase === 'ended') return;
    this.#isSteady = false;
    takeover.step(nowMs);
    const { stream } = takeover;
    if (!stream) return;
    this.#letIn(stream, nowMs);
    this.#trim(stream, nowMs);
    if (takeover.stream !== stream) return;
    if (takeover.phase === 'adopting') takeover.adopting(stream, nowMs);
    if (takeover.stream !== stream) return;
    if (this.#isServing && members.step(stream)) this.#changed();
    rebuilds.tick(stream, nowMs);
    const blocks = Math.floor(volume.shown.sizeBytes / blockBytes);
    if (this.#isServing) scrub.step(stream, blocks, volume.issued.snapshots);
    admission.sayInSync(stream, candidacy.epoch);
    this.#isSteady = this.#isServing && this.#hasNothingElse();
    this.#goOn(stream, nowMs);
  }

  /** What follows from positions and data alone; the rest of a step has nothing to do when all are in sync. */
  follow(nowMs: number): void {
    const { takeover } = this.#parts;
    const { stream } = takeover;
    if (!this.#isSteady || !stream) return this.step(nowMs);
    this.#trim(stream, nowMs);
    if (takeover.phase === 'serving') this.#goOn(stream, nowMs);
  }

  get #isServing(): boolean {
    return this.#parts.takeover.phase === 'serving';
  }

  #letIn(stream: Stream, nowMs: number): void {
    const { seats, admission, takeover } = this.#parts;
    for (const member of seats.all) {
      if (member.state.phase !== 'reported') continue;
      const tooLow = admission.letIn(member, member.state.report, stream, nowMs);
      // Before anything is answered another epoch costs nothing, and begins above what has now been heard.
      if (tooLow !== undefined && takeover.phase === 'adopting') takeover.startOver(tooLow, nowMs);
    }
  }

  #trim(stream: Stream, nowMs: number): void {
    const { admission } = this.#parts;
    for (const member of stream.recount()) admission.leaveOut(member, 'fell behind the window', nowMs);
  }

  /** Nobody is to be let in, rebuilt, told or compared: what comes next are positions and data. */
  #hasNothingElse(): boolean {
    const { members, scrub, seats } = this.#parts;
    const { state: none, nextVersion, isSettled } = members;
    const isTold = ({ state }: Member) => state.phase === 'inSync' && state.told;
    return !none.next && nextVersion === 0 && isSettled && !scrub.isRunning && seats.all.every(isTold);
  }

  /** Numbers for what waits, entries to those that lack them, answers to those whose quorum is there. */
  #goOn(stream: Stream, nowMs: number): void {
    const { changes, pace, reads } = this.#parts;
    this.admit(nowMs);
    stream.pumpAll();
    changes.settle(stream);
    pace.settled(stream.settled, nowMs);
    if (!this.mayAnswer(nowMs)) return;
    changes.answerReady();
    reads.answerReady(stream.settled);
  }
}
