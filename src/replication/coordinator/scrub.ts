/**
 * Comparing the replicas in sync while the volume serves: at one entry all of them freeze what they hold, digests of the
 * same ranges are asked of each, and what differs is looked at more closely until it is small enough to be written anew.
 *
 *   idle ──asked──▶ comparing (groups, then parts of those that differ) ──all compared──▶ mended ranges once more ──▶ snapshots ──▶ idle
 *      ▲                 │
 *      └─fewer than two──┘  (goes on at the same place when there are two again)
 *
 * A digest is of the content that a checksum promises, so each replica answers from its map. Most of them are right about a
 * range; of two, the one that can read it. What nobody can tell is reported and left alone.
 */
import type { BlockRange } from '../copy.ts';
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import type { ScrubStatus } from '../status.ts';
import type { SnapshotInfo } from '../record.ts';
import { isInSync, type Member } from './member.ts';
import { Mends, type Mend } from './scrub-mends.ts';
import { partBlocks, parts, rangesAtOnce, ScrubReport } from './scrub-report.ts';
import { SnapshotScrub } from './scrub-snapshots.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';
import { verdict } from './scrub-verdict.ts';

interface ScrubOptions {
  readonly seats: Seats;
  readonly groupBlocks: number;
  readonly say: (member: Member, message: TargetSays) => void;
  readonly changed: () => void;
}

interface Pass {
  /** The entry at which all have frozen what they hold. */
  readonly number: number;
  /** Digests of `asked`, by replica; undefined: not answered yet. */
  readonly answers: Map<string, readonly (string | undefined)[] | undefined>;
  asked: readonly BlockRange[];
}

type Of<T extends ReplicaMessage['type']> = Extract<ReplicaMessage, { type: T }>;

export class Scrub {
  readonly #o: ScrubOptions;
  #pass: Pass | undefined;
  /** First block of the group that is compared next. */
  #cursor = 0;
  #blocks = 0;
  /** Looked at before the next group. */
  #closer: BlockRange[] = [];
  /** Written anew, to be compared once more. */
  #again: BlockRange[] = [];
  #mends: Mends | undefined;
  #isSecond = false;
  readonly #report: ScrubReport;
  readonly #snapshots: SnapshotScrub;
  /** The volume as it is now has been compared. */
  #isOfSnapshots = false;

  constructor(options: ScrubOptions) {
    this.#o = options;
    const { seats, groupBlocks, say } = options;
    this.#report = new ScrubReport(options.changed);
    this.#snapshots = new SnapshotScrub({ seats, groupBlocks, say, report: this.#report });
  }

  get status(): ScrubStatus {
    return this.#report.status;
  }

  get isRunning(): boolean {
    return this.#mends !== undefined;
  }

