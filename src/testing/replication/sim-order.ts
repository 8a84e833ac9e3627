/**
 * Answers against the order that entries have in histories: the register test (sim-register.ts) asks whether some order could be,
 * this one whether it is the one that there was. It says all that is left to say where a lossy recovery took the end of a history
 * away, with returns to snapshots among the lost: all up to one number is kept, what comes after it is gone, nothing comes back.
 */
import { hold } from './sim-truth.ts';

/** An entry, and with it the history that ends there. */
export interface Place {
  readonly epoch: number;
  readonly number: number;
}

interface Asked {
  readonly startMs: number;
  /** Infinity: no answer came. */
  readonly finishMs: number;
}

export type Ordered = Asked &
  (
    | { readonly kind: 'write'; readonly register: number; readonly value: number; readonly place: Place }
    /** `end`: the history of who answered, as far as it was then. */
    | { readonly kind: 'read'; readonly register: number; readonly value: number; readonly end: Place }
    /** Of all registers at once; only those that were answered. */
    | { readonly kind: 'return'; readonly place: Place }
  );

export interface Histories {
  /** What a register holds from which entry on, in the history that ends there, ascending; the first is what was never written. */
  values(end: Place, register: number): readonly (Place & { readonly value: number })[];
  /** The last entry that the history has of that epoch; undefined: none. */
  lastOf(end: Place, epoch: number): number | undefined;
  /** Who recovered first after that epoch, of the targets of this history, said that unflushed writes may be lost. */
  isLossyAfter(end: Place, epoch: number): boolean;
}

/** Entries that answers have shown to be there, by epoch. */
type Known = Map<number, number[]>;

const nothing: Place = { epoch: 0, number: 0 };
export const isBefore = (a: Place, b: Place): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.number < b.number);

/**
 * Throws Violation. Each operation is given the least place that its value allows: what was answered before another one was asked
 * for lies before it, or was lost by a recovery that said so. `counts`: whether a write that was not answered has come to be.
 */
export function checkOrder(
  operations: readonly Ordered[],
  histories: Histories,
  counts: (place: Place) => boolean,
): void {
  const known = new KnownPlaces(histories);
  const answered = new Answered();
  for (const each of operations.toSorted((a, b) => a.startMs - b.startMs)) {
    for (const { place, register } of answered.before(each.startMs)) known.add(register, place);
    const place = placed(each, known, histories, counts);
    if (place === undefined || each.finishMs === Infinity) continue;
    answered.add(each.finishMs, each.kind === 'return' ? everywhere : each.register, place);
    // Writes of one initiator may rely on each other wherever they are.
    if (each.kind === 'write') answered.add(each.finishMs, ofWrites, place);
  }
}

/** Stand for all registers, and for writes to whichever. */
const everywhere = -1;
const ofWrites = -2;

function placed(
  each: Ordered,
  known: KnownPlaces,
  histories: Histories,
  counts: (place: Place) => boolean,
): Place | undefined {
  if (each.kind === 'read') return readPlace(each, known, histories);
  const { place, finishMs } = each;
  if (finishMs === Infinity && !counts(place)) return undefined;
  const what = each.kind === 'write' ? `${each.value} in register ${each.register}` : 'a return';
  const before = each.kind === 'write' ? [each.register, everywhere, ofWrites] : known.registers;
  known.newest(before, place, what);
  return place;
}

function readPlace(
  { register, value, end }: Extract<Ordered, { kind: 'read' }>,
  known: KnownPlaces,
  histories: Histories,
): Place {
  const from = known.newest([register, everywhere], end, `a read of ${value} from register ${register}`);
  const values = histories.values(end, register);
  const now = values.findLast((each) => !isBefore(from, each));
  if (now?.value === value) return from;
  const later = values.find((each) => each.value === value && isBefore(from, each));
  hold(
    later !== undefined,
    `I4: register ${register}: ${value} was read, and from ${from.epoch}/${from.number} to ${end.epoch}/${end.number} it was never there`,
  );
  return later;
}

class KnownPlaces {
  readonly #histories: Histories;
  readonly #by = new Map<number, Known>();

  constructor(histories: Histories) {
    this.#histories = histories;
  }

  get registers(): readonly number[] {
    return [...this.#by.keys()];
  }

  add(register: number, { epoch, number }: Place): void {
    if (epoch === 0) return;
    const known = this.#by.get(register) ?? new Map<number, number[]>();
    const numbers = known.get(epoch) ?? [];
    const at = numbers.findLastIndex((each) => each <= number);
    if (numbers[at] !== number) numbers.splice(at + 1, 0, number);
    this.#by.set(register, known.set(epoch, numbers));
  }

  /** The newest that this history has. What it has not has to be lost with notice. */
  newest(registers: readonly number[], end: Place, what: string): Place {
    let newest = nothing;
    for (const register of registers) {
      for (const [epoch, numbers] of this.#by.get(register) ?? []) {
        const last = this.#histories.lastOf(end, epoch) ?? 0;
        const highest = numbers.at(-1) ?? 0;
        hold(
          highest <= last || this.#histories.isLossyAfter(end, epoch),
          `I2: ${what}, of ${end.epoch}/${end.number}: what was known before, ${epoch}/${highest}, is not below it`,
        );
        const number = numbers.findLast((each) => each <= last) ?? 0;
        if (number > 0 && isBefore(newest, { epoch, number })) newest = { epoch, number };
      }
    }
    return newest;
  }
}

/** Answers in the order in which they came. */
class Answered {
  #all: { readonly atMs: number; readonly register: number; readonly place: Place }[] = [];

  add(atMs: number, register: number, place: Place): void {
    this.#all.push({ atMs, register, place });
  }

  /** Those that came before, once. */
  before(ms: number): readonly { readonly register: number; readonly place: Place }[] {
    const done = this.#all.filter(({ atMs }) => atMs < ms);
    this.#all = this.#all.filter(({ atMs }) => atMs >= ms);
    return done;
  }
}
