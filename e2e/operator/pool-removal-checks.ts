/** Pools are lost, kept, given back, and made anew. */
import { findCondition } from '../../src/api/conditions.ts';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import { resources, type Resource } from '../../src/api/resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { deviceName, nodes, storagePoolClaim } from './manifests.ts';
import { everyMs, shown, equal, holds, pool, verbsOf } from './verbs.ts';

export function poolRemovalChecks(bench: Bench): readonly Check[] {
  const { cluster } = bench;
  const { client } = cluster;
  const { apply, get, list, gone, healthyCluster, deviceClaimed, instancesOf } = verbsOf(bench);
  return [
    {
      name: 'a lost pool is never made anew',
      run: async () => {
        const [instance] = await instancesOf('refused');
        const name = instance?.metadata.name ?? '';
        cluster.pool(name).lose();
        const lost = await until(
          'PoolLost',
          15_000,
          async () => {
            const found = await get(resources.cstorPoolInstance, name);
            return findCondition(found?.status?.conditions, 'PoolLost')?.status === 'True' &&
              found !== undefined
              ? found
              : shown(found?.status);
          },
          everyMs,
        );
        equal(lost.status?.phase, 'UNAVAIL', 'phase');
        await new Promise((resolve) => setTimeout(resolve, 2_000));
        equal(cluster.pool(name).made, ['pool'], 'pools made');
        await client.delete(resources.cstorPoolCluster, { namespace, name: 'refused' });
        await gone(resources.cstorPoolCluster, 'refused');
      },
    },
    {
      name: 'a pool with replicas is not removed; without, it gives its device back, and comes again under another name',
      timeoutMs: 120_000,
      run: async () => {
        const devices = nodes.map((each) => deviceName(`${each}a`));
        await apply(storagePoolClaim(pool, devices.slice(0, 2)));
        const kept = await until(
          'the removal is refused',
          15_000,
          async () => {
            const found = await get(resources.cstorPoolCluster, pool);
            const accepted = findCondition(found?.status?.conditions, 'Accepted');
            return accepted?.reason === 'ReplicasExist' ? accepted : shown(found?.status);
          },
          everyMs,
        );
        holds(kept.message?.includes('kubectl get cvr') === true, 'remedy');
        equal((await instancesOf(pool)).length, 3, 'instances');
        for (const { metadata } of await list(resources.cstorVolumeConfig)) {
          await client.delete(resources.cstorVolumeConfig, { namespace, name: metadata.name });
          await gone(resources.cstorVolumeConfig, metadata.name);
        }
        const third = devices[2] ?? '';
        await until(
          'the device is free',
          30_000,
          async () => {
            const state = await deviceClaimed(third);
            return state === 'Unclaimed' ? {} : String(state);
          },
          everyMs,
        );
        const before = new Set((await instancesOf(pool)).map(({ metadata }) => metadata.name));
        equal(before.size, 2, 'instances left');
        await apply(storagePoolClaim(pool, devices));
        await healthyCluster(pool, 3);
      },
    },
    {
      name: 'deleting the StoragePoolClaim leaves nothing behind',
      run: async () => {
        await client.delete(resources.storagePoolClaim, { name: pool });
        await gone(resources.storagePoolClaim, pool);
        await gone(resources.cstorPoolCluster, pool);
        for (const resource of [
          resources.cstorPoolInstance,
          resources.blockDeviceClaim,
          resources.cstorVolume,
          resources.cstorVolumeReplica,
        ])
          await until(
            `no ${resource.kind} is left`,
            20_000,
            async () => {
              const left = await client.list(resource as Resource<KubernetesObject>, { namespace });
              return left.length === 0 ? {} : left.map(({ metadata }) => metadata.name).join(', ');
            },
            everyMs,
          );
        for (const name of nodes)
          equal(await deviceClaimed(deviceName(`${name}a`)), 'Unclaimed', 'claim state');
      },
    },
    {
      name: 'an automatic StoragePoolClaim makes as many pools as it is asked for',
      run: async () => {
        const auto = (maxPools: number) => `
apiVersion: openebs.io/v1alpha1
kind: StoragePoolClaim
metadata: {name: auto}
spec: {name: auto, type: disk, maxPools: ${maxPools}, poolSpec: {poolType: mirrored}}
`;
        await apply(auto(2));
        await healthyCluster('auto', 2);
        await apply(auto(3));
        const { spec } = await healthyCluster('auto', 3);
        equal(
          spec.pools?.map(({ dataRaidGroups }) => dataRaidGroups.map((group) => group.blockDevices.length)),
          [[2], [2], [2]],
          'mirrors',
        );
      },
    },
  ];
}
