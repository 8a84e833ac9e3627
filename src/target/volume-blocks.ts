/** Bytes of a volume as the blocks of its coordinator: read, put together, and written in pieces of one request each. */
import type { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { Answer, Result } from '../replication/coordinator/requests.ts';
import type { BlockRange } from '../replication/copy.ts';
import { blockBytes } from '../shared/block-size.ts';
import { split } from './block-range.ts';
import { volumeProblem } from './volume-problem.ts';

type AskBlocks = Coordinator['read'];

export class VolumeBlocks {
  readonly #coordinator: Coordinator;
  readonly #now: () => number;
  readonly #askLatest: AskBlocks = (...asked) => this.#coordinator.read(...asked);
  readonly #askNewest: AskBlocks = (...asked) => this.#coordinator.readNewest(...asked);

  /** `nowMs`: the monotonic clock that the coordinator is told, too. */
  constructor(coordinator: Coordinator, nowMs: () => number) {
    this.#coordinator = coordinator;
    this.#now = nowMs;
  }

  /** `lengthBytes` from `offsetBytes` on, which lie in the blocks of `range`. */
  read(range: BlockRange, offsetBytes: number, lengthBytes: number, sinceMs: number): Promise<Uint8Array> {
    return this.#read(range, offsetBytes, lengthBytes, sinceMs, this.#askLatest);
  }

  /** The same behind every entry that has a number: for what is written again. */
  readNewest(
    range: BlockRange,
    offsetBytes: number,
    lengthBytes: number,
    sinceMs: number,
  ): Promise<Uint8Array> {
    return this.#read(range, offsetBytes, lengthBytes, sinceMs, this.#askNewest);
  }

  /** Blocks of one request as that replica has them. */
  readFrom(replica: string, { block, count }: BlockRange): Promise<Uint8Array> {
    return this.ask<Uint8Array>((answer) =>
      this.#coordinator.readFrom(replica, block, count, this.#now(), (result) => answer(kept(result))),
    );
  }

  async #read(
    range: BlockRange,
    offsetBytes: number,
    lengthBytes: number,
    sinceMs: number,
    ask: AskBlocks,
  ): Promise<Uint8Array> {
    const pieces = await Promise.all(
      split(range).map(({ block, count }) =>
        this.ask<Uint8Array>((answer) =>
          ask(block, count, this.#now(), (result) => answer(kept(result)), sinceMs),
        ),
      ),
    );
    const [only] = pieces;
    const all = pieces.length === 1 && only ? only : Buffer.concat(pieces);
    if (all.byteLength === lengthBytes) return all;
    const from = offsetBytes - range.block * blockBytes;
    return all.subarray(from, from + lengthBytes);
  }

  /** The blocks of `range` as they are, with `data` put over them. The caller has them locked. */
  async merged(
    range: BlockRange,
    offsetBytes: number,
    data: Uint8Array,
    sinceMs: number,
  ): Promise<Uint8Array> {
    const from = offsetBytes - range.block * blockBytes;
    const lastBlock = range.count - 1;
    const blocks = new Uint8Array(range.count * blockBytes);
    const edges = from === 0 ? [] : [0];
    if ((from + data.byteLength) % blockBytes !== 0 && !edges.includes(lastBlock)) edges.push(lastBlock);
    await Promise.all(
      edges.map(async (index) => {
        const at = (range.block + index) * blockBytes;
        const block = { block: range.block + index, count: 1 };
        blocks.set(await this.readNewest(block, at, blockBytes, sinceMs), index * blockBytes);
      }),
    );
    blocks.set(data, from);
    return blocks;
  }

  /** All pieces get their numbers in order; only the last one needs to be durable for all of them to be. */
  async write(block: number, data: Uint8Array, fua: boolean, sinceMs: number): Promise<void> {
    const pieces = split({ block, count: data.byteLength / blockBytes });
    await Promise.all(
      pieces.map((piece, i) => {
        const from = (piece.block - block) * blockBytes;
        const part = data.subarray(from, from + piece.count * blockBytes);
        const last = i === pieces.length - 1;
        return this.ask<void>((answer) =>
          this.#coordinator.write(piece.block, part, fua && last, this.#now(), answer, sinceMs),
        );
      }),
    );
  }

  /** Asks the coordinator, and waits. Rejects with VolumeError. */
  ask<T>(submit: (answer: Answer<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      submit((result) => {
        if (result.ok) resolve(result.value);
        else reject(volumeProblem(result.problem));
      });
    });
  }
}

/** What is read is valid during the answer only; here it is waited for. */
const kept = (result: Result<Uint8Array>): Result<Uint8Array> =>
  result.ok ? { ok: true, value: new Uint8Array(result.value) } : result;
