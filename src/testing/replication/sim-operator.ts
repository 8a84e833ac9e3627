/**
 * Who decides on the members: writes both records into the file that targets are started with, tells the target, and
 * writes the new one alone when the target has settled it (R32). Removed replicas are deleted, their GUIDs never return.
 */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { MemberPlace } from '../../replication/coordinator/options.ts';
import { ackQuorum, membersMax } from '../../replication/quorum.ts';
import { SimPerson } from './sim-person.ts';
import type { SimReplica } from './sim-replica.ts';
import type { SimTarget } from './sim-target.ts';
import type { SimWorld } from './sim-world.ts';

export interface MembershipFile {
  readonly membership: MembershipRecord;
  readonly next?: MembershipRecord;
}

export type MembershipFault = 'add' | 'remove' | 'replace';

const everyMs = 150;

export class SimOperator {
  readonly #world: SimWorld;
  #file: MembershipFile;
  /** What was mounted before: a new target may still see it. */
  #oldFile: MembershipFile;
  /** By version. One that was given up may have begun before its target heard of that. */
  readonly #asked = new Map<number, MembershipRecord>();
  /** Who gives up members that are lost for good. */
  readonly person: SimPerson;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#file = { membership: { version: 1, members: membersOf(world.replicas) } };
    this.#oldFile = this.#file;
    this.person = new SimPerson(world, this);
    const poll = () => {
      this.#poll();
      this.person.poll();
      world.scheduler.after(everyMs, poll);
    };
    world.scheduler.after(everyMs, poll);
  }

  get isDone(): boolean {
    return this.#file.next === undefined && !this.person.isWaiting;
  }

  /** A target that has not seen yet that members were given up ends when it does (R36). */
  ends({ coordinator }: SimTarget): boolean {
    const { forced, version } = this.#file.membership;
    return forced === true && version > coordinator.status().membership.version;
  }

  /** Nobody counts this newcomer, and nobody will before it is in sync. */
  isSpare(replica: SimReplica): boolean {
    const { next } = this.#file;
    if (!next || this.members.includes(replica) || this.#world.truth.issuedVersion >= next.version)
      return false;
    // It may count before its loss is noticed: the others have to do without it.
    const all = this.#replicasOf(next);
    return all.filter((one) => !one.lost && one !== replica).length >= ackQuorum(all.length);
  }

  get members(): readonly SimReplica[] {
    return this.#replicasOf(this.#file.membership);
  }

  /** That in force, and those that were asked for since: each may be by now. */
  get records(): readonly MembershipRecord[] {
    const { membership } = this.#file;
    return [membership, ...[...this.#asked.values()].filter(({ version }) => version > membership.version)];
  }

  /** Members by each of these records, and by any. */
  get inEach(): readonly SimReplica[] {
    const all = this.records.map((record) => this.#replicasOf(record));
    return this.members.filter((one) => all.every((some) => some.includes(one)));
  }

  get inAny(): readonly SimReplica[] {
    return [...new Set(this.records.flatMap((record) => this.#replicasOf(record)))];
  }

  /** R36: these are the members from now on, whatever any target has made of what was asked for. */
  force(survivors: readonly SimReplica[], comesBack: boolean): MembershipRecord {
    const version = Math.max(...this.records.map((record) => record.version), ...this.#asked.keys()) + 1;
    const record = { version, members: membersOf(survivors), forced: true };
    this.#world.trace('operator', `forces ${JSON.stringify(record)}`);
    this.#write({ membership: record });
    // Who started a target with the record before could have back those who were given up.
    if (comesBack) this.#oldFile = this.#file;
    return record;
  }

  /** What a target that starts now finds mounted. */
  mounted(): MembershipFile {
    const stale = !this.#world.calm && this.#world.random.chance(0.15);
    return stale ? this.#oldFile : this.#file;
  }

  placesOf({ membership, next }: MembershipFile): readonly SimReplica[] {
    const later = next ? this.#replicasOf(next) : [];
    const before = this.#replicasOf(membership).filter(({ id }) => !later.some((one) => one.id === id));
    return [...before, ...later];
  }

  change(kind: MembershipFault, which: number): void {
    const { membership, next } = this.#file;
    const { members } = this;
    if (next || this.person.isWaiting) return;
    const lost = members.filter((replica) => replica.lost);
    // A lost one goes first: with it and another one away too few would be left.
    const leaving = lost[0] ?? members[Math.floor((which * members.length) / 1_000)];
    const staying = kind === 'add' ? members : members.filter((replica) => replica !== leaving);
    const grows = kind !== 'remove';
    if (staying.length + Number(grows) < 1 || staying.length + Number(grows) > membersMax) return;
    // Two replicas of which one is lost can not do without it.
    if (kind !== 'add' && members.length === 2 && lost.length > 0) return;
    const sameSeat = kind === 'replace' && leaving?.lost === true && this.#world.random.chance(0.5);
    const newcomers = grows ? [this.#newcomer(staying, sameSeat ? leaving.id : undefined)] : [];
    const version = Math.max(membership.version, ...this.#asked.keys()) + 1;
    const record = { version, members: membersOf([...staying, ...newcomers]) };
    this.#world.reach.hit('membership change');
    this.#world.trace('operator', `wants ${JSON.stringify(record)}`);
    this.#write({ membership, next: record });
  }

  /** A new one, or what a rewound pool still has: it has another GUID, and is filled as newcomers are (R31). */
  #newcomer(staying: readonly SimReplica[], seat: string | undefined): SimReplica {
    const { present, random, reach } = this.#world;
    // A seat is free when nobody stays in it, and nobody sits in it still: of two by one name a target could link one.
    const taken = [...staying, ...this.members.filter(({ lost }) => !lost)];
    const back = present.find((one) => one.isRewound && !taken.some(({ id }) => id === one.id));
    if (back === undefined || random.chance(0.2)) return this.#world.newReplica(seat);
    reach.hit('R31 rewound comes in again');
    back.isRewound = false;
    return back;
  }

  #poll(): void {
    for (const target of this.#world.alive) this.#showFile(target);
    this.#growBack();
    const { membership, next } = this.#file;
    const target = this.#world.alive.findLast(({ coordinator }) => coordinator.serving);
    if (!next || !target) return;
    const { version, settled } = target.coordinator.status().membership;
    const begun = version > membership.version ? this.#asked.get(version) : undefined;
    if (begun !== undefined) {
      if (settled) this.#finish(begun);
      return;
    }
    const lostNewcomer = this.#replicasOf(next).some(
      (replica) => replica.lost && membership.members[replica.id] !== replica.store.identity.guid,
    );
    // What can not come about is given up by asking for what there is.
    if ((lostNewcomer || this.#isUncopyable(target)) && version === membership.version)
      this.#write({ membership, next: { version: next.version + 1, members: membership.members } });
  }

  /** Those that were given up are replaced, one after the other. */
  #growBack(): void {
    const { calm, random } = this.#world;
    if (calm || !this.isDone || this.members.length >= this.person.membersWanted) return;
    if (random.chance(0.2)) this.change('add', 0);
  }

  /** The only member has blocks that it can not read, and a newcomer is to have them. */
  #isUncopyable({ coordinator }: SimTarget): boolean {
    const [only, ...others] = this.members;
    if (others.length > 0 || only?.holdsSpoiled !== true) return false;
    return coordinator
      .status()
      .replicas.some(({ replicaId, message }) => replicaId !== only.id && message.includes('is unreadable'));
  }

  /** The file is mounted in every target, and read when it has changed; not at once. */
  #showFile(target: SimTarget): void {
    if (target.file === this.#file || (!this.#world.calm && this.#world.random.chance(0.6))) return;
    const { membership } = this.#file;
    if (target.file.membership.version < membership.version) this.#world.reach.hit('R33 stale file');
    target.read(this.#file, this.placesOf(this.#file));
  }

  #finish(record: MembershipRecord): void {
    this.#world.reach.hit('R32 changed');
    this.#world.trace('operator', `has ${JSON.stringify(record)}`);
    this.#write({ membership: record });
    const { members } = this;
    for (const replica of this.#world.present)
      if (!members.includes(replica) && !replica.isRewound) replica.remove();
  }

  #write(file: MembershipFile): void {
    if (file.next) this.#asked.set(file.next.version, file.next);
    this.#oldFile = this.#file;
    this.#file = file;
  }

  #replicasOf({ members }: MembershipRecord): SimReplica[] {
    return this.#world.replicas.filter(({ id, store }) => members[id] === store.identity.guid);
  }
}

const membersOf = (replicas: readonly SimReplica[]): Readonly<Record<string, string>> =>
  Object.fromEntries(replicas.map(({ id, store }) => [id, store.identity.guid]));

export const placeOf = ({ id, store }: SimReplica): MemberPlace => ({
  id,
  guid: store.identity.guid,
  pool: id,
  copyAddress: store.identity.guid,
});
