/**
 * What an all-knowing observer knows of a volume: every entry that any target ever made, and so what each history
 * holds. Against it choices are checked (invariants I1, I2, I5, I9), and what replicas hold (sim-holdings.ts).
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import { commonPoint, type EpochStart, type History } from '../../replication/history.ts';
import type { ExpectedLoss } from '../../replication/forced-change.ts';
import { granted } from '../../replication/loss.ts';
import type { Entry } from '../../replication/messages.ts';
import type { SnapshotInfo } from '../../replication/record.ts';
import { must } from '../../shared/assert.ts';
import { sectorTagsOf } from '../block-content.ts';
import { emptyVolume, fold, forcedTo, type VolumeFacts } from './sim-fold.ts';
import type { Place } from './sim-order.ts';
import { tagsIn } from './sim-store.ts';

/** A rule of replication is broken. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Violation(what);
}

interface EpochFacts extends EpochStart {
  /** 0: it adopted the empty history. */
  readonly parent: number;
  readonly nonce: number;
  readonly lossy: boolean;
  readonly forced: Forced | undefined;
  /** Highest numbers that were answered for: they have to be in whatever is adopted later. */
  flushed: number;
  settled: number;
  /** What is above was given up, even if its target has not ended and still answers for it (R36). */
  keptTo: number;
}

/** R36: who goes on, and what somebody was told may be missing then. */
export interface Forced {
  readonly record: MembershipRecord;
  readonly loss: ExpectedLoss;
}

export class Truth {
  readonly #entries = new Map<string, Entry>();
  readonly #epochs = new Map<number, EpochFacts>();
  readonly #states = new Map<string, VolumeFacts>();
  /** By tag and block: a write that became several entries may survive in part. */
  readonly #places = new Map<string, Place>();
  /** Number of an entry that gave births → its epoch (R9). */
  readonly #bearers = new Map<number, number>();
  readonly #empty: VolumeFacts;
  readonly #wildClocks: boolean;
  #servedEpoch = 0;
  /** The newest in which somebody went on by force: what targets before it make is met by nobody. */
  #forcedEpoch = 0;
  #committed = 0;
  /** Newest version of membership that any target has issued. */
  issuedVersion = 0;
  /** Some recovery said that unflushed writes may be gone. */
  lossy = false;

  constructor(blocks: number, options: { readonly wildClocks?: boolean } = {}) {
    this.#wildClocks = options.wildClocks === true;
    this.#empty = emptyVolume(blocks);
  }

  /** A target sends an entry. I5: one (epoch, number) is one entry. */
  entry(epoch: number, entry: Entry): void {
    const key = `${epoch}/${entry.number}`;
    const known = this.#entries.get(key);
    hold(!known || isSame(known, entry), `I5: two entries are ${key}`);
    this.#entries.set(key, entry);
    if (entry.kind === 'membership') this.issuedVersion = Math.max(this.issuedVersion, entry.record.version);
    if ((entry.kind === 'write' || entry.kind === 'unmap') && epoch >= this.#forcedEpoch) {
      const bearer = this.#bearers.get(entry.number) ?? epoch;
      hold(bearer === epoch, `I9: number ${entry.number} names blocks of epochs ${bearer} and ${epoch}`);
      this.#bearers.set(entry.number, epoch);
    }
    if (entry.kind !== 'write' || known) return;
    // What a write of part of a block leaves as it was has its place already; zeros that nobody wrote have none.
    for (const [i, content] of tagsIn(entry.data).entries())
      for (const tag of new Set(sectorTagsOf(content))) {
        if (tag === undefined || tag === 0 || this.place(tag, entry.block + i)) continue;
        this.#places.set(`${tag}/${entry.block + i}`, { epoch, number: entry.number });
      }
  }

