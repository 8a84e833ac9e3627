/** What changes the volume, from the request to the number of its entry; what is answered to it, requests.ts sees to. */
import { blockBytes } from '../../shared/block-size.ts';
import { assert } from '../../shared/assert.ts';
import type { DatalessBody } from '../messages.ts';
import { ackQuorum } from '../quorum.ts';
import type { Timing } from '../timing.ts';
import { isInSync, type Member } from './member.ts';
import { SnapshotCommands } from './snapshot-commands.ts';
import { Requests, type Answer, type Need, type Request, type WriteRequest } from './requests.ts';
import type { Seats } from './seats.ts';
import type { Stream } from './stream.ts';
import type { VolumeState } from './volume-state.ts';

interface ChangesOptions {
  readonly seats: Seats;
  readonly timing: Timing;
  readonly volume: VolumeState;
}

/**
 * Of pools, for one more write. `unsure`: what was sent since they told of it may have taken it; they tell again when they
 * have taken that in, and until then writes wait.
 */
type Room = 'some' | 'unsure' | 'none';

const noSpace = { ok: false, problem: 'noSpace' } as const;

export class Changes {
  readonly #o: ChangesOptions;
  readonly #requests = new Requests();
  readonly snapshots: SnapshotCommands;

  constructor(options: ChangesOptions) {
    this.#o = options;
    const { seats, volume } = options;
    this.snapshots = new SnapshotCommands({
      seats,
      volume,
      submit: (body, nowMs, answer) => this.#submit(body, 'durable', nowMs, answer),
    });
  }

  /** Without a number yet. */
  get waiting(): number {
    return this.#requests.waiting;
  }

  write(request: WriteRequest): void {
    assert(request.count > 0 && request.dataBytes === request.count * blockBytes, 'writes are whole blocks');
    if (this.#room() === 'none') return request.answer(noSpace);
    this.#requests.submit(request);
  }

  unmap(block: number, count: number, sinceMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'unmap', block, count }, 'received', sinceMs, answer);
  }

  flush(nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'flush' }, 'durable', nowMs, answer);
  }

  resize(sizeBytes: number, nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'resize', sizeBytes }, 'durable', nowMs, (result) => {
      if (result.ok) this.#o.volume.resized(sizeBytes);
      answer(result);
    });
  }

  setValue(key: string, value: string, nowMs: number, answer: Answer<void>): void {
    this.#submit({ kind: 'state', key, value }, 'durable', nowMs, (result) => {
      if (result.ok) this.#o.volume.valueSet(key, value);
      answer(result);
    });
  }

  /**
   * Without CF in sync a request waits without a number: what then hears busy has never happened (R15, R16). Answers
   * whether any may have got one.
   */
  admit(stream: Stream): boolean {
    if (this.#requests.waiting === 0 || !this.#o.seats.meets(ackQuorum, isInSync)) return false;
    let room: Room = 'some';
    this.#requests.admit(
      ({ body }) => {
        room = body === undefined ? this.#room(stream) : 'some';
        return room !== 'unsure' && stream.hasRoom();
      },
      (request) => {
        if (room !== 'none') return this.#issue(stream, request);
        request.answer(noSpace);
        return undefined;
      },
    );
    return true;
  }

  #issue(stream: Stream, request: Request): number {
    if (request.body === undefined) return stream.issueWrite(request);
    const { volume } = this.#o;
    if (request.body.kind === 'flush') return stream.issueFlush();
    const body = volume.bounded(request.body);
    const number = stream.issue(body);
    volume.follow({ ...body, number });
    return number;
  }

  settle(stream: Stream): void {
    this.#requests.settle(stream.settled, stream.flushed);
  }

  /** Called while the lease holds: nothing is answered otherwise (R14). */
  answerReady(): void {
    this.#requests.answerReady();
  }

  expire(nowMs: number): void {
    this.#requests.expire(nowMs);
  }

  /** This target never answers again. */
  failAll(): void {
    this.#requests.failAll('busy');
  }

  /**
   * A write that a full pool can not take in would stop all that comes behind it, unmaps too: it is refused before it has
   * a number, while the pools still have room for what is on its way.
   */
  #room(stream?: Stream): Room {
    const { seats } = this.#o;
    const hasRoom = (member: Member) => isInSync(member) && !member.low;
    if (stream && seats.meets(ackQuorum, (member) => hasRoom(member) && stream.fits(member))) return 'some';
    if (seats.meets(ackQuorum, isInSync) && !seats.meets(ackQuorum, hasRoom)) return 'none';
    return stream ? 'unsure' : 'some';
  }

  #submit(body: DatalessBody, need: Need, sinceMs: number, answer: Answer<void>): void {
    this.#requests.submit({
      body,
      need,
      answer,
      number: 0,
      deadlineMs: sinceMs + this.#o.timing.quorumWaitMs,
    });
  }
}
