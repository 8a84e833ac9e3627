/** What a replica answers to questions about its content: to its target, and to whoever copies from it. */
import type { CopyReply, CopyRequest } from '../copy.ts';
import { encodeStretch, firstStretch } from '../mapping.ts';
import type { ReplicaSays, TargetMessage } from '../messages.ts';
import { proofSnapshot, storedName } from '../record.ts';
import type { Done, Outcome, StoreEffects } from '../store.ts';
import type { Timing } from '../timing.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { answerGather, answerList } from './batch-answer.ts';
import { answerCensus, answerCopy, answerDigests } from './copy-answer.ts';
import type { Ledger } from './ledger.ts';
import { ownDigests } from './prover.ts';
import type { Session } from './session.ts';
import { copySourceCheck } from './source-check.ts';

type Of<T extends TargetMessage['type']> = Extract<TargetMessage, { type: T }>;

/**
 * What was copied behind a return is finished where the stream has passed it, as if the blocks were born there (R22c): of a source
 * that was started anew since, which knows no more than that its history was continued at some number, by an adoption or a return.
 */
function behindFork(
  reply: Outcome<CopyReply>,
  { snapshot, firstLive }: CopyRequest,
  { record }: Ledger,
): Outcome<CopyReply> {
  const fork = record.epochs.at(-1)?.first ?? 0;
  if (!reply.ok || snapshot !== undefined || fork < firstLive) return reply;
  if (reply.value.type !== 'blocks' && reply.value.type !== 'list') return reply;
  return { ok: true, value: { ...reply.value, highestBirth: Math.max(reply.value.highestBirth, fork) } };
}

interface AnswersOptions {
  readonly ledger: Ledger;
  readonly effects: StoreEffects;
  readonly timing: Timing;
  readonly session: () => Session | undefined;
  /** Nothing is said in a session that is over. */
  readonly say: (session: Session, message: ReplicaSays) => void;
}

export class Answers {
  readonly #o: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#o = options;
  }

  /** Another replica copies from this one. */
  copy(request: CopyRequest, done: Done<CopyReply>): void {
    const { effects, timing, ledger, session } = this.#o;
    const check = () => copySourceCheck(request, ledger, session()?.phase === 'streaming');
    const before = check();
    if (before) return done({ ok: true, value: before });
    const checked: Done<CopyReply> = (reply) => {
      const after = check(); // the promise may have moved on meanwhile (R3)
      done(after ? { ok: true, value: after } : behindFork(reply, request, ledger));
    };
    if (request.type === 'digest') return answerDigests(request, effects, checked);
    const answering = { effects, timing, blocks: this.#blocksOf(request), done: checked };
    if (request.type === 'census') return answerCensus(request, answering);
    if (request.type === 'list') return answerList(request, answering);
    if (request.type === 'gather') return answerGather(request, answering);
    answerCopy({ request, ...answering });
  }

  /** Answers why it can not be answered: the link is to be broken off. */
  read(session: Session, message: Of<'read'>): string | undefined {
    const { ledger, effects, say } = this.#o;
    const { readId, after, block, count } = message;
    if (session.phase !== 'streaming' || after > ledger.store.last)
      return `a read behind ${after}, which is not here`;
    if (message.map === true) {
      this.#readMap(session, message);
      return undefined;
    }
    effects.readBriefly(block, count, (read) => {
      if (this.#o.session() !== session) return;
      const { last } = ledger.store;
      if (read.ok) say(session, { type: 'data', readId, last, data: read.value });
      else say(session, { type: 'readFailed', readId, message: read.message });
    });
    return undefined;
  }

  /** A scrub compares what was frozen at a proof entry with other replicas. Answers as `read`. */
  digest(session: Session, message: Of<'digest'>): string | undefined {
    const { ledger, effects, say } = this.#o;
    const { number, ranges, snapshot = proofSnapshot(number) } = message;
    if (session.phase !== 'streaming') return 'a digest of a replica that has holes';
    const { last } = ledger.store;
    // Entry and question come in order on one link: one of them got lost there (R11).
    if (number > last) return `a digest at ${number} does not follow ${last}`;
    ownDigests(effects, ranges, snapshot, (found) => {
      const digests = found.map((digest) =>
        digest === undefined ? null : Buffer.from(digest).toString('hex'),
      );
      say(session, { type: 'digests', number, digests });
    });
    return undefined;
  }

  #readMap(session: Session, { readId, block, count }: Of<'read'>): void {
    const { ledger, effects, timing, say } = this.#o;
    const range = { block, count };
    effects.births(0, range, timing.extentsMax, (born) => {
      if (this.#o.session() !== session) return;
      const { last } = ledger.store;
      if (!born.ok) return say(session, { type: 'readFailed', readId, message: born.message });
      const data = encodeStretch(firstStretch(range, born.value.extents, born.value.next));
      say(session, { type: 'data', readId, last, data });
    });
  }

  /** Of the snapshot asked of, else of the head. */
  #blocksOf({ snapshot }: CopyRequest): number {
    const { ledger } = this.#o;
    const found = ledger.snapshots.find((one) => storedName(one) === snapshot);
    return Math.floor((found?.sizeBytes ?? ledger.store.sizeBytes) / blockBytes);
  }
}
