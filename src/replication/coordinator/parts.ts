/** The parts of a coordinator, each with what it asks of the others. */
import type { MembershipRecord } from '../../api/target-config.ts';
import type { TargetSays } from '../messages.ts';
import { Admission } from './admission.ts';
import { Candidacy } from './candidacy.ts';
import { Changes } from './changes.ts';
import { CopyPace } from './copy-pace.ts';
import { Leases } from './leases.ts';
import { newMember, type Member } from './member.ts';
import { MembershipChange } from './membership-change.ts';
import type { CoordinatorOptions } from './options.ts';
import { Pace } from './pace.ts';
import { Reads } from './reads.ts';
import { Rebuilds } from './rebuilds.ts';
import { Replies } from './replies.ts';
import { Scrub } from './scrub.ts';
import { Seats } from './seats.ts';
import { Takeover } from './takeover.ts';
import { VolumeState } from './volume-state.ts';

export type Parts = ReturnType<typeof assemble>;

/** What the parts ask of the coordinator itself. */
interface Coordinating {
  /** The newest record that was configured as the one in force. */
  readonly configured: () => MembershipRecord;
  /** Ends the link: where the replica is, it says on the next one (R11). */
  readonly detach: (member: Member, reason: string, nowMs: number) => void;
  /** This one is no member any more. */
  readonly dropped: (member: Member) => void;
  readonly stop: (reason: string) => void;
}

export function assemble(options: CoordinatorOptions, coordinating: Coordinating) {
  const { membership, timing, nonce, instance, effects } = options;
  const { configured, detach, dropped, stop } = coordinating;
  const seats = new Seats(options.places.map(newMember), [membership]);
  const volume = new VolumeState();
  const say = (member: Member, message: TargetSays) =>
    effects.send(member.id, { ...candidacy.fence, ...message });
  const changed = () => effects.changed();
  const members: MembershipChange = new MembershipChange(membership, { seats, configured, say, dropped });
  const current = () => members.state.current;
  const candidacy: Candidacy = new Candidacy({ seats, timing, nonce, instance, say, configured, current });
  const leases = new Leases({ seats, timing, say });
  const changes = new Changes({ seats, timing, volume });
  const reads: Reads = new Reads({
    members: seats.all,
    say,
    ask: (member, read) => effects.ask(member.id, candidacy.fence, read),
    settled: () => takeover.stream?.settled ?? 0,
    issued: () => takeover.stream?.last ?? 0,
    unsettled: (block, count, upTo) => takeover.stream?.unsettledTouching(block, count, upTo) ?? 0,
  });
  const pace = new Pace(timing);
  const copyPace = new CopyPace({ seats, pace, say });
  const rebuilds = new Rebuilds({
    seats,
    timing,
    say,
    setPace: (member) => copyPace.set([member]),
    volume: () => ({ ...volume.issued, membership: members.state }),
    ticket: (source, copier) => effects.ticket(source.id, copier.guid, candidacy.fence),
    leaves: (member) => members.leaves(member),
  });
  const admission = new Admission({
    seats,
    timing,
    rebuilds,
    snapshots: () => volume.issued.snapshots,
    say,
    detach,
    inSync: () => reads.placeWaiting(),
    changed,
  });
  const scrub = new Scrub({ seats, groupBlocks: timing.groupBlocks, say, changed });
  const takeover: Takeover = new Takeover({
    seats,
    timing,
    candidacy,
    members,
    leases,
    reads,
    volume,
    configured,
    feed: (member, window, from, to) => effects.feed(member.id, window, from, to),
    detach,
    stop,
    changed,
  });
  const replies = new Replies({ takeover, admission, leases, reads, scrub, say, detach, changed });
  return {
    seats,
    volume,
    members,
    candidacy,
    leases,
    changes,
    reads,
    pace,
    copyPace,
    rebuilds,
    admission,
    scrub,
    takeover,
    replies,
    say,
  };
}
