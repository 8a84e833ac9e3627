/** The members, and the sets of them in which every quorum has to be met: one, or two while membership changes (R32). */
import type { MembershipRecord } from '../../api/target-config.ts';
import { reachedBy } from '../quorum.ts';
import { newMember, type Member } from './member.ts';

/** How many of so many (quorum.ts). */
export type Quorum = (members: number) => number;

export class Seats {
  /** Everyone who is linked, or should be: members of the sets, and newcomers that count for nothing yet. */
  readonly all: Member[];
  #sets: readonly (readonly Member[])[] = [];
  #counted: readonly Member[] = [];

  constructor(all: readonly Member[], records: readonly MembershipRecord[]) {
    this.all = [...all];
    this.use(records);
  }

  /** From now on quorums are met in each of these. Who is not to be reached anywhere has a seat all the same. */
  use(records: readonly MembershipRecord[]): void {
    this.#sets = records.map(({ members }) =>
      Object.entries(members).map(
        ([id, guid]) =>
          this.find(id, guid) ??
          this.#sets.flat().find((member) => member.id === id && member.guid === guid) ??
          newMember({ id, guid, pool: '', copyAddress: '' }),
      ),
    );
    this.#counted = [...new Set(this.#sets.flat())];
  }

  /** Can be reached from now on; it may have had a seat before. */
  add(member: Member): void {
    this.all.push(member);
    const isSeat = ({ id, guid }: Member) => id === member.id && guid === member.guid;
    this.#sets = this.#sets.map((set) => set.map((one) => (isSeat(one) ? member : one)));
    this.#counted = [...new Set(this.#sets.flat())];
  }

  find(id: string, guid: string): Member | undefined {
    return this.all.find((member) => member.id === id && member.guid === guid);
  }

  /** Everyone who counts. */
  get counted(): readonly Member[] {
    return this.#counted;
  }

  counts(member: Member): boolean {
    return this.#sets.some((set) => set.includes(member));
  }

  meets(quorum: Quorum, holds: (member: Member) => boolean): boolean {
    for (const set of this.#sets) {
      let held = 0;
      for (const member of set) if (holds(member)) held += 1;
      if (held < quorum(set.length)) return false;
    }
    return true;
  }

  /** The highest number that a quorum of each set has reached; `position` undefined: this one does not count. */
  reached(quorum: Quorum, position: (member: Member) => number | undefined): number {
    let least = Infinity;
    for (const set of this.#sets) {
      const numbers: number[] = [];
      for (const member of set) {
        const number = position(member);
        if (number !== undefined) numbers.push(number);
      }
      least = Math.min(least, reachedBy(numbers, quorum(set.length)));
    }
    return least;
  }

  /** For a message: how many there are in the set that lacks most, and how many are needed. */
  shortOf(quorum: Quorum, holds: (member: Member) => boolean): string {
    const short = this.#sets.map((set) => [set.filter(holds).length, quorum(set.length)] as const);
    const [has, needs] = short.toSorted(([a, b], [c, d]) => a - b - (c - d))[0] ?? [0, 0];
    return `${has} of ${needs}`;
  }
}
