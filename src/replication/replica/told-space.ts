/**
 * What the target was told of the room of this replica's pool. It hears of changes, with every report, and of what is left
 * after so much, or after all, that it sent: until then it counts that as gone.
 */
import type { PoolRoom, ReplicaSays } from '../messages.ts';

export class ToldSpace {
  #isLow = false;
  #room: PoolRoom | undefined;
  #takenBytes = 0;
  /** `takenBytes` when the target was last told of the room, and when that was last looked at. */
  #toldAtBytes = 0;
  #lookedAtBytes = 0;

  /** Data of writes of the stream taken in since this object was made. */
  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** The target knows of all that was taken in. */
  get isToldAll(): boolean {
    return this.#takenBytes === this.#toldAtBytes;
  }

  took(bytes: number): void {
    this.#takenBytes += bytes;
  }

  /** Answers whether the target is to hear of it. */
  set(isLow: boolean, room: PoolRoom | undefined): boolean {
    const untoldBytes = this.#takenBytes - this.#toldAtBytes;
    const isQuiet = this.#takenBytes === this.#lookedAtBytes;
    this.#lookedAtBytes = this.#takenBytes;
    const isOwed = room !== undefined && untoldBytes >= (isQuiet ? 1 : room.lowBytes / 4);
    if (isLow === this.#isLow && !isOwed && !hasMoved(this.#room, room)) return false;
    this.#isLow = isLow;
    this.#room = room;
    this.#toldAtBytes = this.#takenBytes;
    return true;
  }

  /** Undefined: there is nothing to say with a report. */
  get news(): ReplicaSays | undefined {
    return this.#isLow || this.#room ? this.message : undefined;
  }

  get message(): ReplicaSays {
    return { type: 'space', low: this.#isLow, room: this.#room };
  }
}

/** It is known now, or changed by a good part of what decides whether it is low. */
const hasMoved = (told: PoolRoom | undefined, now: PoolRoom | undefined): boolean =>
  now !== undefined &&
  (told?.lowBytes !== now.lowBytes || Math.abs(now.freeBytes - told.freeBytes) >= now.lowBytes / 4);
