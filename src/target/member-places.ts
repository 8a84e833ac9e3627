/** Where the members of a volume are reached. */
import type { MembershipRecord, ReplicaAddress } from '../api/target-config.ts';
import { membersMax } from '../replication/quorum.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import { UsageError } from '../shared/exit-codes.ts';

export interface MembersChange {
  readonly membership: MembershipRecord;
  /** During a change: the record after it. */
  readonly nextMembership?: MembershipRecord | undefined;
  /** A change that is not wanted any more, but may have begun: its members are linked until it is known. */
  readonly withdrawnMembership?: MembershipRecord | undefined;
  readonly replicas: Readonly<Record<string, ReplicaAddress>>;
  /** By replica id (shared/keys.ts). */
  readonly linkKeys: ReadonlyMap<string, Uint8Array>;
}

/**
 * Of the members, and of newcomers: in a seat that changes hands the newcomer is who is reached. Throws UsageError when one
 * has no address, a wrong one, or no key.
 */
export function memberPlaces(change: MembersChange) {
  const { membership, nextMembership, withdrawnMembership, replicas, linkKeys } = change;
  for (const { members } of [membership, nextMembership ?? membership]) {
    const count = Object.keys(members).length;
    if (count < 1 || count > membersMax)
      throw new UsageError(`membership names ${count} replicas: name 1 to ${membersMax}`);
  }
  const members = Object.entries({
    ...withdrawnMembership?.members,
    ...membership.members,
    ...nextMembership?.members,
  });
  return members.map(([id, guid]) => {
    const place = replicas[id];
    if (!place) throw new UsageError(`replicas has no address of member ${id}: add it`);
    if (!linkKeys.has(id)) throw new UsageError(`the key file has no key of member ${id}: add it`);
    parseEndpoint(place.replication); // here, before anybody is told of anything
    return { id, guid, pool: place.pool, copyAddress: place.copy };
  });
}
