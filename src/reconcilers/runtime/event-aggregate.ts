/**
 * Which repetitions of an event are worth a write. Pure. The first is; later ones are counted and written after pauses that
 * double, so that a state that lasts does not write for ever. Remembers the newest `eventsMax` events.
 */
export class EventAggregate {
  readonly #events = new Map<string, { pending: number; pauseMs: number; nextMs: number }>();
  readonly #eventsMax: number;

  constructor(eventsMax = 1_024) {
    this.#eventsMax = eventsMax;
  }

  /** One more occurrence; the answer is how many to add to the count that was written, 0: none now. */
  note(key: string, nowMs: number): number {
    const known = this.#events.get(key);
    this.#events.delete(key); // the newest stands last
    const event = known ?? { pending: 0, pauseMs: pauseMsFirst, nextMs: nowMs };
    this.#events.set(key, event);
    event.pending++;
    const [oldest] = this.#events.keys();
    if (this.#events.size > this.#eventsMax && oldest !== undefined) this.#events.delete(oldest);
    if (nowMs < event.nextMs) return 0;
    const count = event.pending;
    event.pending = 0;
    event.nextMs = nowMs + event.pauseMs;
    event.pauseMs = Math.min(event.pauseMs * 2, pauseMsMax);
    return count;
  }

  get size(): number {
    return this.#events.size;
  }
}

const pauseMsFirst = 30_000;
/** The API server forgets an event after an hour. */
const pauseMsMax = 3_600_000;