  /**
   * A target shows the history it has adopted. I1, I2: it holds all that was answered for. R36: by force it may lack what somebody was told
   * may be missing, and says so.
   */
  adopted(epochs: readonly EpochStart[], nonce: number, lossy: boolean, forced?: Forced): void {
    const start = must(epochs.at(-1), 'an adopted epoch');
    const known = this.#epochs.get(start.epoch);
    if (known) {
      const same =
        known.first === start.first && known.previousLast === start.previousLast && known.nonce === nonce;
      return hold(same, `R8: epoch ${start.epoch} was chosen twice`);
    }
    const parent = epochs.at(-2)?.epoch ?? 0;
    this.#epochs.set(start.epoch, {
      ...start,
      parent,
      nonce,
      lossy,
      forced,
      flushed: 0,
      settled: 0,
      keptTo: Infinity,
    });
    if (forced) this.#goneOn(start);
    // A target that was overtaken while it recovered chooses in vain: it never serves.
    if ([...this.#epochs.keys()].some((epoch) => epoch > start.epoch)) return;
    const chosen = this.history(parent, start.previousLast);
    this.lossy ||= lossy;
    for (const facts of this.#epochs.values()) {
      const { epoch, flushed, settled } = facts;
      if (epoch === start.epoch) continue;
      if (forced && lossy)
        facts.keptTo = Math.min(facts.keptTo, commonPoint(this.history(epoch, Infinity), chosen));
      const common = commonPoint(this.history(epoch, Math.max(flushed, settled)), chosen);
      const mayLack = lossy && forced?.loss === 'flushed';
      hold(
        common >= flushed || mayLack,
        `I1: epoch ${start.epoch} adopts without flushed ${epoch}/${flushed}`,
      );
      facts.flushed = Math.min(flushed, common);
      if (lossy) facts.settled = Math.min(settled, common);
      else
        hold(common >= settled, `I2: epoch ${start.epoch} adopts without acknowledged ${epoch}/${settled}`);
    }
  }

  /** What those had who are out for good is never met again: its numbers may name other blocks. */
  #goneOn({ epoch, first }: EpochStart): void {
    this.#forcedEpoch = Math.max(epoch, this.#forcedEpoch);
    for (const number of this.#bearers.keys()) if (number >= first) this.#bearers.delete(number);
  }

  /** R36: the record with which a target that has chosen this goes on by force, over the version that is known; undefined: there is none. */
  forcedBy(
    epochs: readonly EpochStart[],
    configured: MembershipRecord,
  ): { readonly known: number; readonly record: MembershipRecord } | undefined {
    const { epoch: parent } = epochs.at(-2) ?? { epoch: 0 };
    const known = this.at(parent, epochs.at(-1)?.previousLast ?? 0).change?.record.version ?? 1;
    return configured.forced === true && configured.version > known
      ? { known, record: configured }
      : undefined;
  }

  /** I3: a target begins to serve. */
  serves(epoch: number): void {
    hold(
      this.#wildClocks || epoch > this.#servedEpoch,
      `I3: ${epoch} serves, ${this.#servedEpoch} has served`,
    );
    this.#servedEpoch = Math.max(epoch, this.#servedEpoch);
  }

  /** I3: an answer goes out. Answers whether later ones have to agree with it. */
  mayRest(epoch: number): boolean {
    const current = epoch >= this.#servedEpoch;
    hold(current || this.#wildClocks, `I3: ${epoch} answers, ${this.#servedEpoch} has served`);
    return current;
  }

  /** Whose quorums count in what was chosen: the records of its newest change, or those that nobody ever changed. */
  membershipOf(epochs: readonly EpochStart[], configured: MembershipRecord): readonly MembershipRecord[] {
    const { epoch: parent } = epochs.at(-2) ?? { epoch: 0 };
    const last = epochs.at(-1)?.previousLast ?? 0;
    const change = this.at(parent, last).change;
    if (!change || this.forcedBy(epochs, configured)) return [configured];
    return change.record.version <= this.#committed ? [change.record] : [change.from, change.record];
  }

  /** R34: a target says that this version is committed. */
  committed(version: number): void {
    this.#committed = Math.max(version, this.#committed);
  }

  /** An answer was given that rests on this number being durable on a quorum, or received by one. */
  answered(epoch: number, number: number, how: 'flushed' | 'settled'): void {
    const facts = this.#epochs.get(epoch);
    if (facts) facts[how] = Math.max(facts[how], Math.min(number, facts.keptTo));
  }

  /** Where the entry stands that first brought this tag to the block; undefined: none was ever sent. */
  place(tag: number, block: number): Place | undefined {
    return this.#places.get(`${tag}/${block}`);
  }

  /** Whether the history that ends in `epoch` at `last` holds what the write with this tag put into the block. */
  holds(epoch: number, last: number, tag: number, block: number): boolean {
    const place = this.place(tag, block);
    if (!place) return false;
    return commonPoint(this.history(epoch, last), this.history(place.epoch, place.number)) >= place.number;
  }

  history(epoch: number, last: number): History {
    const epochs: EpochStart[] = [];
    for (let e = epoch; e > 0;) {
      const { first, previousLast, parent } = must(this.#epochs.get(e), `epoch ${e}`);
      epochs.unshift({ epoch: e, first, previousLast });
      e = parent;
    }
    return { epochs, last };
  }

  /** Epochs in which an entry with this number was made. */
  epochsWith(number: number): readonly number[] {
    return [...this.#epochs.keys()].filter((epoch) => this.#entries.has(`${epoch}/${number}`));
  }

  /** What a snapshot that a target has shown holds, by block. */
  tagsOf({ name, number }: Pick<SnapshotInfo, 'name' | 'number'>): readonly number[] {
    const takes = (epoch: number): boolean => {
      const entry = this.#entries.get(`${epoch}/${number}`);
      return entry?.kind === 'snapshot' && entry.name === name;
    };
    const epoch = must([...this.#epochs.keys()].find(takes), `who took ${name} at ${number}`);
    return this.at(epoch, number).tags;
  }

  /** Whether a recovery under this epoch said that unflushed writes may be lost. */
  isLossy(epoch: number): boolean {
    return this.#epochs.get(epoch)?.lossy === true;
  }

  /**
   * Whether a person went on by force from before a recovery that had declared a loss: what was lost is there again then, and
   * what was read meanwhile is not.
   */
  hasUndoneLoss(epoch: number): boolean {
    const kept = new Set(this.history(epoch, Infinity).epochs.map((each) => each.epoch));
    return [...this.#epochs.values()].some(
      (each) => each.lossy && !kept.has(each.epoch) && each.epoch < this.#forcedEpoch,
    );
  }

  /** Losses that were declared in the history that ends in this epoch, and who could log in then. */
  losses(epoch: number): readonly { readonly epoch: number; readonly initiators: readonly string[] }[] {
    return this.history(epoch, Infinity)
      .epochs.filter((each) => this.isLossy(each.epoch))
      .map((each) => {
        const { parent } = must(this.#epochs.get(each.epoch), `epoch ${each.epoch}`);
        return { epoch: each.epoch, initiators: granted(this.at(parent, each.previousLast).values) };
      });
  }

  /** What blocks hold after each entry of this epoch that was ever sent, from the first on, and what it began with. */
  tagsBy(epoch: number): { readonly number: number; readonly tags: readonly number[] }[] {
    const { first, parent, previousLast } = must(this.#epochs.get(epoch), `epoch ${epoch}`);
    const all = [{ number: 0, tags: this.at(parent, previousLast).tags }];
    for (let number = first; this.#entries.has(`${epoch}/${number}`); number++)
      all.push({ number, tags: this.at(epoch, number).tags });
    return all;
  }

  /** The newest return to this snapshot in the history that ends in `epoch` at `last`. */
  returnTo(
    { name, number: to }: Pick<SnapshotInfo, 'name' | 'number'>,
    epoch: number,
    last: number,
  ): Place | undefined {
    for (let e = epoch, number = last; e > 0;) {
      const { first, previousLast, parent } = must(this.#epochs.get(e), `epoch ${e}`);
      const entry = this.#entries.get(`${e}/${number}`);
      if (entry?.kind === 'revert' && entry.name === name && entry.to === to) return { epoch: e, number };
      if (number > first) number -= 1;
      else [e, number] = [parent, previousLast];
    }
    return undefined;
  }

  /** R24: what a target shows is what its history has. */
  checkShown(epoch: number, last: number, shown: readonly SnapshotInfo[]): void {
    const [has, due] = [shown, this.at(epoch, last).snapshots].map(namesOf);
    hold(has === due, `R24: the target shows snapshots ${has}, ${epoch}/${last} has ${due}`);
  }

  /** The volume after entry `last` of the history that ends in `epoch`. */
  at(epoch: number, last: number): VolumeFacts {
    const path: { readonly key: string; readonly entry: Entry; readonly forced: Forced | undefined }[] = [];
    let state = this.#empty;
    for (let e = epoch, number = last; e > 0;) {
      const { first, previousLast, parent, forced } = must(this.#epochs.get(e), `epoch ${e}`);
      const key = `${e}/${number}`;
      const known = this.#states.get(key);
      if (known) {
        state = known;
        break;
      }
      const entry = must(this.#entries.get(key), `entry ${key}`);
      path.push({ key, entry, forced: number === first ? forced : undefined });
      if (number > first) number -= 1;
      else [e, number] = [parent, previousLast];
    }
    for (const { key, entry, forced } of path.toReversed()) {
      state = fold(state, entry);
      if (forced) state = forcedTo(state, forced.record);
      this.#states.set(key, state);
    }
    return state;
  }
}

export const namesOf = (list: readonly { readonly name: string; readonly number: number }[]): string =>
  list.map(({ name, number }) => `${name}@${number}`).join();

function isSame(a: Entry, b: Entry): boolean {
  if (a.kind !== 'write' || b.kind !== 'write') return JSON.stringify(a) === JSON.stringify(b);
  const fields = a.number === b.number && a.block === b.block && a.count === b.count && a.fua === b.fua;
  return fields && Buffer.compare(a.data, b.data) === 0;
}
