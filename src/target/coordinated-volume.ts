/**
 * The Volume port over a coordinator: sectors around its blocks. It knows no link, timer or socket, so simulations run it
 * as it is; replicated-volume.ts puts links and a clock around it.
 *
 * Sectors of 512 bytes that do not fill a block are written by reading the block, changing it and writing it whole,
 * with the block locked meanwhile, so that replicas and rebuilds only ever see whole blocks.
 */
import { BlockLocks } from '../replication/block-locks.ts';
import type { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { BlockRange } from '../replication/copy.ts';
import { declaredLoss, encodeLoss, lossKey, type DeclaredLoss } from '../replication/loss.ts';
import type { Stretch } from '../replication/mapping.ts';
import { assert } from '../shared/assert.ts';
import { blockBytes } from '../shared/block-size.ts';
import { isOneRequest, outerBlocks, requestBlocksMax, split } from './block-range.ts';
import { QuickOperations } from './quick-operations.ts';
import { NotedLoss, UnnotedLoss, type ToldLoss } from './told-loss.ts';
import { VolumeBlocks } from './volume-blocks.ts';
import {
  VolumeError,
  type QuickAnswer,
  type QuickVolume,
  type Volume,
  type VolumeMapping,
  type WriteOptions,
  type VolumeSpace,
} from './volume.ts';

/** State of the SCSI unit is kept beside the target's own under names of its own. */
const unitKey = (key: string) => `unit.${key}`;

export class CoordinatedVolume implements Volume {
  /** One entry: it has one number, and reaches every replica whole. */
  readonly atomicBytesMax = requestBlocksMax * blockBytes;
  readonly #coordinator: Coordinator;
  readonly #now: () => number;
  readonly #blocks: VolumeBlocks;
  readonly #locks = new BlockLocks();
  /** Readers against atomic writes: a reader sees all of one or nothing. */
  readonly #readers = new BlockLocks();
  /** Flushes of each initiator fail until it is answered so (docs/replication.md, "What is promised"). */
  #loss: ToldLoss | undefined;

  readonly #operations: QuickOperations;
  readonly #quick: QuickVolume = {
    hold: () => this.#coordinator.hold(),
    release: () => this.#coordinator.release(this.#now()),
    read: (offsetBytes, lengthBytes, answer) => this.#quickRead(offsetBytes, lengthBytes, answer),
    write: (offsetBytes, data, answer, fua) => this.#quickWrite(offsetBytes, data, answer, fua),
  };

  /** `nowMs`: the monotonic clock that the coordinator is told, too. */
  constructor(coordinator: Coordinator, nowMs: () => number) {
    this.#coordinator = coordinator;
    this.#now = nowMs;
    this.#blocks = new VolumeBlocks(coordinator, nowMs);
    const [locks, readers] = [this.#locks, this.#readers];
    this.#operations = new QuickOperations({ coordinator, nowMs, locks, readers });
  }

  /**
   * The recovery under this epoch may have lost what was acknowledged and not flushed: every initiator is told once, or,
   * where it is known who could have written, each of those. 0: nobody is told any more.
   */
  lost(epoch: number): void {
    const noted = declaredLoss(this.#coordinator.values);
    if (epoch === 0) this.#loss = undefined;
    else if (noted?.epoch === epoch) this.#loss = new NotedLoss(noted, (loss) => this.#note(loss));
    else this.#loss = new UnnotedLoss(epoch);
  }

  /** These may log in from now on: who may not has nothing to lose any more, and is not told when it comes again. */
  keepUntold(iqns: readonly string[]): void {
    this.#loss?.keep(iqns);
  }

  /** Whoever could not be noted as told is told once more by the next target. */
  #note(loss: DeclaredLoss): void {
    this.#coordinator.setValue(lossKey, encodeLoss(loss), this.#now(), () => undefined);
  }

  get sizeBytes(): number {
    return this.#coordinator.sizeBytes;
  }

  get spaceIsLow(): boolean {
    return this.#coordinator.spaceIsLow;
  }

  get space(): VolumeSpace | undefined {
    return this.#coordinator.space;
  }

  get quick(): QuickVolume {
    return this.#quick;
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const sinceMs = this.#now();
    const range = outerBlocks(offsetBytes, lengthBytes);
    return this.#locked(this.#readers, range, false, () =>
      this.#blocks.read(range, offsetBytes, lengthBytes, sinceMs),
    );
  }

  async write(
    offsetBytes: number,
    data: Uint8Array,
    options?: WriteOptions,
    sinceMs = this.#now(),
  ): Promise<void> {
    const fua = options?.fua === true;
    if (fua) this.#failOnceAfterLoss(options.initiator);
    const range = outerBlocks(offsetBytes, data.byteLength);
    if (options?.atomic === true) {
      assert(range.count <= requestBlocksMax, 'an atomic write is one entry');
      return this.#locked(this.#readers, range, true, () =>
        this.#write(range, offsetBytes, data, fua, sinceMs),
      );
    }
    return this.#write(range, offsetBytes, data, fua, sinceMs);
  }

  async #write(
    range: BlockRange,
    offsetBytes: number,
    data: Uint8Array,
    fua: boolean,
    sinceMs: number,
  ): Promise<void> {
    const whole = offsetBytes % blockBytes === 0 && data.byteLength % blockBytes === 0;
    await this.#locked(this.#locks, range, !whole, async () => {
      const blocks = whole ? data : await this.#blocks.merged(range, offsetBytes, data, sinceMs);
      await this.#blocks.write(range.block, blocks, fua, sinceMs);
    });
  }

  async unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    const sinceMs = this.#now();
    const range = outerBlocks(offsetBytes, lengthBytes);
    const first = Math.ceil(offsetBytes / blockBytes);
    const end = Math.floor((offsetBytes + lengthBytes) / blockBytes);
    const head = first * blockBytes - offsetBytes;
    const tail = offsetBytes + lengthBytes - end * blockBytes;
    const zero = (fromBytes: number, bytes: number) =>
      this.write(fromBytes, new Uint8Array(bytes), undefined, sinceMs);
    if (end < first) return zero(offsetBytes, lengthBytes); // inside one block
    if (head > 0) await zero(offsetBytes, head);
    if (tail > 0) await zero(end * blockBytes, tail);
    if (end === first) return;
    await this.#locked(this.#locks, range, false, () =>
      this.#blocks.ask<void>((answer) =>
        this.#coordinator.unmap(first, end - first, this.#now(), answer, sinceMs),
      ),
    );
  }

  async flush(options?: { readonly initiator?: string }): Promise<void> {
    this.#failOnceAfterLoss(options?.initiator);
    await this.#blocks.ask<void>((answer) => this.#coordinator.flush(this.#now(), answer));
  }

  async compareAndWrite(
    offsetBytes: number,
    expected: Uint8Array,
    data: Uint8Array,
  ): Promise<number | undefined> {
    assert(expected.byteLength === data.byteLength, 'compared and written are of one length');
    const sinceMs = this.#now();
    const range = outerBlocks(offsetBytes, data.byteLength);
    return this.#locked(this.#locks, range, true, async () => {
      const present = await this.#blocks.readNewest(range, offsetBytes, data.byteLength, sinceMs);
      const differs = present.findIndex((byte, i) => byte !== expected[i]);
      if (differs >= 0) return differs;
      const blocks = await this.#blocks.merged(range, offsetBytes, data, sinceMs);
      await this.#blocks.write(range.block, blocks, false, sinceMs);
      return undefined;
    });
  }

  async mapping(offsetBytes: number, lengthBytes: number): Promise<VolumeMapping> {
    const { block, count } = outerBlocks(offsetBytes, lengthBytes);
    const stretch = await this.#blocks.ask<Stretch>((answer) =>
      this.#coordinator.mapping(block, count, this.#now(), answer),
    );
    const endBytes = (block + stretch.count) * blockBytes;
    return { mapped: stretch.mapped, lengthBytes: Math.min(lengthBytes, endBytes - offsetBytes) };
  }

  recall(key: string): string | undefined {
    return this.#coordinator.values[unitKey(key)];
  }

  async remember(key: string, value: string): Promise<void> {
    await this.#blocks.ask<void>((answer) =>
      this.#coordinator.setValue(unitKey(key), value, this.#now(), answer),
    );
  }

  /** Durable on a quorum when answered. Rejects with VolumeError busy without one. */
  async setValue(key: string, value: string): Promise<void> {
    await this.#blocks.ask<void>((answer) => this.#coordinator.setValue(key, value, this.#now(), answer));
  }

  /** Writes these blocks anew as that replica has them, while nobody else writes them (coordinator/scrub.ts). */
  async mend({ block, count }: BlockRange, from: string): Promise<void> {
    await this.#locked(this.#locks, { block, count }, true, async () => {
      for (const piece of split({ block, count })) {
        const data = await this.#blocks.readFrom(from, piece);
        await this.#blocks.write(piece.block, data, false, this.#now());
      }
    });
  }

  /** An initiator does not want to wait any more: what can not be answered hears busy at once. */
  hurry(): void {
    this.#coordinator.hurry(this.#now());
  }

  /** While nobody reads blocks in order to write them, those that the volume is given meanwhile neither. */
  async alone(run: () => Promise<void>): Promise<void> {
    await this.#locked(this.#locks, { block: 0, count: Number.MAX_SAFE_INTEGER }, true, run);
  }

  /** Grows the volume to whole blocks, more than it has. */
  async resize(sizeBytes: number): Promise<void> {
    await this.#blocks.ask<void>((answer) => this.#coordinator.resize(sizeBytes, this.#now(), answer));
  }

  /**
   * An initiator that kept running must not go on over lost writes: its flushes fail until one is answered. That one may be
   * aborted before. Initiators whose name is not known count as one, which is told at once.
   */
  #failOnceAfterLoss(initiator = ''): void {
    const lost = this.#loss?.untold(initiator);
    if (lost) throw lost;
  }

  #quickRead(offsetBytes: number, lengthBytes: number, answer: QuickAnswer): void {
    if (!isOneRequest(offsetBytes, lengthBytes)) {
      this.read(offsetBytes, lengthBytes).then(
        (data) => answer.quickDone(undefined, data),
        (error: unknown) => answer.quickDone(volumeError(error), undefined),
      );
      return;
    }
    this.#operations.read(offsetBytes / blockBytes, lengthBytes / blockBytes, answer);
  }

  #quickWrite(offsetBytes: number, data: Uint8Array, answer: QuickAnswer, fua: string | undefined): void {
    if (!isOneRequest(offsetBytes, data.byteLength)) {
      const options = fua === undefined ? {} : { fua: true, initiator: fua };
      this.write(offsetBytes, new Uint8Array(data), options).then(
        () => answer.quickDone(undefined, undefined),
        (error: unknown) => answer.quickDone(volumeError(error), undefined),
      );
      return;
    }
    const lost = fua === undefined ? undefined : this.#loss?.untold(fua);
    if (lost) return answer.quickDone(lost, undefined);
    this.#operations.write(offsetBytes / blockBytes, data, fua !== undefined, answer);
  }

  async #locked<T>(locks: BlockLocks, range: BlockRange, alone: boolean, run: () => Promise<T>): Promise<T> {
    let isGranted = false;
    let onGranted = () => {
      isGranted = true;
    };
    const release = locks.claim(range.block, range.count, alone, () => onGranted());
    // Nearly always at once: then nobody waits, not even for a turn.
    if (!isGranted) await new Promise<void>((resolve) => (onGranted = resolve));
    try {
      return await run();
    } finally {
      release();
    }
  }
}

function volumeError(error: unknown): VolumeError {
  if (error instanceof VolumeError) return error;
  throw error;
}
