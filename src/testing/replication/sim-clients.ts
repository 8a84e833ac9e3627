/** Initiators that write, read and flush at whatever target they reach, and remember every answer. */
import { blockBytes } from '../../shared/block-size.ts';
import type { DoorAnswer, ManagementName } from './sim-door.ts';
import type { Request } from './sim-acts.ts';
import { checkFlushed, checkLinearizable, type Operation } from './sim-register.ts';
import { blocksFor, tagsIn } from './sim-store.ts';
import { withReturns } from './sim-returns.ts';
import { SimSnapshots } from './sim-snapshots.ts';
import type { SimTarget } from './sim-target.ts';
import type { SimWorld } from './sim-world.ts';

/** How long an answer that the lease does not allow is held back before its connection is dropped. */
const holdMsMax = 3_000;
/** Requests of one target that are open at once: an initiator's command window. */
export const openMax = 200;

export class SimClients {
  readonly #world: SimWorld;
  /** Blocks below are written and read; those above are also unmapped, and not part of the register test. */
  readonly #registers: number;
  readonly operations: Operation[] = [];
  readonly #snapshots: SimSnapshots;
  readonly #covered = new Map<number, number>();
  /** What was last read or written with an answer, by block. */
  readonly #seen = new Map<number, number>();
  readonly #open = new Map<SimTarget, number>();
  #lastTag = 0;
  answers = 0;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#snapshots = new SimSnapshots(world);
    this.#registers = Math.ceil((world.plan.blocks * 3) / 4);
  }

  send(target: SimTarget, request: Request): void {
    if ((this.#open.get(target) ?? 0) >= openMax) return;
    const blocks = this.#blocks(target);
    switch (request.kind) {
      case 'write': {
        const block = Math.floor((request.block * blocks) / 1_000);
        return this.#write(target, block, Math.min(request.count, blocks - block), request.fua);
      }
      case 'read': {
        const block = Math.floor((request.block * this.#registers) / 1_000);
        return this.#read(target, block, Math.min(request.count, this.#registers - block));
      }
      case 'unmap': {
        const block = this.#registers + Math.floor((request.block * (blocks - this.#registers)) / 1_000);
        return this.#unmap(target, block, Math.min(request.count, blocks - block));
      }
      case 'setValue':
        return this.#setValue(target, request.value);
      case 'resize':
        return this.#resize(target, blocks + request.blocks);
      case 'flush':
        return this.flush(target);
      case 'snapshot':
        return this.#snapshots.send(target, request);
      case 'swap':
        return this.#swap(target, Math.floor((request.block * this.#registers) / 1_000));
      case 'manage':
        return this.#manage(target, request.what);
    }
  }

  readAll(target: SimTarget): void {
    for (let block = 0; block < this.#registers; block++) this.#read(target, block, 1);
  }

  flush(target: SimTarget): void {
    const startMs = this.#now;
    const acknowledged = this.operations.filter(
      ({ kind, finishMs }) => kind === 'write' && finishMs < startMs,
    );
    const { coordinator } = target;
    this.#ask<void>(
      target,
      'flush',
      (answer) => target.door.flush(answer),
      () => {
        const { epoch, flushed } = coordinator.status();
        this.#world.truth.answered(epoch, flushed, 'flushed');
        return () => {
          for (const { value } of acknowledged) {
            // What a lossy recovery had lost before is not covered by a flush after it.
            if (!this.#world.truth.holds(epoch, flushed, value)) continue;
            this.#covered.set(value, Math.min(this.#now, this.#covered.get(value) ?? Infinity));
          }
        };
      },
    );
  }

  /** `serving`: the target that everything has come to in the end; `calmMs`: since when there were no faults. */
  check(serving: SimTarget, calmMs: number): void {
    const { truth, plan } = this.#world;
    const { epoch, last } = serving.coordinator.status();
    // A lossy recovery may have taken values that were acknowledged or read: they are as if they had never been.
    const gone = (value: number) => truth.lossy && value > 0 && !truth.holds(epoch, last, value);
    // Reads need clocks that keep to the bound; everything else does not.
    const counts = ({ kind, startMs }: Operation) =>
      !plan.wildClocks || kind === 'write' || startMs >= calmMs;
    const operations = this.operations.filter((operation) => counts(operation) && !gone(operation.value));
    const returns = this.#snapshots.returns.map(({ to, startMs, finishMs }) => ({
      tags: truth.tagsOf(to),
      startMs,
      finishMs,
    }));
    // Of returns that a lossy recovery may have taken back nothing is known.
    if (returns.length > 0 && truth.lossy) return;
    checkLinearizable(withReturns(operations, returns, this.#registers));
    // Where nothing is lost that says all; else a return makes old values new.
    if (returns.length === 0) checkFlushed(operations, this.#covered);
    else this.#world.reach.hit('returns among the reads and writes');
  }

  get #now(): number {
    return this.#world.scheduler.nowMs;
  }

  /** What it has now, as far as this target knows. */
  #blocks({ coordinator }: SimTarget): number {
    return Math.max(this.#world.plan.blocks, Math.floor(coordinator.sizeBytes / blockBytes));
  }

  #write(target: SimTarget, block: number, count: number, fua: boolean): void {
    this.#lastTag += 1;
    const tag = this.#lastTag;
    const operations = Array.from({ length: count }, (_, i) => block + i)
      .filter((b) => b < this.#registers)
      .map((b) => this.#operation(b, tag));
    const data = blocksFor(Array.from({ length: count }, () => tag));
    const { coordinator, door } = target;
    this.#ask<void>(
      target,
      `write ${tag} to ${block}+${count}`,
      (answer) => door.write(block, data, fua, answer),
      () => {
        const { truth } = this.#world;
        this.#settles(target, tag);
        const { epoch, flushed } = coordinator.status();
        if (fua) truth.answered(epoch, flushed, 'flushed');
        return () => {
          for (const operation of operations) this.#finish(operation);
          if (fua) this.#covered.set(tag, this.#now);
        };
      },
      () => this.#world.truth.place(tag) !== undefined,
    );
  }

  #read(target: SimTarget, block: number, count: number): void {
    const startMs = this.#now;
    const ask = (answer: DoorAnswer<Uint8Array>) => target.door.read(block, count, answer);
    this.#ask(target, `read ${block}+${count}`, ask, (data) => () => {
      const { truth } = this.#world;
      this.#world.trace('client', `read ${tagsIn(data).join()} from ${block}`);
      tagsIn(data).forEach((value, i) => {
        const finishMs = this.#now;
        this.operations.push({ kind: 'read', block: block + i, value, startMs, finishMs });
        this.#seen.set(block + i, value);
        const place = truth.place(value);
        if (place && !this.#world.plan.wildClocks) truth.answered(place.epoch, place.number, 'settled');
      });
    });
  }

  #unmap(target: SimTarget, block: number, count: number): void {
    if (count <= 0) return;
    this.#ask<void>(
      target,
      `unmap ${block}+${count}`,
      (answer) => target.door.unmap(block, count, answer),
      () => () => undefined,
    );
  }

  #setValue(target: SimTarget, value: number): void {
    this.#ask<void>(
      target,
      `value ${value}`,
      (answer) => target.door.setValue(value, answer),
      () => this.#durable(target),
    );
  }

  #resize(target: SimTarget, blocks: number): void {
    if (!target.coordinator.serving) return;
    this.#ask<void>(
      target,
      `resize to ${blocks}`,
      (answer) => target.door.resize(blocks * blockBytes, answer),
      () => {
        this.#world.reach.hit('resize');
        return this.#durable(target);
      },
    );
  }

  /** COMPARE AND WRITE of what was last seen there. */
  #swap(target: SimTarget, block: number): void {
    const { swap } = target.door;
    if (!swap) return;
    this.#lastTag += 1;
    const tag = this.#lastTag;
    const expected = this.#seen.get(block) ?? 0;
    const startMs = this.#now;
    const operation = this.#operation(block, tag);
    this.#ask<void>(
      target,
      `swap ${expected} for ${tag} at ${block}`,
      (answer) => swap(block, blocksFor([expected]), blocksFor([tag]), answer),
      () => {
        this.#settles(target, tag);
        this.#world.reach.hit('compared and written');
        return () => {
          this.#finish(operation);
          this.operations.push({ kind: 'read', block, value: expected, startMs, finishMs: this.#now });
        };
      },
    );
  }

  #manage(target: SimTarget, what: ManagementName): void {
    const { manage } = target.door;
    if (manage)
      this.#ask<void>(
        target,
        what,
        (answer) => manage(what, answer),
        () => () => undefined,
      );
  }

  /** The target acknowledges the write with this tag. */
  #settles({ witness }: SimTarget, tag: number): void {
    const { truth } = this.#world;
    const place = truth.place(tag);
    if (place) witness.claimsSettled(place.number);
    if (place && truth.mayRest(place.epoch)) truth.answered(place.epoch, place.number, 'settled');
  }

  #finish(operation: Operation): void {
    operation.finishMs = this.#now;
    this.#seen.set(operation.block, operation.value);
  }

  #durable({ coordinator }: SimTarget): () => void {
    const { epoch, flushed } = coordinator.status();
    this.#world.truth.answered(epoch, flushed, 'flushed');
    return () => undefined;
  }

  #operation(block: number, value: number): Operation {
    const operation: Operation = { kind: 'write', block, value, startMs: this.#now, finishMs: Infinity };
    this.operations.push(operation);
    return operation;
  }

  /**
   * One request. `granted` is told when the coordinator answers, and gives back what the initiator makes of the answer
   * when it has come; `numbered`: whether a refused request has a number all the same.
   */
  #ask<T>(
    target: SimTarget,
    what: string,
    ask: (answer: DoorAnswer<T>) => void,
    granted: (value: T) => () => void,
    numbered: () => boolean = () => false,
  ): void {
    const world = this.#world;
    this.#open.set(target, (this.#open.get(target) ?? 0) + 1);
    world.trace('client', `asks ${target.name}: ${what}`);
    target.process.run(() =>
      ask((result) => {
        this.#open.set(target, (this.#open.get(target) ?? 0) - 1);
        if (!result.ok) {
          world.trace('client', `${result.problem}: ${what}`);
          if (result.problem === 'noSpace') world.reach.hit('no space');
          if (result.problem === 'busy') world.reach.hit(numbered() ? 'R15 busy with a number' : 'R16 busy');
          return;
        }
        this.#deliver(target, what, granted(result.value));
      }),
    );
  }

  /** The edge: some time later, and only while the lease holds, the bytes go out (R28). */
  #deliver(target: SimTarget, what: string, received: () => void): void {
    const world = this.#world;
    const { coordinator, process, witness } = target;
    const untilMs = this.#now + holdMsMax;
    world.saidBy('answer', target);
    const attempt = (): void => {
      if (coordinator.mayAnswer(process.nowMs)) {
        this.answers += 1;
        witness.answers();
        world.truth.mayRest(coordinator.status().epoch);
        world.trace('client', `hears: ${what}`);
        return received();
      }
      world.reach.hit('R14 answer without lease');
      if (this.#now < untilMs) world.scheduler.after(30, () => process.run(attempt));
      else world.reach.hit('R28 dropped');
    };
    world.scheduler.after(world.random.below(4), () => process.run(attempt));
  }
}
