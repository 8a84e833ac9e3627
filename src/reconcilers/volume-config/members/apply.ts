/** The records of members in the CStorVolume, as a change goes on. */
import type { CStorVolume } from '../../../api/kinds/cstorvolume.ts';
import type { CStorVolumeConfig } from '../../../api/kinds/cstorvolumeconfig.ts';
import { keyOf } from '../../../api/object-meta.ts';
import { resources } from '../../../api/resources.ts';
import type { Violation } from '../../checks.ts';
import { mergePatch } from '../../runtime/merge-patch.ts';
import { keyIn, type World } from '../../world.ts';
import { consistencyFactor, type VolumeWish } from '../manifests.ts';
import { membershipOf } from '../observe.ts';
import type { Observed } from '../plan.ts';
import { makeReplica } from '../replica.ts';
import type { MembersAction, MembersRecord } from './plan.ts';

type BeginChange = Extract<MembersAction, { do: 'beginChange' }>;

/** The newcomers' replicas are made, and stand in the record that is to come, before the target hears of anything. */
export async function beginChange(
  world: World,
  volume: VolumeWish,
  { newcomers, staying, version, withdraws }: BeginChange,
): Promise<Violation | undefined> {
  const members: Record<string, string> = { ...staying };
  for (const { pool, replicaId } of newcomers) {
    const made = await makeReplica(world, volume, pool, replicaId);
    if (made === undefined || 'reason' in made) return made;
    members[replicaId] = made.guid;
  }
  await changeRecord(world, volume.wish.name, ({ spec }) => ({
    desiredReplicationFactor: Object.keys(members).length,
    membership: {
      version: spec.membership?.version ?? 1,
      ...(spec.membership?.forced === true ? { forced: true } : {}),
      next: { version, members },
      ...(withdraws === undefined ? {} : { withdrawn: toWritable(withdraws) }),
    },
  }));
  return undefined;
}

const toWritable = ({ version, members }: MembersRecord) => ({ version, members: { ...members } });

/** No recovery needs anybody any more who is not in `record`, or in `next`, which is asked for after it. */
export async function finishChange(
  world: World,
  { wish }: VolumeWish,
  { record, next }: Extract<MembersAction, { do: 'finishChange' }>,
): Promise<void> {
  const count = Object.keys(record.members).length;
  await changeRecord(world, wish.name, () => ({
    replicaDetails: { knownReplicas: { ...record.members } },
    replicationFactor: count,
    consistencyFactor: consistencyFactor(count),
    desiredReplicationFactor: next === undefined ? count : Object.keys(next.members).length,
    membership: { version: record.version, ...(next === undefined ? {} : { next: toWritable(next) }) },
  }));
}

/**
 * The record of who is left, by compare-and-set: the API server is the vote that is missing. The wish goes first, so that
 * nobody makes newcomers of those who were given up.
 */
export async function forceMembers(
  world: World,
  config: CStorVolumeConfig,
  { record, pools }: { readonly record: MembersRecord; readonly pools: readonly string[] },
): Promise<void> {
  await placeOn(world, config, pools);
  const count = Object.keys(record.members).length;
  await changeRecord(world, config.metadata.name, () => ({
    replicaDetails: { knownReplicas: { ...record.members } },
    replicationFactor: count,
    consistencyFactor: consistencyFactor(count),
    desiredReplicationFactor: count,
    membership: { version: record.version, forced: true },
  }));
}

/** One less with each write: more than that the API server takes for a slip. */
async function placeOn(
  { client }: World,
  { metadata, spec }: CStorVolumeConfig,
  pools: readonly string[],
): Promise<void> {
  let names = (spec.policy.replicaPoolInfo ?? []).map(({ poolName }) => poolName);
  let { resourceVersion } = metadata;
  for (const name of names.filter((each) => !pools.includes(each))) {
    names = names.filter((each) => each !== name);
    const replicaPoolInfo = names.map((poolName) => ({ poolName }));
    const written = await client.patch<CStorVolumeConfig>(resources.cstorVolumeConfig, keyOf({ metadata }), {
      metadata: { resourceVersion },
      spec: { policy: { replicaPoolInfo } },
    });
    ({ resourceVersion } = written.metadata);
  }
}

/** On the revision that the decision was made for: somebody else's word in between is a conflict, and we look again. */
async function changeRecord(
  { client, informers, settings }: World,
  name: string,
  change: (volume: CStorVolume) => Partial<CStorVolume['spec']>,
): Promise<void> {
  const volume = informers.volumes.store.get(keyIn(settings, name));
  if (volume === undefined) return; // gone since the plan was made
  const spec = mergePatch(volume.spec, { ...volume.spec, ...change(volume) });
  if (spec === undefined) return;
  const { resourceVersion } = volume.metadata;
  await client.patch(resources.cstorVolume, keyOf(volume), { metadata: { resourceVersion }, spec });
}

/** What the cache says of the members may be old; a replica that is in any record is not deleted. */
export async function isNeeded({ client, settings }: World, { wish, replicas }: Observed, name: string) {
  const volume = await client.get(resources.cstorVolume, keyIn(settings, wish.name));
  const replicaId = replicas.find((each) => each.name === name)?.replicaId ?? '';
  if (volume === undefined) return true;
  const { current, next } = membershipOf(volume);
  // Once a change is settled, what only the record before it names is deleted before that record goes.
  return (next ?? current).members[replicaId] !== undefined;
}
