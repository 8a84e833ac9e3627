/** Initiators that write, read and flush at whatever target they reach, and remember every answer. */
import type { Result } from '../../replication/coordinator/requests.ts';
import { checkFlushed, checkLinearizable, type Operation } from './sim-register.ts';
import { blocksFor, tagsIn } from './sim-store.ts';
import type { SimTarget, SimWorld } from './sim-world.ts';

/** How long an answer that the lease does not allow is held back before its connection is dropped. */
const holdMsMax = 3_000;

export class SimClients {
  readonly #world: SimWorld;
  readonly #blocks: number;
  /** Blocks below are written and read; those above are also unmapped, and not part of the register test. */
  readonly #registers: number;
  readonly operations: Operation[] = [];
  readonly #covered = new Map<number, number>();
  #lastTag = 0;
  answers = 0;

  constructor(world: SimWorld, blocks: number) {
    this.#world = world;
    this.#blocks = blocks;
    this.#registers = Math.ceil((blocks * 3) / 4);
  }

  /** One request at random. */
  request(target: SimTarget): void {
    const { random } = this.#world;
    const choice = random.below(100);
    if (choice < 45) this.#write(target);
    else if (choice < 80) this.#read(target);
    else if (choice < 88) this.flush(target);
    else if (choice < 95) this.#unmap(target);
    else this.#setValue(target);
  }

  readAll(target: SimTarget): void {
    for (let block = 0; block < this.#registers; block++) this.#readBlocks(target, block, 1);
  }

  flush(target: SimTarget): void {
    const startMs = this.#now;
    const acknowledged = this.operations.filter(
      ({ kind, finishMs }) => kind === 'write' && finishMs < startMs,
    );
    const { coordinator, process } = target;
    process.run(() =>
      coordinator.flush(process.nowMs, (result) => {
        this.#onDurable(target, result);
        const { epoch, flushed } = coordinator.status();
        this.#answer(target, result, () => {
          for (const { value } of acknowledged) {
            // What a lossy recovery had lost before is not covered by a flush after it.
            if (!this.#world.truth.holds(epoch, flushed, value)) continue;
            this.#covered.set(value, Math.min(this.#now, this.#covered.get(value) ?? Infinity));
          }
        });
      }),
    );
  }

  /** `lossy`: some recovery said that unflushed writes may be gone. */
  check(lossy: boolean): void {
    if (!lossy) checkLinearizable(this.operations);
    checkFlushed(this.operations, this.#covered);
  }

  get #now(): number {
    return this.#world.scheduler.nowMs;
  }

  #write(target: SimTarget): void {
    const { random } = this.#world;
    const block = random.below(this.#blocks);
    const count = Math.min(1 + random.below(3), this.#blocks - block);
    const fua = random.chance(0.1);
    this.#lastTag += 1;
    const tag = this.#lastTag;
    const operations = Array.from({ length: count }, (_, i) => block + i)
      .filter((b) => b < this.#registers)
      .map((b) => this.#operation('write', b, tag));
    const data = blocksFor(Array.from({ length: count }, () => tag));
    const { coordinator, process } = target;
    process.run(() =>
      coordinator.write(block, data, fua, process.nowMs, (result) => {
        const place = this.#world.truth.place(tag);
        if (result.ok && place) this.#world.truth.answered(place.epoch, place.number, 'settled');
        if (fua) this.#onDurable(target, result);
        this.#answer(target, result, () => {
          for (const operation of operations) operation.finishMs = this.#now;
          if (fua) this.#covered.set(tag, this.#now);
        });
      }),
    );
  }

  #read(target: SimTarget): void {
    const { random } = this.#world;
    const block = random.below(this.#registers);
    this.#readBlocks(target, block, Math.min(1 + random.below(3), this.#registers - block));
  }

  #readBlocks(target: SimTarget, block: number, count: number): void {
    const startMs = this.#now;
    const { coordinator, process } = target;
    process.run(() =>
      coordinator.read(block, count, process.nowMs, (result) =>
        this.#answer(target, result, (data) => {
          tagsIn(data).forEach((value, i) => {
            const finishMs = this.#now;
            this.operations.push({ kind: 'read', block: block + i, value, startMs, finishMs });
            const place = this.#world.truth.place(value);
            if (place) this.#world.truth.answered(place.epoch, place.number, 'settled');
          });
        }),
      ),
    );
  }

  #unmap(target: SimTarget): void {
    const { random } = this.#world;
    const block = this.#registers + random.below(this.#blocks - this.#registers);
    const count = 1 + random.below(this.#blocks - block);
    const { coordinator, process } = target;
    process.run(() =>
      coordinator.unmap(block, count, process.nowMs, (result) =>
        this.#answer(target, result, () => undefined),
      ),
    );
  }

  #setValue(target: SimTarget): void {
    const { random } = this.#world;
    const value = `value ${random.below(1_000)}`;
    const { coordinator, process } = target;
    process.run(() =>
      coordinator.setValue(`key ${random.below(2)}`, value, process.nowMs, (result) => {
        this.#onDurable(target, result);
        this.#answer(target, result, () => undefined);
      }),
    );
  }

  #operation(kind: 'write' | 'read', block: number, value: number): Operation {
    const operation: Operation = { kind, block, value, startMs: this.#now, finishMs: Infinity };
    this.operations.push(operation);
    return operation;
  }

  #onDurable(target: SimTarget, result: Result<unknown>): void {
    const { epoch, flushed } = target.coordinator.status();
    if (result.ok) this.#world.truth.answered(epoch, flushed, 'flushed');
  }

  /** The edge: some time later, and only while the lease holds, the bytes go out (R28). */
  #answer<T>(target: SimTarget, result: Result<T>, received: (value: T) => void): void {
    if (!result.ok) return;
    const { scheduler, random } = this.#world;
    const { coordinator, process } = target;
    const untilMs = this.#now + holdMsMax;
    const attempt = (): void => {
      if (coordinator.mayAnswer(process.nowMs)) {
        this.answers += 1;
        return received(result.value);
      }
      if (this.#now < untilMs) scheduler.after(30, () => process.run(attempt));
    };
    scheduler.after(random.below(4), () => process.run(attempt));
  }
}
