/**
 * Turns by volume: who asks while others do waits in a queue of his own, and the queues are served round robin by bytes.
 * So a volume with many requests under way does not push back one with few.
 */
import { assert } from '../../../shared/assert.ts';

/** What a volume may take in one turn. */
const quantumBytes = 128 * 1024;
/** What a request costs a device at least, in bytes that it could move meanwhile. */
const leastBytes = 64 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

interface Queue {
  readonly waiting: Waiting[];
  creditBytes: number;
}

export class FairQueue {
  readonly #bytesMax: number;
  /** In the order in which they are served. */
  readonly #queues = new Map<number, Queue>();
  #bytes = 0;

  /** `bytesMax` may be under way at once, small requests counted as 64 KiB; a larger one goes alone. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Runs `work`, which moves so many bytes, when it is the turn of `slot`. */
  async run<T>(slot: number, wantedBytes: number, work: () => Promise<T>): Promise<T> {
    const bytes = Math.max(wantedBytes, leastBytes);
    if (this.#queues.size > 0 || !this.#fits(bytes))
      await new Promise<void>((go) => {
        const queue = this.#queues.get(slot) ?? { waiting: [], creditBytes: 0 };
        this.#queues.set(slot, queue);
        queue.waiting.push({ bytes, go });
      });
    else this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#bytes -= bytes;
      assert(this.#bytes >= 0, 'what is under way was begun');
      this.#serve();
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes === 0 || this.#bytes + bytes <= this.#bytesMax;
  }

  #serve(): void {
    for (;;) {
      const [first] = this.#queues;
      if (first === undefined) return;
      const [slot, queue] = first;
      const [next] = queue.waiting;
      assert(next !== undefined, 'a queue is there while somebody waits in it');
      if (!this.#fits(next.bytes)) return;
      if (queue.creditBytes < next.bytes) {
        queue.creditBytes += quantumBytes;
        this.#moveBack(slot, queue);
        continue;
      }
      queue.creditBytes -= next.bytes;
      queue.waiting.shift();
      if (queue.waiting.length === 0) this.#queues.delete(slot);
      this.#bytes += next.bytes;
      next.go();
    }
  }

  #moveBack(slot: number, queue: Queue): void {
    this.#queues.delete(slot);
    this.#queues.set(slot, queue);
  }
}
