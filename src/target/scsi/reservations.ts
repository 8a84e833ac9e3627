/**
 * The persistent reservations of a logical unit: changed one at a time, kept by the volume before anybody is answered, so
 * that a target that starts elsewhere lets in nobody who is fenced (SPC-4 §5.12.5).
 */
import type { Volume } from '../volume.ts';
import type { Attention, Outcome } from './reservation-actions.ts';
import { decodeReservations, encodeReservations, reservationsKey } from './reservation-record.ts';
import type { ReservationState } from './reservation-state.ts';
import { CheckCondition } from './sense.ts';

/** What a change brought about, or that it conflicts with the reservation that is. */
export type Change =
  | 'conflict'
  | { readonly attentions: readonly Attention[]; readonly preempted: readonly string[] };

export class Reservations {
  readonly #volume: Volume;
  #state: ReservationState;
  /** What the volume keeps; undefined: not known, because keeping it failed. */
  #kept: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(volume: Volume) {
    this.#volume = volume;
    const kept = volume.recall?.(reservationsKey);
    this.#state = decodeReservations(kept);
    this.#kept = kept ?? '';
  }

  get state(): ReservationState {
    return this.#state;
  }

  /** After the changes before it. Throws CheckCondition, or the volume's error: then nothing has changed. */
  change(apply: (state: ReservationState) => Outcome): Promise<Change> {
    const change = this.#last.then(() => this.#apply(apply));
    // The failure belongs to whoever awaits `change`.
    this.#last = change.then(
      () => undefined,
      () => undefined,
    );
    return change;
  }

  async #apply(apply: (state: ReservationState) => Outcome): Promise<Change> {
    const outcome = apply(this.#state);
    if (outcome.kind === 'conflict') return 'conflict';
    if (outcome.kind === 'refused') throw new CheckCondition(outcome.condition);
    await this.#keep(encodeReservations(outcome.state));
    this.#state = outcome.state;
    return outcome;
  }

  async #keep(text: string): Promise<void> {
    if (text === this.#kept) return;
    this.#kept = undefined;
    await this.#volume.remember?.(reservationsKey, text);
    this.#kept = text;
  }
}
