/**
 * Turns by volume: who asks while others do waits in a queue of his own, and the queues are served round robin by bytes.
 * So a volume with many requests under way does not push back one with few.
 *
 * A volume that is alone may have as much under way as keeps the devices busy. What is under way already is in front of
 * everybody who comes: so while several volumes read each may have but a share of it.
 */
import { assert } from '../../../shared/assert.ts';

/** What a volume may take in one turn. */
const quantumBytes = 128 * 1024;
/** What a request costs a device at least, in bytes that it could move meanwhile. */
const leastBytes = 64 * 1024;
/** Queues beyond so many go when nobody is in them; a Map whose members come and go with each request keeps old ones. */
const idleQueuesMax = 64;
/** A volume is not alone while another one has asked among the last so many requests. */
const memory = 4_096;

/** A request: `go` is called when it is its turn, at once or later. */
export interface Turn {
  readonly slot: number;
  readonly bytes: number;
  go(): void;
}

export interface TurnLimits {
  /** Requests, and bytes, that may be under way at once; a larger request goes alone. */
  readonly requests: number;
  readonly bytes: number;
  /** The same for one volume while others ask too, small requests counted as 64 KiB. */
  readonly sharedBytes: number;
}

interface Queue {
  readonly waiting: Turn[];
  creditBytes: number;
  underWayBytes: number;
}

export class FairQueue {
  readonly #limits: TurnLimits;
  readonly #queues = new Map<number, Queue>();
  /** Slots of queues in which somebody waits, in the order in which they are served. */
  readonly #order: number[] = [];
  #requests = 0;
  #bytes = 0;
  #asked = 0;
  #lastSlot = -1;
  #sharedUntil = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Requests so far. */
  get asked(): number {
    return this.#asked;
  }

  /** Every turn that began has its `end`. */
  begin(turn: Turn): void {
    this.#note(turn.slot);
    const queue = this.#queueOf(turn.slot);
    if (this.#order.length === 0 && this.#fits(queue, turn.bytes)) return this.#start(queue, turn);
    if (queue.waiting.length === 0) this.#order.push(turn.slot);
    queue.waiting.push(turn);
    this.#serve(); // those who wait may have had their share, and this one not
  }

  end({ slot, bytes }: Turn): void {
    const queue = this.#queueOf(slot);
    queue.underWayBytes -= costOf(bytes);
    this.#bytes -= bytes;
    this.#requests--;
    assert(this.#requests >= 0 && queue.underWayBytes >= 0, 'what is under way was begun');
    const isIdle = queue.underWayBytes === 0 && queue.waiting.length === 0;
    if (isIdle && this.#queues.size > idleQueuesMax) this.#queues.delete(slot);
    if (this.#order.length > 0) this.#serve();
  }

  /** Runs `work`, which moves so many bytes, when it is the turn of `slot`. */
  async run<T>(slot: number, bytes: number, work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let mayGo = false;
    const go = () => {
      mayGo = true;
      resolve();
    };
    const turn: Turn = { slot, bytes, go };
    this.begin(turn);
    if (!mayGo) await promise;
    try {
      return await work();
    } finally {
      this.end(turn);
    }
  }

  #queueOf(slot: number): Queue {
    let queue = this.#queues.get(slot);
    if (queue === undefined)
      this.#queues.set(slot, (queue = { waiting: [], creditBytes: 0, underWayBytes: 0 }));
    return queue;
  }

  #note(slot: number): void {
    this.#asked++;
    if (slot === this.#lastSlot) return;
    if (this.#lastSlot >= 0) this.#sharedUntil = this.#asked + memory;
    this.#lastSlot = slot;
  }

  #fits({ underWayBytes }: Queue, bytes: number): boolean {
    if (this.#requests === 0) return true;
    const { requests, bytes: bytesMax, sharedBytes } = this.#limits;
    if (this.#requests >= requests || this.#bytes + bytes > bytesMax) return false;
    const isShared = this.#asked < this.#sharedUntil;
    return !isShared || underWayBytes === 0 || underWayBytes + costOf(bytes) <= sharedBytes;
  }

  #start(queue: Queue, turn: Turn): void {
    queue.underWayBytes += costOf(turn.bytes);
    this.#bytes += turn.bytes;
    this.#requests++;
    turn.go();
  }

  /** Until what is next of nobody fits. */
  #serve(): void {
    for (let refused = 0; refused < this.#order.length && this.#requests < this.#limits.requests;) {
      const slot = this.#order.shift();
      const queue = this.#queueOf(slot ?? -1);
      const [next] = queue.waiting;
      assert(slot !== undefined && next !== undefined, 'a queue is served while somebody waits in it');
      const fits = this.#fits(queue, next.bytes);
      if (!fits || queue.creditBytes < costOf(next.bytes)) {
        if (fits) queue.creditBytes += quantumBytes;
        refused = fits ? 0 : refused + 1;
        this.#order.push(slot);
        continue;
      }
      refused = 0;
      queue.creditBytes -= costOf(next.bytes);
      queue.waiting.shift();
      if (queue.waiting.length > 0) this.#order.unshift(slot);
      else queue.creditBytes = 0;
      this.#start(queue, next);
    }
  }
}

const costOf = (bytes: number): number => Math.max(bytes, leastBytes);