  /** Begins; one that runs goes on. */
  start(mend: Mend): void {
    if (this.#mends) return;
    this.#mends = new Mends(mend, this.#report, (range) => this.#again.push(range));
    this.#cursor = 0;
    this.#isSecond = false;
    this.#again = [];
    this.#isOfSnapshots = false;
    this.#report.begin();
  }

  /** While serving: whatever can go on. `blocks`: of the volume. */
  step(stream: Stream, blocks: number, snapshots: readonly SnapshotInfo[]): void {
    if (!this.#mends) return;
    if (this.#isOfSnapshots) return this.#snapshots.step(snapshots) ? this.#finish() : undefined;
    if (this.#pass) return this.#look(this.#pass, snapshots);
    const members = this.#o.seats.all.filter((member) => isInSync(member) && member.digests);
    if (this.#o.seats.counted.length < 2) return this.#finish();
    if (members.length < 2) return this.#report.waiting('waits for two replicas in sync');
    this.#report.waiting(undefined);
    const number = stream.last + 1;
    stream.issue({ kind: 'proof', replicas: members.map(({ id }) => id) });
    const answers = new Map(members.map(({ id }) => [id, undefined]));
    this.#pass = { number, answers, asked: [] };
    // What the volume grows by from here on is not in what they froze.
    this.#blocks = blocks;
  }

  digests(member: Member, message: Of<'digests'>): void {
    if (this.#isOfSnapshots) return this.#snapshots.digests(member, message);
    const pass = this.#pass;
    if (!pass || message.number !== pass.number || !pass.answers.has(member.id)) return;
    if (message.digests.length !== pass.asked.length) return this.lost(member);
    pass.answers.set(
      member.id,
      message.digests.map((digest) => digest ?? undefined),
    );
  }

  /** It has forgotten what it froze. */
  lost(member: Member): void {
    this.#pass?.answers.delete(member.id);
    this.#snapshots.lost(member);
  }

  #look(pass: Pass, snapshots: readonly SnapshotInfo[]): void {
    if (pass.answers.size < 2) return this.#endPass(pass);
    if (pass.asked.length > 0) {
      if ([...pass.answers.values()].includes(undefined)) return;
      this.#compare(pass);
      pass.asked = [];
    }
    if (!this.#isFrozen(pass)) return;
    const next = this.#nextRanges();
    if (next.length > 0) return this.#ask(pass, next);
    if (this.#mends?.isBusy === true) return;
    this.#endPass(pass);
    if (this.#again.length > 0 && !this.#isSecond) {
      this.#isSecond = true;
      this.#closer = this.#again;
    } else {
      this.#isOfSnapshots = true;
      this.#snapshots.begin(snapshots);
      if (this.#snapshots.step(snapshots)) this.#finish();
    }
  }

  /** A full link holds the entry back, but no question: whoever hears that first has nothing to answer it from. */
  #isFrozen({ number, answers }: Pass): boolean {
    return this.#o.seats.all.every((member) => !answers.has(member.id) || member.sent >= number);
  }

  #nextRanges(): BlockRange[] {
    const ranges = this.#closer.splice(0, rangesAtOnce);
    while (ranges.length < rangesAtOnce && this.#cursor < this.#blocks && !this.#isSecond) {
      const count = Math.min(this.#o.groupBlocks, this.#blocks - this.#cursor);
      ranges.push({ block: this.#cursor, count });
      this.#cursor += count;
    }
    return ranges;
  }

  #ask(pass: Pass, ranges: readonly BlockRange[]): void {
    pass.asked = ranges;
    for (const id of pass.answers.keys()) {
      pass.answers.set(id, undefined);
      const member = this.#o.seats.all.find((one) => one.id === id);
      if (member) this.#o.say(member, { type: 'digest', number: pass.number, ranges });
    }
  }

  #compare({ asked, answers }: Pass): void {
    const heard = [...answers].map(([id, digests]) => ({ id, digests: digests ?? [] }));
    asked.forEach((range, i) => {
      const found = verdict(heard.map(({ id, digests }) => ({ id, digest: digests[i] })));
      if (found.equal) return;
      if (this.#isSecond) return this.#report.leave(range, 'differs again after it was written anew');
      if (range.count > partBlocks) {
        this.#report.differs();
        return this.#closer.push(...parts(range));
      }
      if (found.good === undefined)
        return this.#report.leave(range, 'differs, and no replica can be told to be right');
      return this.#mends?.put(range, found.good);
    });
    if (!this.#isSecond)
      this.#report.show({ percent: this.#blocks === 0 ? 100 : (100 * this.#cursor) / this.#blocks });
  }

  #endPass(pass: Pass): void {
    this.#pass = undefined;
    // What was asked and not compared comes again.
    this.#closer = [...pass.asked, ...this.#closer];
    for (const id of pass.answers.keys()) {
      const member = this.#o.seats.all.find((one) => one.id === id);
      if (member && isInSync(member)) this.#o.say(member, { type: 'dropProof', number: pass.number });
    }
  }

  #finish(): void {
    this.#mends = undefined;
    this.#closer = [];
    this.#report.show({ state: 'done', percent: 100 });
  }
}
