/**
 * The snapshots' part of a scrub: one after the other, of each in sync the digests of the same groups, and of those that differ
 * digests of parts. They are frozen as they are, so no entry is needed; nor can anything be written anew: what differs is
 * reported, with the pool whose replica is to be moved. One that is deleted meanwhile is left.
 */
import { blockBytes } from '../../shared/block-size.ts';
import type { BlockRange } from '../copy.ts';
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import { sameSnapshot, storedName, type SnapshotInfo } from '../record.ts';
import { isInSync, type Member } from './member.ts';
import { partBlocks, parts, rangesAtOnce, type ScrubReport } from './scrub-report.ts';
import { verdict } from './scrub-verdict.ts';
import type { Seats } from './seats.ts';

interface SnapshotScrubOptions {
  readonly seats: Seats;
  readonly groupBlocks: number;
  readonly say: (member: Member, message: TargetSays) => void;
  readonly report: ScrubReport;
}

interface Question {
  readonly ranges: readonly BlockRange[];
  /** By replica; undefined: not answered yet. */
  readonly answers: Map<string, readonly (string | undefined)[] | undefined>;
}

type Of<T extends ReplicaMessage['type']> = Extract<ReplicaMessage, { type: T }>;

export class SnapshotScrub {
  readonly #o: SnapshotScrubOptions;
  #todo: SnapshotInfo[] = [];
  #cursor = 0;
  /** Looked at before the next group. */
  #closer: BlockRange[] = [];
  #question: Question | undefined;

  constructor(options: SnapshotScrubOptions) {
    this.#o = options;
  }

  begin(snapshots: readonly SnapshotInfo[]): void {
    this.#todo = [...snapshots];
    this.#next();
  }

  /** Whatever can go on; answers whether all are compared. `present`: those that there are now. */
  step(present: readonly SnapshotInfo[]): boolean {
    for (let of = this.#todo[0]; of; of = this.#todo[0]) {
      const { number, name } = of;
      // What was asked of one that is gone says nothing.
      if (!present.some((one) => sameSnapshot(one, { number, name }))) {
        this.#todo.shift();
        this.#next();
        continue;
      }
      if (this.#question && !this.#isAnswered(this.#question)) return false;
      if (this.#question) this.#compare(of, this.#question);
      this.#question = undefined;
      const ranges = this.#ranges(of);
      if (ranges.length > 0) return this.#ask(of, ranges);
      this.#todo.shift();
      this.#next();
    }
    return true;
  }

  digests(member: Member, message: Of<'digests'>): void {
    const question = this.#question;
    if (message.number !== this.#todo[0]?.number || !question?.answers.has(member.id)) return;
    if (message.digests.length !== question.ranges.length) return this.lost(member);
    const digests = message.digests.map((digest) => digest ?? undefined);
    question.answers.set(member.id, digests);
  }

  lost(member: Member): void {
    this.#question?.answers.delete(member.id);
  }

  /** With fewer than two that answer, the same is asked again of those that there are then. */
  #isAnswered({ ranges, answers }: Question): boolean {
    if (answers.size >= 2) return ![...answers.values()].includes(undefined);
    this.#closer = [...ranges, ...this.#closer];
    this.#question = undefined;
    return true;
  }

  #next(): void {
    this.#cursor = 0;
    this.#closer = [];
    this.#question = undefined;
  }

  #ranges({ sizeBytes }: SnapshotInfo): BlockRange[] {
    const blocks = Math.floor(sizeBytes / blockBytes);
    const ranges = this.#closer.splice(0, rangesAtOnce);
    while (ranges.length < rangesAtOnce && this.#cursor < blocks) {
      const count = Math.min(this.#o.groupBlocks, blocks - this.#cursor);
      ranges.push({ block: this.#cursor, count });
      this.#cursor += count;
    }
    return ranges;
  }

  #ask(of: SnapshotInfo, ranges: readonly BlockRange[]): false {
    const { number } = of;
    // Whoever has not been sent it can not answer: a full link holds entries back, but no question.
    const members = this.#o.seats.all.filter(
      (member) => isInSync(member) && member.snapshotDigests && member.sent >= number,
    );
    if (members.length < 2) {
      this.#closer = [...ranges, ...this.#closer];
      this.#o.report.waiting('waits for two replicas in sync that can compare snapshots');
      return false;
    }
    this.#o.report.waiting(undefined);
    this.#question = { ranges, answers: new Map(members.map(({ id }) => [id, undefined])) };
    for (const member of members)
      this.#o.say(member, { type: 'digest', number, ranges, snapshot: storedName(of) });
    return false;
  }

  #compare(of: SnapshotInfo, { ranges, answers }: Question): void {
    const heard = [...answers].map(([id, digests]) => ({ id, digests: digests ?? [] }));
    ranges.forEach((range, i) => {
      const said = heard.map(({ id, digests }) => ({ id, digest: digests[i] }));
      const found = verdict(said);
      if (found.equal) return;
      if (range.count > partBlocks) {
        this.#o.report.differs();
        this.#closer.push(...parts(range));
        return;
      }
      const right = said.find(({ id }) => id === found.good)?.digest;
      const wrong = said.filter(({ digest }) => digest !== right).map(({ id }) => this.#poolOf(id));
      const why = right === undefined ? 'no replica can be told to be right' : `move ${wrong.join(', ')}`;
      this.#o.report.leave(
        range,
        `differs, and a snapshot is not written anew: ${why}`,
        `snapshot ${of.name} `,
      );
    });
  }

  #poolOf(id: string): string {
    return `the replica on ${this.#o.seats.all.find((member) => member.id === id)?.pool ?? id}`;
  }
}
