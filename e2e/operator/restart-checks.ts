/** The Secret of TLS comes and goes, and another image comes, while volumes are used: which pods are replaced, in which order, and what the others wait for. */
import { findCondition } from '../../src/api/conditions.ts';
import { resources } from '../../src/api/resources.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import { targetName } from '../../src/reconcilers/volume-config/manifests.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { volumeConfig } from './manifests.ts';
import { equal, everyMs } from './verbs.ts';

const volume = 'rolled';

/** `cluster`: name of a CStorPoolCluster with three pools. */
export function restartChecks({ api, cluster, operator }: Bench, poolCluster: string): readonly Check[] {
  const { client } = cluster;
  const key = (name: string) => ({ namespace, name });
  const healthy = (name = volume) =>
    until(
      `${name} is Healthy`,
      30_000,
      async () => {
        const status = (await client.get(resources.cstorVolume, key(name)))?.status;
        return status?.phase === 'Healthy' ? status : JSON.stringify(status ?? 'gone');
      },
      everyMs,
    );
  const poolNames = async () =>
    (await client.list(resources.cstorPoolInstance, { namespace }))
      .filter(({ metadata }) => metadata.labels?.['openebs.io/cstor-pool-cluster'] === poolCluster)
      .map(({ metadata }) => metadata.name)
      .toSorted();
  const secretOf = async (name: string) =>
    (await client.get(core.deployments, key(name)))?.spec?.template.spec?.volumes?.find(
      (each) => each.name === 'tls',
    )?.secret?.secretName ?? '';
  const pending = (pool: string, status: string, text: string) =>
    until(
      `RestartPending of ${pool} is ${status} with "${text}"`,
      20_000,
      async () => {
        const is = (await client.get(resources.cstorPoolInstance, key(pool)))?.status;
        const found = findCondition(is?.conditions, 'RestartPending');
        const good = found?.status === status && (found.message ?? '').includes(text);
        return good ? found : JSON.stringify(found ?? is ?? 'gone');
      },
      everyMs,
    );
  /** Of the volume: what its target's restart waits for, and why. */
  const targetWaits = (name: string, text: string) =>
    until(
      `RestartPending of volume ${name} is True with "${text}"`,
      20_000,
      async () => {
        const is = (await client.get(resources.cstorVolumeConfig, key(name)))?.status;
        const found = findCondition(is?.condition, 'RestartPending');
        const good = found?.status === 'True' && (found.message ?? '').includes(text);
        return good ? found : JSON.stringify(found ?? is ?? 'gone');
      },
      everyMs,
    );
  const makeVolume = async (name: string) => {
    const done = await api.tryKubectl(['apply', '-f', '-'], { input: volumeConfig(name, poolCluster) });
    if (done.status !== 0) throw new Error(done.stderr);
    await healthy(name);
  };
  /** Lets a pool that was restarted end its import once the operator has seen that it does not serve yet. */
  const imports = async (pool: string) => {
    await until(
      `${pool} is seen to import`,
      30_000,
      async () => {
        const status = (await client.get(resources.cstorPoolInstance, key(pool)))?.status;
        const started = cluster.history.includes(`+${pool}`);
        return started && status?.phase !== 'ONLINE' ? (status ?? {}) : JSON.stringify(status ?? 'gone');
      },
      everyMs,
    );
    cluster.pool(pool).importsFirst = false;
    cluster.pool(pool).imported();
  };
  const all = (
    pools: readonly string[],
    what: string,
    of: (pool: string) => Promise<string>,
    wanted: string,
  ) =>
    until(
      `${pools.join(', ')} have the ${what} "${wanted}"`,
      30_000,
      async () => {
        const found = await Promise.all(pools.map(of));
        return found.every((each) => each === wanted) ? found : JSON.stringify(found);
      },
      everyMs,
    );
  const have = (pools: readonly string[], secret: string) => all(pools, 'Secret', secretOf, secret);
  const restartOperator = async (secret: string, more: Readonly<Record<string, string>> = {}) => {
    await operator.kill('SIGTERM');
    cluster.history.length = 0;
    const tls = { CASKADE_REPLICATION_TLS_SECRET: secret, CASKADE_REPLICATION_TLS_MODE: 'prefer' };
    operator.start({ ...tls, ...more });
  };
  const restartedOneByOne = (pools: readonly string[]) => {
    const wanted = pools.flatMap((name) => [`-${name}`, `+${name}`]).join();
    return until(
      `the pods of pools: ${wanted}`,
      15_000,
      () => {
        const seen = cluster.history.filter((each) => pools.includes(each.slice(1))).join();
        return Promise.resolve(seen === wanted ? { seen } : seen);
      },
      everyMs,
    );
  };
  /** Each on its own: several may be away at once. */
  const restartedOnce = (names: readonly string[]) =>
    until(
      `one restart of each of ${names.join()}`,
      30_000,
      () => {
        const seen = names.map((name) => cluster.history.filter((each) => each.slice(1) === name).join());
        const wanted = names.map((name) => `-${name},+${name}`);
        return Promise.resolve(seen.join() === wanted.join() ? { seen } : seen.join('; '));
      },
      everyMs,
    );
  const imageOf = async (name: string) =>
    (await client.get(core.deployments, key(name)))?.spec?.template.spec?.containers[0]?.image ?? '';
  const haveImage = (pools: readonly string[], image: string) => all(pools, 'image', imageOf, image);
  const behind = { state: 'Rebuilding', message: '', mismatches: 0 };

  return [
    {
      name: 'the Secret of TLS comes pool by pool: each waits until the one before is back in sync, and is replaced once',
      timeoutMs: 120_000,
      run: async () => {
        await makeVolume(volume);
        const pools = await poolNames();
        const [first = '', second = '', third = ''] = pools;
        equal(pools.length, 3, 'pools');
        const { troubles } = cluster.target(volume);
        const tell = (pool: string, isBehind: boolean) => {
          if (isBehind) troubles.set(pool, behind);
          else troubles.delete(pool);
          cluster.target(volume).tick();
        };
        tell(second, true);
        for (const pool of pools) cluster.pool(pool).importsFirst = true;
        await restartOperator('links');
        await pending(first, 'True', `replicas of volume ${volume} on ${second} are in sync`);
        equal(await Promise.all(pools.map(secretOf)), ['', '', ''], 'Secrets while a replica is behind');
        tell(first, true);
        tell(second, false);
        await have([first], 'links');
        await imports(first);
        await pending(second, 'True', `replicas of volume ${volume} on ${first} are in sync`);
        equal(await Promise.all([second, third].map(secretOf)), ['', ''], 'Secrets of those that wait');
        tell(first, false);
        await imports(second);
        await imports(third);
        await have(pools, 'links');
        await pending(second, 'False', '');
        await restartedOneByOne(pools);
        await healthy();
      },
    },
    {
      name: 'the Secret of TLS goes in the same way',
      timeoutMs: 120_000,
      run: async () => {
        const pools = await poolNames();
        const [first = '', second = '', third = ''] = pools;
        // The target is heard of first, and says that all are in sync.
        for (const pool of pools) cluster.pool(pool).isSilent = true;
        await restartOperator('');
        await have([first], '');
        await pending(second, 'True', `pool ${first}, which was restarted before, serves`);
        await pending(third, 'True', `pool ${first}, which was restarted before, serves`);
        equal(
          await Promise.all([second, third].map(secretOf)),
          ['links', 'links'],
          'Secrets of those that wait',
        );
        for (const pool of pools) cluster.pool(pool).speaks();
        await have(pools, '');
        for (const pool of pools) await pending(pool, 'False', '');
        await restartedOneByOne(pools);
        await healthy();
      },
    },
    {
      name: 'another image comes pool by pool, and stays with the first when that does not serve',
      timeoutMs: 120_000,
      run: async () => {
        const pools = await poolNames();
        const [first = '', second = '', third = ''] = pools;
        const [old = ''] = await Promise.all(pools.map(imageOf));
        const newer = 'registry.example/caskade:next';
        // Its pod serves nobody after its restart.
        cluster.pool(first).importsFirst = true;
        await restartOperator('', { CASKADE_IMAGE: newer });
        await pending(second, 'True', `pool ${first}, which was restarted before, serves`);
        await pending(third, 'True', `pool ${first}, which was restarted before, serves`);
        equal(
          await Promise.all(pools.map(imageOf)),
          [newer, old, old],
          'images while the first does not serve',
        );
        await imports(first);
        await haveImage(pools, newer);
        await restartedOneByOne(pools);
        await restartOperator('');
        await haveImage(pools, old);
        for (const pool of pools) await pending(pool, 'False', '');
        await restartedOneByOne(pools);
        await healthy();
      },
    },
    {
      name: 'another image comes to targets after their pools, to one alone at first, and stays with it when that does not serve',
      timeoutMs: 180_000,
      run: async () => {
        const volumes = [volume, `${volume}-2`, `${volume}-3`];
        for (const name of volumes.slice(1)) await makeVolume(name);
        const all = (await client.list(resources.cstorVolumeConfig, { namespace })).map(({ metadata }) =>
          targetName(metadata.name),
        );
        const ours = volumes.map(targetName);
        const pools = await poolNames();
        const [first = ''] = pools;
        const [old = ''] = await Promise.all(pools.map(imageOf));
        const newer = 'registry.example/caskade:next';
        const withNewer = async () => {
          const images = await Promise.all(all.map(imageOf));
          return all.filter((_, i) => images[i] === newer);
        };
        // No node gets the new image for a target, and the first pool serves nobody after its restart.
        for (const name of all) cluster.down.add(name);
        cluster.pool(first).importsFirst = true;
        await restartOperator('', { CASKADE_IMAGE: newer });
        for (const name of volumes) await targetWaits(name, 'pool ');
        equal(
          await Promise.all(ours.map(imageOf)),
          [old, old, old],
          'images of targets before their pools are back',
        );
        await imports(first);
        await haveImage(pools, newer);
        await targetWaits(`${volume}-3`, 'targets of other volumes are restarted before: ');
        const [alone = '', ...others] = await withNewer();
        equal(others, [], `targets with the new image beside ${alone}, which does not serve`);
        for (const name of all) cluster.down.delete(name);
        await haveImage(ours, newer);
        await restartedOnce(ours);
        const began = cluster.history.findIndex((each) => all.includes(each.slice(1)));
        const poolsLast = cluster.history.findLastIndex((each) => pools.includes(each.slice(1)));
        if (
          !all.includes(alone) ||
          poolsLast > cluster.history.findIndex((each) => ours.includes(each.slice(1)))
        )
          throw new Error(`a target before its pools: ${cluster.history.slice(began).join()}`);
        await restartOperator('');
        await haveImage([...pools, ...ours], old);
        await restartedOnce(ours);
        for (const name of volumes) await healthy(name);
      },
    },
  ];
}
