/** What a target says of a replica in trouble, as users see it: status, conditions and events of CStorVolume and CVR. */
import { findCondition } from '../../src/api/conditions.ts';
import { resources } from '../../src/api/resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { everyMs, verbsOf } from './verbs.ts';

/** `volume`: name of a volume that is Healthy. */
export function troubleChecks(bench: Bench, volume: string): readonly Check[] {
  const { cluster } = bench;
  const { client } = cluster;
  const { eventOn } = verbsOf(bench);
  const key = { namespace, name: volume };
  const shows = (condition: string, status: string, reason: string, phase: string) =>
    until(
      `${volume} is ${phase} with ${condition} ${status} ${reason}`,
      15_000,
      async () => {
        const is = (await client.get(resources.cstorVolume, key))?.status;
        const found = findCondition(is?.conditions, condition);
        const good = found?.status === status && found.reason === reason && is?.phase === phase;
        return good ? found : JSON.stringify([is?.phase, is?.conditions]);
      },
      everyMs,
    );
  const replicaShows = (pool: string, phase: string, message: string) =>
    until(
      `the replica on ${pool} is ${phase} with "${message}"`,
      15_000,
      async () => {
        const name = `${volume}-${pool}`;
        const status = (await client.get(resources.cstorVolumeReplica, { namespace, name }))?.status;
        const good = status?.phase === phase && (status.message ?? '').includes(message);
        return good ? status : JSON.stringify(status ?? 'gone');
      },
      everyMs,
    );
  const event = (reason: string, text: string) => eventOn('CStorVolume', volume, reason, text);
  const aPool = async (): Promise<string> => {
    const config = await client.get(resources.cstorVolumeConfig, key);
    return config?.status?.poolInfo?.[0] ?? '';
  };

  return [
    {
      name: 'a replica without room is Degraded as PoolFull, with a condition and an event, until it is back',
      run: async () => {
        const pool = await aPool();
        const target = cluster.target(volume);
        target.troubles.set(pool, {
          state: 'PoolFull',
          message: 'its pool is full: make room',
          mismatches: 0,
        });
        target.tick();
        // Of two replicas one alone is no quorum.
        await shows('PoolFull', 'True', 'NoRoom', 'Offline');
        await replicaShows(pool, 'Degraded', 'PoolFull: its pool is full');
        await event('PoolFull', `the replica on pool ${pool} is left out`);
        target.troubles.delete(pool);
        target.tick();
        await shows('PoolFull', 'False', 'Room', 'Healthy');
        await replicaShows(pool, 'Healthy', '');
      },
    },
    {
      name: 'a replica that a proof found different is Rebuilding with ReplicaMismatch, and Healthy only when it is proved',
      run: async () => {
        const pool = await aPool();
        const target = cluster.target(volume);
        target.troubles.set(pool, { state: 'Rebuilding', message: '', mismatches: 3 });
        target.tick();
        await shows('ReplicaMismatch', 'True', 'ContentDiffers', 'Offline');
        await replicaShows(pool, 'Rebuilding', '');
        await event('ReplicaMismatch', '3 groups of blocks');
        target.troubles.set(pool, { state: 'InSync', message: '', mismatches: 3 });
        target.tick();
        await shows('ReplicaMismatch', 'False', 'ContentProved', 'Healthy');
        await replicaShows(pool, 'Healthy', '');
        target.troubles.delete(pool);
        target.tick();
      },
    },
  ];
}
