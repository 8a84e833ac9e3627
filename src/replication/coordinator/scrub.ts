/**
 * Comparing the replicas in sync while the volume serves: at one entry all of them freeze what they hold, digests of the
 * same ranges are asked of each, and what differs is looked at more closely until it is small enough to be written anew.
 *
 *   idle ──asked──▶ comparing (groups, then parts of those that differ) ──all compared──▶ mended ranges once more ──▶ idle
 *      ▲                 │
 *      └─fewer than two──┘  (goes on at the same place when there are two again)
 *
 * A digest is of the content that a checksum promises, so each replica answers from its map. Most of them are right about a
 * range; of two, the one that can read it. What nobody can tell is reported and left alone.
 */
import type { BlockRange } from '../copy.ts';
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import type { ScrubStatus } from '../status.ts';
import { isInSync, type Member } from './member.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';
import { verdict } from './scrub-verdict.ts';

/** Writes the blocks anew as the replica `from` has them, whatever is written meanwhile; `done` tells whether it could. */
export type Mend = (range: BlockRange, from: string, done: (mended: boolean) => void) => void;

interface ScrubOptions {
  readonly seats: Seats;
  readonly groupBlocks: number;
  readonly say: (member: Member, message: TargetSays) => void;
  readonly changed: () => void;
}

/** Ranges in one question. */
const rangesAtOnce = 16;
/** What differs is looked at in parts of this many blocks, and written anew as such. */
const partBlocks = 64;
/** Ranges that wait for being written anew; a replica with more differences has to be replaced. */
const mendsMax = 1_024;

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
  #mend: Mend | undefined;
  #pass: Pass | undefined;
  /** First block of the group that is compared next. */
  #cursor = 0;
  #blocks = 0;
  /** Looked at before the next group. */
  #closer: BlockRange[] = [];
  #toMend: { readonly range: BlockRange; readonly from: string }[] = [];
  #mending = false;
  /** Written anew, to be compared once more. */
  #again: BlockRange[] = [];
  #isSecond = false;
  /** The first blocks that are left. */
  #why = '';
  #status: ScrubStatus = { state: 'idle', percent: 0, different: 0, mended: 0, left: 0, message: '' };

  constructor(options: ScrubOptions) {
    this.#o = options;
  }

  get status(): ScrubStatus {
    return this.#status;
  }

  get isRunning(): boolean {
    return this.#mend !== undefined;
  }

  /** Begins; one that runs goes on. */
  start(mend: Mend): void {
    if (this.#mend) return;
    this.#mend = mend;
    this.#cursor = 0;
    this.#isSecond = false;
    this.#again = [];
    this.#why = '';
    this.#show({ state: 'running', percent: 0, different: 0, mended: 0, left: 0, message: '' });
  }

  /** While serving: whatever can go on. `blocks`: of the volume. */
  step(stream: Stream, blocks: number): void {
    if (!this.#mend) return;
    this.#blocks = blocks;
    if (this.#pass) return this.#look(this.#pass);
    const members = this.#o.seats.all.filter((member) => isInSync(member) && member.digests);
    if (this.#o.seats.counted.length < 2) return this.#finish();
    if (members.length < 2) return this.#show({ message: 'waits for two replicas in sync' });
    this.#show({ message: this.#why });
    const number = stream.last + 1;
    stream.issue({ kind: 'proof', replicas: members.map(({ id }) => id) });
    const answers = new Map(members.map(({ id }) => [id, undefined]));
    this.#pass = { number, answers, asked: [] };
  }

  digests(member: Member, message: Of<'digests'>): void {
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
  }

  #look(pass: Pass): void {
    if (pass.answers.size < 2) return this.#endPass(pass);
    if (pass.asked.length > 0) {
      if ([...pass.answers.values()].includes(undefined)) return;
      this.#compare(pass);
      pass.asked = [];
    }
    const next = this.#nextRanges();
    if (next.length > 0) return this.#ask(pass, next);
    if (this.#mending || this.#toMend.length > 0) return;
    this.#endPass(pass);
    if (this.#again.length > 0 && !this.#isSecond) {
      this.#isSecond = true;
      this.#closer = this.#again;
    } else this.#finish();
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
      if (this.#isSecond) return this.#leave(range, 'differs again after it was written anew');
      if (range.count > partBlocks) {
        this.#show({ different: this.#status.different + 1 });
        return this.#closer.push(...parts(range));
      }
      if (found.good === undefined)
        return this.#leave(range, 'differs, and no replica can be told to be right');
      if (this.#toMend.length >= mendsMax) return this.#leave(range, 'differs like too many others');
      return this.#toMend.push({ range, from: found.good });
    });
    if (!this.#isSecond)
      this.#show({ percent: this.#blocks === 0 ? 100 : (100 * this.#cursor) / this.#blocks });
    this.#mendNext();
  }

  #leave({ block, count }: BlockRange, why: string): void {
    if (this.#why === '') this.#why = `blocks ${block} to ${block + count - 1}: ${why}`;
    this.#show({ left: this.#status.left + count, message: this.#why });
  }

  #mendNext(): void {
    const next = this.#toMend[0];
    if (!next || this.#mending || !this.#mend) return;
    this.#mending = true;
    this.#mend(next.range, next.from, (mended) => {
      this.#mending = false;
      this.#toMend.shift();
      if (mended) {
        this.#again.push(next.range);
        this.#show({ mended: this.#status.mended + next.range.count });
      } else this.#leave(next.range, 'differs, and could not be written anew');
      this.#mendNext();
    });
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
    this.#mend = undefined;
    this.#closer = [];
    this.#show({ state: 'done', percent: 100 });
  }

  #show(news: Partial<ScrubStatus>): void {
    const before = JSON.stringify(this.#status);
    this.#status = { ...this.#status, ...news };
    if (JSON.stringify(this.#status) !== before) this.#o.changed();
  }
}

function parts({ block, count }: BlockRange): BlockRange[] {
  return Array.from({ length: Math.ceil(count / partBlocks) }, (_, i) => ({
    block: block + i * partBlocks,
    count: Math.min(partBlocks, count - i * partBlocks),
  }));
}
