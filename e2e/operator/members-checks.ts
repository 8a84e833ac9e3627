/** Replicas of a volume that serves are added, moved and removed: what stands in the API and on the pools at each step. */
import { findCondition } from '../../src/api/conditions.ts';
import { forcedWish } from '../../src/api/names.ts';
import { resources } from '../../src/api/resources.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { volumeConfig } from './manifests.ts';
import { everyMs, holds } from './verbs.ts';

const volume = 'scaled';
const key = { namespace, name: volume };

/** `cluster`: name of a CStorPoolCluster with three pools. */
export function membersChecks({ api, cluster, operator }: Bench, poolCluster: string): readonly Check[] {
  const { client } = cluster;
  const want = (pools: readonly string[]) =>
    client.patch(resources.cstorVolumeConfig, key, {
      spec: { policy: { replicaPoolInfo: pools.map((poolName) => ({ poolName })) } },
    });
  const poolNames = async () =>
    (await client.list(resources.cstorPoolInstance, { namespace }))
      .filter(({ metadata }) => metadata.labels?.['openebs.io/cstor-pool-cluster'] === poolCluster)
      .map(({ metadata }) => metadata.name)
      .toSorted();
  /** The state of the change in a line: version, members, what is to come, factors, pools, condition. */
  const shown = async (): Promise<string> => {
    const spec = (await client.get(resources.cstorVolume, key))?.spec;
    const status = (await client.get(resources.cstorVolumeConfig, key))?.status;
    const { version = 1, next } = spec?.membership ?? {};
    const known = Object.keys(spec?.replicaDetails?.knownReplicas ?? {}).length;
    const coming = next === undefined ? '' : `, next v${next.version} of ${Object.keys(next.members).length}`;
    const factors = [spec?.replicationFactor, spec?.consistencyFactor, spec?.desiredReplicationFactor].join(
      '/',
    );
    const placed = findCondition(status?.condition, 'ReplicasPlaced')?.reason ?? '';
    return `v${version} of ${known}${coming}, ${factors}, on ${status?.poolInfo?.length ?? 0}, ${placed}`;
  };
  const becomes = (what: string) =>
    until(
      `volume ${volume} is ${what}`,
      30_000,
      async () => {
        const is = await shown();
        return is === what ? { is } : is;
      },
      everyMs,
    );
  const eventWith = (text: string) =>
    until(
      `an event with "${text}"`,
      15_000,
      async () => {
        const messages = (await client.list(core.events))
          .filter(({ involvedObject }) => involvedObject.name === volume)
          .map((event) => `${event.reason ?? ''} ${event.message ?? ''}`);
        const message = messages.find((each) => each.includes(text));
        return message === undefined ? JSON.stringify(messages) : { message };
      },
      everyMs,
    );
  const replicaPhase = (pool: string, phase: string | undefined) =>
    until(
      `the replica on ${pool} is ${phase ?? 'gone'}`,
      20_000,
      async () => {
        const found = await client.get(resources.cstorVolumeReplica, {
          namespace,
          name: `${volume}-${pool}`,
        });
        return found?.status?.phase === phase ? { phase } : JSON.stringify(found?.status ?? 'gone');
      },
      everyMs,
    );
  const guidOn = (pool: string): string | undefined =>
    [...cluster.pool(pool).replicas.values()].find((replica) => replica.volume === volume)?.guid;

  return [
    {
      name: 'one replica becomes three, and none counts before it is filled; an operator that dies goes on',
      timeoutMs: 120_000,
      run: async () => {
        const [a = '', b = '', c = ''] = await poolNames();
        const done = await api.tryKubectl(['apply', '-f', '-'], {
          input: volumeConfig(volume, poolCluster, { replicas: 1, pools: [a] }),
        });
        holds(done.status === 0, done.stderr);
        await becomes('v1 of 1, 1/1/1, on 1, Placed');
        await until(
          'its target answers',
          20_000,
          async () => {
            const phase = (await client.get(resources.cstorVolume, key))?.status?.phase;
            return phase === 'Healthy' ? { phase } : String(phase);
          },
          everyMs,
        );
        cluster.target(volume).held = true;
        await want([a, b, c]);
        await becomes('v1 of 1, next v2 of 3, 1/1/3, on 1, ScalingUp');
        await eventWith('Scaling up volume replicas from 1 to 3 is in progress');
        await replicaPhase(b, 'ReconstructingNewReplica');
        await operator.kill();
        cluster.target(volume).held = false;
        operator.start();
        await becomes('v2 of 3, 3/2/3, on 3, Placed');
        await eventWith('successfully scaled volume replicas to 3');
        for (const pool of [a, b, c]) {
          await replicaPhase(pool, 'Healthy');
          const made = cluster.pool(pool).made.filter((each) => each.startsWith(`${volume}/`));
          holds(made.length === 1, `made on ${pool}: ${made.join(' ')}`);
        }
      },
    },
    {
      name: 'a replica goes, its data after it; two at once do not',
      timeoutMs: 90_000,
      run: async () => {
        const [a = '', b = '', c = ''] = await poolNames();
        const refused = await want([a]).then(
          () => 'it is taken',
          (error: unknown) => String(error),
        );
        holds(refused.includes('more than one pool is removed'), `two at once: ${refused}`);
        await want([a, b]);
        await becomes('v3 of 2, 2/2/2, on 2, Placed');
        await eventWith('Scaling down volume replicas from 3 to 2 is in progress');
        await replicaPhase(c, undefined);
        holds(guidOn(c) === undefined, 'the replica is still on its pool');
      },
    },
    {
      name: 'a replica moves: the old copy stays until the new one is filled, and the pool takes a new one',
      timeoutMs: 90_000,
      run: async () => {
        const [a = '', b = '', c = ''] = await poolNames();
        const target = cluster.target(volume);
        const before = guidOn(b);
        target.held = true;
        await want([a, c]);
        await becomes('v3 of 2, next v4 of 2, 2/2/2, on 2, MovingReplica');
        await replicaPhase(c, 'ReconstructingNewReplica');
        holds(guidOn(b) === before && before !== undefined, 'the old copy is gone before the new one counts');
        target.held = false;
        await becomes('v4 of 2, 2/2/2, on 2, Placed');
        await eventWith('successfully moved');
        await replicaPhase(b, undefined);
        holds(guidOn(b) === undefined, 'the old copy is still there');
      },
    },
    {
      name: 'a change that is taken back leaves nothing behind',
      timeoutMs: 90_000,
      run: async () => {
        const [a = '', b = '', c = ''] = await poolNames();
        const target = cluster.target(volume);
        target.held = true;
        await want([a, b, c]);
        await becomes('v4 of 2, next v5 of 3, 2/2/3, on 2, ScalingUp');
        await want([a, c]);
        await becomes('v4 of 2, next v6 of 2, 2/2/2, on 2, Withdrawing');
        target.held = false;
        await becomes('v6 of 2, 2/2/2, on 2, Placed');
        await replicaPhase(b, undefined);
        holds(guidOn(b) === undefined, 'what was made is still there');
        const expected = [`1: ${a}`, `2: ${a} ${b} ${c}`, `3: ${a} ${b}`, `4: ${a} ${c}`, `6: ${a} ${c}`];
        holds(
          JSON.stringify(target.history) === JSON.stringify(expected),
          `records in force: ${target.history.join(', ')}`,
        );
      },
    },
    {
      name: 'quorumWaitSeconds of a volume reaches its running target',
      run: async () => {
        const before = cluster.target(volume);
        await client.patch(resources.cstorVolumeConfig, key, {
          spec: { policy: { target: { quorumWaitSeconds: 7 } } },
        });
        await until(
          'the target has it',
          15_000,
          () => {
            const seconds = cluster.target(volume).config.quorumWaitSeconds;
            return Promise.resolve(seconds === 7 ? { seconds } : String(seconds));
          },
          everyMs,
        );
        holds(cluster.target(volume) === before, 'the target was restarted');
      },
    },
    {
      name: 'compression of a volume reaches its replicas, and a pool that forgets is told again',
      run: async () => {
        const wish = (compression: string | null) =>
          client.patch(resources.cstorVolumeConfig, key, { spec: { policy: { replica: { compression } } } });
        const packed = (wanted: string) =>
          until(
            `all replicas of ${volume} have ${wanted}`,
            15_000,
            () => {
              const found = [...cluster.pools.values()].flatMap(({ replicas }) =>
                [...replicas.values()]
                  .filter((replica) => replica.volume === volume)
                  .map(({ compression, zstdLevel }) => `${compression} ${zstdLevel}`),
              );
              const good = found.length > 0 && found.every((each) => each === wanted);
              return Promise.resolve(good ? { found } : found.join());
            },
            everyMs,
          );
        await packed('lz4 3');
        await wish('gzip-9');
        await packed('zstd 9');
        for (const pool of cluster.pools.values()) pool.repack(volume, 'off');
        await packed('zstd 9');
        await wish(null);
        await packed('lz4 3');
      },
    },
    {
      name: 'while two pods of a target may live, its pools are told which is meant to serve, and keep it in mind',
      timeoutMs: 60_000,
      run: async () => {
        const pools = (await client.list(resources.cstorVolumeReplica, { namespace }))
          .filter(({ metadata }) => metadata.labels?.['cstorvolume.openebs.io/name'] === volume)
          .map(({ metadata }) => metadata.labels?.['cstorpoolinstance.openebs.io/name'] ?? '');
        const told = () => pools.map((pool) => cluster.pool(pool).hints.get(volume));
        holds(
          pools.length > 0 && told().every((one) => one === undefined),
          `said of one pod: ${told().join(' ')}`,
        );
        const name = `${volume}-target-successor`;
        const [pod] = (await client.list(core.pods, { namespace })).filter(
          ({ metadata }) => metadata.name === `${volume}-target-pod`,
        );
        // A second older, as they are told apart by.
        await new Promise((resolve) => setTimeout(resolve, 1_100));
        await client.create(core.pods, {
          metadata: { namespace, name, labels: { ...pod?.metadata.labels } },
          spec: { containers: [{ name: 'daemon', image: 'fake' }] },
        });
        const hinted = () =>
          until(
            'all pools know the successor',
            20_000,
            () => Promise.resolve(told().every((one) => one === name) ? { name } : told().join(' ')),
            everyMs,
          );
        await hinted();
        for (const pool of pools) cluster.pool(pool).hints.clear();
        await hinted(); // what a pool forgets it is told again
        await client.delete(core.pods, { namespace, name });
      },
    },
    {
      name: 'two of three pools are lost: one goes on when what it costs is named, and the others begin anew',
      timeoutMs: 150_000,
      run: async () => {
        const [a = '', b = '', c = ''] = await poolNames();
        await want([a, b, c]);
        await becomes('v7 of 3, 3/2/3, on 3, Placed');
        const before = [guidOn(b), guidOn(c)];
        const goOn = (loss: string) =>
          client.patch(resources.cstorVolumeConfig, key, {
            metadata: {
              annotations: {
                [forcedWish.annotation]: `volume=${volume} version=7 survivors=${a} loss=${loss}`,
              },
            },
          });
        await goOn('flushed');
        await eventWith('the volume serves');
        await goOn('unflushed'); // before the pools go: with them gone what was asked for first would be done
        await Promise.all([b, c].map((pool) => cluster.powerOff(pool)));
        await eventWith('even writes that were flushed may be missing');
        await becomes('v7 of 3, 3/2/3, on 3, Placed');
        await goOn('flushed');
        await becomes('v8 of 1, 1/1/1, on 1, Placed');
        await eventWith('MembersGivenUp');
        for (const pool of [b, c]) cluster.powerOn(pool);
        for (const pool of [b, c]) await replicaPhase(pool, undefined);
        holds(guidOn(b) === undefined && guidOn(c) === undefined, 'what was given up is still on its pools');
        await want([a, b, c]);
        await becomes('v9 of 3, 3/2/3, on 3, Placed');
        holds(guidOn(b) !== before[0] && guidOn(c) !== before[1], 'a GUID has come back (R35)');
      },
    },
  ];
}
