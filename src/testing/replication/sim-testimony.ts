/** What initiators asked for and were told, to be judged in the end: could it be, and is what was flushed still there? */
import { sectorTagsOf } from '../block-content.ts';
import { checkOrder, type Ordered, type Place } from './sim-order.ts';
import { checkFlushed, checkLinearizable, type Operation } from './sim-register.ts';
import { type Asked, SimRegisters } from './sim-registers.ts';
import { withReturns } from './sim-returns.ts';
import type { SimSnapshots } from './sim-snapshots.ts';
import type { SimTarget } from './sim-target.ts';
import { Timeline } from './sim-timeline.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

interface HistoryEnd {
  readonly epoch: number;
  readonly last: number;
}

/** What a read answered. */
interface Seen {
  readonly block: number;
  readonly value: number;
  readonly startMs: number;
  /** The history of who answered, as far as it was then. */
  readonly end: Place;
  readonly sector?: number;
}

export class Testimony {
  readonly #world: SimWorld;
  /** Blocks below are written and read; those above are also unmapped, and not part of the register test. */
  readonly registers: number;
  readonly #operations: Asked[] = [];
  /** By value: when the first flush that covers it was answered. */
  readonly #covered = new Map<number, number>();
  /** What was last read or written with an answer, by block. */
  readonly #seen = new Map<number, number>();

  constructor(world: SimWorld, registers: number) {
    this.#world = world;
    this.registers = registers;
  }

  /** A write is asked for: of a block, or of a sector of it. */
  begins(block: number, value: number, sector?: number): Asked {
    const part = sector === undefined ? {} : { sector };
    const operation: Asked = { kind: 'write', block, ...part, value, startMs: this.#now, finishMs: Infinity };
    this.#operations.push(operation);
    return operation;
  }

  /** Its answer has come. */
  ends(operation: Asked): void {
    operation.finishMs = this.#now;
    if (operation.sector === undefined) this.#seen.set(operation.block, operation.value);
    else this.#seen.delete(operation.block);
  }

  /** The answer to a read that was asked for at `startMs` has come: what was read has to stay. */
  saw(read: Seen): void {
    const { block, value, sector } = read;
    this.#operations.push({ kind: 'read', ...read, finishMs: this.#now });
    if (sector === undefined) this.#seen.set(block, value);
    const { truth, plan } = this.#world;
    if (plan.wildClocks) return;
    for (const tag of new Set(sector === undefined ? sectorTagsOf(value) : [value])) {
      const place = tag === undefined ? undefined : truth.place(tag, block);
      if (place) truth.answered(place.epoch, place.number, 'settled');
    }
  }

  /** What initiators believe the block to hold. */
  lastSeen(block: number): number {
    return this.#seen.get(block) ?? 0;
  }

  /** Writes whose answers came before `atMs`. */
  acknowledged(atMs: number): readonly Asked[] {
    return this.#operations.filter(({ kind, finishMs }) => kind === 'write' && finishMs < atMs);
  }

  /** A flush or a write with FUA that covers this value was answered. */
  covers(value: number): void {
    this.#covered.set(value, Math.min(this.#now, this.#covered.get(value) ?? Infinity));
  }

  /** `end`: the history that everything has come to; `calmMs`: since when there were no faults. */
  check(end: HistoryEnd, calmMs: number, asked: SimSnapshots['returns']): void {
    const { truth, plan, reach } = this.#world;
    // Reads need clocks that keep to the bound; everything else does not.
    const counts = ({ kind, startMs }: Asked) => !plan.wildClocks || kind === 'write' || startMs >= calmMs;
    const registers = new SimRegisters(this.registers, this.#operations);
    const operations = this.#operations
      .filter(counts)
      .flatMap((each) => registers.operations(each).filter((one) => !this.#isGone(end, each.block, one)));
    const returns = asked.map(({ to, startMs, finishMs }) => ({
      tags: registers.valuesOf(truth.tagsOf(to)),
      startMs,
      finishMs,
    }));
    this.#checkOrder(end, registers, this.#operations.filter(counts), asked);
    // Of returns that a lossy recovery may have taken back, and of a loss that was, only that order tells anything.
    if (returns.length > 0 && truth.lossy) return reach.hit('returns and a lossy recovery');
    if (truth.hasUndoneLoss(end.epoch)) return reach.hit('R36 loss undone');
    checkLinearizable(withReturns(operations, returns, registers.count));
    // Where nothing is lost that says all; else a return makes old values new.
    if (returns.length === 0) checkFlushed(operations, this.#covered);
    else reach.hit('returns among the reads and writes');
  }

  /** Everything is where histories have it, whatever was lost of them. */
  #checkOrder(
    end: HistoryEnd,
    registers: SimRegisters,
    operations: readonly Asked[],
    asked: SimSnapshots['returns'],
  ): void {
    const { truth } = this.#world;
    const ordered = operations.flatMap((each) => {
      const place = each.kind === 'write' ? truth.place(each.value, each.block) : each.end;
      return place === undefined ? [] : registers.operations(each).map((one) => orderedOf(one, place));
    });
    const returns = asked.flatMap(({ place, startMs, finishMs }): Ordered[] =>
      place === undefined ? [] : [{ kind: 'return', startMs, finishMs, place }],
    );
    const timeline = new Timeline(truth, (tags) => registers.valuesOf(tags));
    const isKept = ({ epoch, number }: Place) =>
      number <= (timeline.lastOf({ epoch: end.epoch, number: end.last }, epoch) ?? 0);
    checkOrder([...ordered, ...returns], timeline, isKept);
  }

  /**
   * A lossy recovery may have taken values that were acknowledged or read: they are as if they had never been. A write that never
   * had a number is not there either; but a read of what was never numbered is wrong, whatever was lost.
   */
  #isGone(
    { epoch, last }: HistoryEnd,
    block: number,
    { kind, value }: Pick<Asked, 'kind' | 'value'>,
  ): boolean {
    const { truth } = this.#world;
    if (!truth.lossy || value <= 0) return false;
    if (truth.place(value, block) === undefined) return kind === 'write';
    return !truth.holds(epoch, last, value, block);
  }

  /** A flush that was asked for when these were acknowledged is answered: what is left of them is durable. */
  flushed({ coordinator }: SimTarget, acknowledged: readonly Asked[]): () => void {
    const { truth } = this.#world;
    const { epoch, flushed, last } = coordinator.status();
    truth.answered(epoch, flushed, 'flushed');
    return () => {
      for (const { value, block } of acknowledged) {
        // What a lossy recovery had lost before is not covered by a flush after it.
        if (!truth.holds(epoch, last, value, block)) continue;
        hold(
          truth.holds(epoch, flushed, value, block),
          `R13: a flush is answered before ${value} is durable in block ${block}`,
        );
        this.covers(value);
      }
    };
  }

  get #now(): number {
    return this.#world.scheduler.nowMs;
  }
}

const orderedOf = ({ kind, block: register, ...each }: Operation, place: Place): Ordered =>
  kind === 'write' ? { kind, register, ...each, place } : { kind, register, ...each, end: place };
