/** Reads and writes of whole blocks, each from its claim on the blocks to its answer without a promise or a closure. */
import type { BlockLocks, Claim } from '../replication/block-locks.ts';
import type { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { Result, WriteRequest } from '../replication/coordinator/requests.ts';
import { letGo } from '../replication/coordinator/write-request.ts';
import { noSlab, takeRoom } from '../replication/write-frame.ts';
import { blockBytes } from '../shared/block-size.ts';
import { copyBytes } from '../shared/copy-bytes.ts';
import { volumeProblem } from './volume-problem.ts';
import type { QuickAnswer } from './volume.ts';

interface QuickOptions {
  readonly coordinator: Coordinator;
  readonly nowMs: () => number;
  /** Of changes of blocks that depend on what was read. */
  readonly locks: BlockLocks;
  /** Of readers against atomic writes. */
  readonly readers: BlockLocks;
}

/** Used again for later ones. */
export class QuickOperations {
  readonly #o: QuickOptions;
  readonly #writes: QuickWrite[] = [];
  readonly #reads: QuickRead[] = [];

  constructor(options: QuickOptions) {
    this.#o = options;
  }

  /** `given` is copied. */
  write(block: number, given: Uint8Array, fua: boolean, answer: QuickAnswer): void {
    const { coordinator, nowMs, locks } = this.#o;
    const write =
      this.#writes.pop() ?? new QuickWrite(coordinator, nowMs, locks, (over) => void this.#writes.push(over));
    takeRoom(write, given.byteLength);
    copyBytes(given, 0, given.byteLength, write.slab.bytes, write.at);
    write.block = block;
    write.count = given.byteLength / blockBytes;
    write.end = block + write.count;
    write.fua = fua;
    write.need = fua ? 'durable' : 'received';
    write.sinceMs = nowMs();
    write.to = answer;
    if (locks.enter(write)) write.granted();
  }

  read(block: number, count: number, answer: QuickAnswer): void {
    const { coordinator, nowMs, readers } = this.#o;
    const read =
      this.#reads.pop() ?? new QuickRead(coordinator, nowMs, readers, (over) => void this.#reads.push(over));
    read.block = block;
    read.end = block + count;
    read.sinceMs = nowMs();
    read.to = answer;
    if (readers.enter(read)) read.granted();
  }
}

class QuickWrite implements Claim, WriteRequest {
  block = 0;
  end = 0;
  count = 0;
  readonly alone = false;
  before: Claim | undefined;
  behind: Claim | undefined;
  readonly body = undefined;
  need: 'received' | 'durable' = 'received';
  deadlineMs = 0;
  number = 0;
  fua = false;
  slab = noSlab;
  at = 0;
  dataBytes = 0;
  /** When it was asked for. */
  sinceMs = 0;
  to: QuickAnswer | undefined;
  readonly #coordinator: Coordinator;
  readonly #nowMs: () => number;
  readonly #locks: BlockLocks;
  readonly #over: (operation: QuickWrite) => void;

  constructor(
    coordinator: Coordinator,
    nowMs: () => number,
    locks: BlockLocks,
    over: (operation: QuickWrite) => void,
  ) {
    this.#coordinator = coordinator;
    this.#nowMs = nowMs;
    this.#locks = locks;
    this.#over = over;
  }

  granted(): void {
    this.#coordinator.submitWrite(this, this.#nowMs(), this.sinceMs);
  }

  answer(result: Result<void>): void {
    const { to } = this;
    this.to = undefined;
    letGo(this);
    this.#locks.release(this);
    this.#over(this);
    to?.quickDone(result.ok ? undefined : volumeProblem(result.problem), undefined);
  }
}

class QuickRead implements Claim {
  block = 0;
  end = 0;
  readonly alone = false;
  before: Claim | undefined;
  behind: Claim | undefined;
  /** When it was asked for. */
  sinceMs = 0;
  to: QuickAnswer | undefined;
  readonly #coordinator: Coordinator;
  readonly #nowMs: () => number;
  readonly #locks: BlockLocks;
  readonly #over: (operation: QuickRead) => void;

  constructor(
    coordinator: Coordinator,
    nowMs: () => number,
    locks: BlockLocks,
    over: (operation: QuickRead) => void,
  ) {
    this.#coordinator = coordinator;
    this.#nowMs = nowMs;
    this.#locks = locks;
    this.#over = over;
  }

  granted(): void {
    const { block, end, sinceMs } = this;
    this.#coordinator.read(block, end - block, this.#nowMs(), this.#answer, sinceMs);
  }

  readonly #answer = (result: Result<Uint8Array>): void => {
    const { to } = this;
    this.to = undefined;
    this.#locks.release(this);
    this.#over(this);
    if (result.ok) to?.quickDone(undefined, result.value);
    else to?.quickDone(volumeProblem(result.problem), undefined);
  };
}
