/** Whoever waits for groups of the log, by what has become of the group. */
import { newWaiting, type Waiting } from './waiting.ts';

export class AwaitedGroups {
  /** Of what is pending; undefined: nobody waits. */
  next: Waiting | undefined;
  /** Being written. */
  current: Waiting | undefined;
  /** Groups that a checkpoint under way makes durable; undefined: none was cut so. */
  absorbed: readonly Waiting[] | undefined;
  /** Groups that the ring did not take, and only a checkpoint can make durable. */
  lost: readonly Waiting[] = [];

  /** Of all that was noted before, when nothing is pending. */
  get newest(): Promise<void> | undefined {
    return (this.current ?? this.lost.at(-1) ?? this.absorbed?.at(-1))?.done;
  }

  join(): Waiting {
    return (this.next ??= newWaiting());
  }

  takeNext(): Waiting | undefined {
    const waiting = this.next;
    this.next = undefined;
    return waiting;
  }

  /** The group under way did not get into the ring. */
  lose(): void {
    if (this.current !== undefined) this.lost = [...this.lost, this.current];
    this.current = undefined;
  }

  /** A checkpoint takes over what was lost and what is pending. */
  absorb(pending: Waiting | undefined): void {
    this.absorbed = [...this.lost, ...(pending === undefined ? [] : [pending]), newWaiting()];
    this.lost = [];
  }

  /** What the checkpoint took over is durable. */
  release(): void {
    for (const waiting of this.absorbed ?? []) waiting.resolve();
    this.absorbed = undefined;
  }

  fail(error: Error): void {
    for (const waiting of [this.next, this.current, ...this.lost, ...(this.absorbed ?? [])])
      waiting?.reject(error);
  }
}
