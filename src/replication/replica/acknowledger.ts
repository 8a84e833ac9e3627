/**
 * Tells the target how far this replica has come: received (in memory) once per batch, durable after each commit. Of a batch
 * in which every entry waits to be durable only that is told, which says both.
 *
 * Before the first acknowledgement from memory `open` must be durable (R5): until then `received` is held back. When
 * nothing has come for a while and all is durable, `open` is cleared again: a crash then takes nothing.
 */
import type { ReplicaSays } from '../messages.ts';
import type { StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import type { Ledger } from './ledger.ts';

interface AcknowledgerOptions {
  readonly ledger: Ledger;
  readonly effects: StoreEffects;
  readonly timing: Timing;
  readonly say: (message: ReplicaSays) => void;
}

export class Acknowledger {
  readonly #ledger: Ledger;
  readonly #effects: StoreEffects;
  readonly #timing: Timing;
  readonly #say: (message: ReplicaSays) => void;
  #open: 'closed' | 'opening' | 'open' = 'closed';
  /** The link this speaks for is gone. */
  #ended = false;
  #received: number;
  #durable: number;
  /** Highest number in a commit under way. */
  #committing: number;
  #commitWanted = false;
  /** An entry was taken in for which the target waits no longer than until it is received. */
  #receiptWanted = false;
  #undurableSinceMs: number | undefined;
  #entryAtMs = 0;

  constructor(options: AcknowledgerOptions) {
    this.#ledger = options.ledger;
    this.#effects = options.effects;
    this.#timing = options.timing;
    this.#say = options.say;
    const { last } = this.#ledger.store;
    this.#received = last;
    this.#durable = last; // the promise, or the completion, was committed with all before it
    this.#committing = last;
  }

  end(): void {
    this.#ended = true;
  }

  /** An entry was taken in, to be made durable at once; of which the target waits for the receipt. */
  took(nowMs: number, commit: boolean, receipt: boolean): void {
    this.#commitWanted ||= commit;
    this.#receiptWanted ||= receipt;
    this.#entryAtMs = nowMs;
    this.#undurableSinceMs ??= nowMs;
  }

  /** The messages that arrived together are done. `counts`: a replica in sync, whose word the target counts. */
  endBatch(counts: boolean): void {
    const news = this.#ledger.store.last !== this.#received;
    if (counts && news && this.#open === 'closed') this.#setOpen();
    if (this.#commitWanted) this.#commit();
    if (!counts || (this.#open === 'open' && this.#receiptWanted)) this.#sayReceived();
  }

  tick(nowMs: number, clean: boolean): void {
    const { last } = this.#ledger.store;
    const sinceMs = this.#undurableSinceMs;
    if (last > this.#committing && sinceMs !== undefined && nowMs - sinceMs >= this.#timing.commitMs)
      this.#commit();
    const idle = nowMs - this.#entryAtMs >= this.#timing.idleMs && this.#durable === last;
    if (clean && idle && this.#open === 'open') this.#clearOpen();
  }

  /** All is durable, and a crash takes nothing: no tick changes anything before the next entry. */
  get isAtRest(): boolean {
    return this.#open === 'closed' && this.#durable === this.#ledger.store.last;
  }

  #sayReceived(): void {
    const { last } = this.#ledger.store;
    this.#receiptWanted = false;
    if (this.#ended || last === this.#received) return;
    this.#received = last;
    this.#say({ type: 'received', number: last });
  }

  #commit(): void {
    const { last } = this.#ledger.store;
    this.#commitWanted = false;
    this.#committing = last;
    this.#undurableSinceMs = undefined;
    this.#effects.commit(() => {
      if (this.#ended || last <= this.#durable) return;
      this.#durable = last;
      this.#received = Math.max(this.#received, last);
      this.#say({ type: 'durable', number: last });
    });
  }

  /** A commit that was called before the record was written says nothing about it: only the one called here counts. */
  #setOpen(): void {
    this.#open = 'opening';
    if (!this.#ledger.record.open) this.#ledger.update({ open: true });
    this.#effects.commit(() => {
      if (this.#ended) return;
      this.#open = 'open';
      this.#sayReceived();
    });
  }

  #clearOpen(): void {
    this.#open = 'closed';
    this.#ledger.update({ open: false });
    this.#effects.commit(() => undefined);
  }
}
