/**
 * Whom a target leaves out of its stream for a while although it could have it (R17): a replica without room would be
 * sent away again at once, and one that is too slow comes and goes. While a quorum of others is in sync nobody needs
 * them; otherwise they are let in at once.
 */
import type { Timing } from '../timing.ts';
import { ackQuorum } from '../quorum.ts';
import { isInSync, type Member } from './member.ts';
import type { Seats } from './seats.ts';

/** Why this member has to wait; undefined: it may be attached. */
export function heldBack(member: Member, seats: Seats, nowMs: number): string | undefined {
  if (!seats.meets(ackQuorum, (other) => other !== member && isInSync(other))) return undefined;
  if (member.full) return 'its pool is full: make room';
  const leftMs = member.heldUntilMs - nowMs;
  if (leftMs <= 0) return undefined;
  return `was too slow ${member.setbacks} times: left out until it has been given time to recover`;
}

/** It was sent away for being slow. Each time in a row it waits twice as long; after a good while in sync it starts afresh. */
export function setBack(member: Member, { holdBackMs, holdBackMsMax }: Timing, nowMs: number): void {
  const { state } = member;
  if (state.phase === 'inSync' && nowMs - state.sinceMs > 2 * holdBackMsMax) member.setbacks = 0;
  member.setbacks += 1;
  member.heldUntilMs = nowMs + Math.min(holdBackMsMax, holdBackMs * 2 ** Math.min(member.setbacks, 20));
}
