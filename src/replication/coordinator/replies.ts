/** What a member says, and to whom of the coordinator's parts it goes. What follows from it is seen to afterwards. */
import type { ReplicaMessage, TargetSays } from '../messages.ts';
import type { Admission } from './admission.ts';
import type { Leases } from './leases.ts';
import { isAttached, type Member } from './member.ts';
import type { Reads } from './reads.ts';
import type { Scrub } from './scrub.ts';
import type { Takeover } from './takeover.ts';

interface RepliesOptions {
  readonly takeover: Takeover;
  readonly admission: Admission;
  readonly leases: Leases;
  readonly reads: Reads;
  readonly scrub: Scrub;
  readonly say: (member: Member, message: TargetSays) => void;
  readonly detach: (member: Member, reason: string, nowMs: number) => void;
  readonly changed: () => void;
}

type Of<T extends ReplicaMessage['type']> = Extract<ReplicaMessage, { type: T }>;

export class Replies {
  readonly #o: RepliesOptions;

  constructor(options: RepliesOptions) {
    this.#o = options;
  }

  take(member: Member, message: ReplicaMessage, nowMs: number): void {
    const { state } = member;
    switch (message.type) {
      case 'report':
        if (state.phase === 'asked') this.#o.takeover.reported(member, message, nowMs);
        return;
      case 'refuse':
        return this.#o.takeover.refused(member, message.promised, nowMs);
      case 'wait':
        if (state.phase === 'asked') state.askAgainAtMs = nowMs + message.ms;
        member.message = `bound to another target for ${message.ms} ms more`;
        return;
      case 'renewed':
        return this.#o.leases.renewed(member, message.sentAtMs);
      case 'committed':
        member.committed = Math.max(member.committed, message.version);
        return this.#o.changed();
      case 'leave':
        member.leaseUntilMs = -Infinity;
        this.#o.say(member, { type: 'release' });
        return this.#o.detach(member, 'its pool stops', nowMs);
      case 'space':
        member.room = message.room;
        member.roomAtBytes = member.receivedBytes;
        if (message.room && message.low === member.low) return;
        member.low = message.low;
        member.full &&= message.low;
        member.message = message.low ? 'its pool is nearly full' : '';
        return this.#o.changed();
      case 'full':
        member.full = true;
        member.message = message.message;
        return this.#o.changed();
      case 'digests':
        return this.#o.scrub.digests(member, message);
      case 'data':
        return this.#o.reads.data(member, message);
      case 'readFailed':
        member.message = message.message;
        return this.#o.reads.failed(member, message);
      case 'received':
      case 'durable':
        return this.#position(member, message, nowMs);
      case 'progress':
      case 'sourceLost':
      case 'copied':
      case 'mismatch':
      case 'complete':
        if (state.phase === 'rebuilding' && this.#o.takeover.stream)
          this.#o.admission.rebuilding(member, state, message, this.#o.takeover.stream, nowMs);
        return;
    }
  }

  #position(member: Member, message: Of<'received'> | Of<'durable'>, nowMs: number): void {
    if (!isAttached(member)) return;
    if (message.number > member.sent) return this.#o.detach(member, `claims entry ${message.number}`, nowMs);
    if (message.type === 'received') this.#o.takeover.stream?.received(member, message.number, nowMs);
    else this.#o.takeover.stream?.durable(member, message.number, nowMs);
  }
}
