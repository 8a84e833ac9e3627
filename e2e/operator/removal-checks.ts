/** Volumes go: with their replicas on the pools, and where a pool is away. */
import { resources } from '../../src/api/resources.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { everyMs, shown, equal, holds, verbsOf } from './verbs.ts';

export function removalChecks(bench: Bench): readonly Check[] {
  const { api, cluster } = bench;
  const { client } = cluster;
  const { get, gone, bound, pvc } = verbsOf(bench);
  return [
    {
      name: 'deleting a claim deletes config, replicas on the pools and PersistentVolume',
      run: async () => {
        const { metadata } = await pvc('polkadot-node-database-polkadot-node-0');
        const name = `pvc-${metadata.uid ?? ''}`;
        await api.kubectl('delete', 'pvc', '-n', 'default', metadata.name, '--wait=false');
        await client.patch(
          core.persistentVolumeClaims,
          { namespace: 'default', name: metadata.name },
          { metadata: { finalizers: [] } },
        );
        await client.patch(
          core.persistentVolumes,
          { name },
          { status: { phase: 'Released' } },
          { subresource: 'status' },
        );
        await gone(resources.cstorVolumeConfig, name);
        await until(
          'the PersistentVolume is being deleted',
          15_000,
          async () => {
            const volume = await get(core.persistentVolumes, name);
            return volume === undefined || volume.metadata.deletionTimestamp !== undefined
              ? {}
              : 'it is there';
          },
          everyMs,
        );
        for (const each of cluster.pools.values())
          equal(
            [...each.replicas.values()].filter(({ volume }) => volume === name),
            [],
            'replicas',
          );
        for (const suffix of ['-target', '-target-keys']) await gone(core.secrets, `${name}${suffix}`);
        await gone(core.deployments, `${name}-target`);
        await gone(core.services, name);
        await gone(resources.cstorVolume, name);
      },
    },
    {
      name: 'a volume whose pool is away goes at once, its replica when the pool is back',
      run: async () => {
        const config = await bound('many-0');
        const away = config.status?.poolInfo?.[0] ?? '';
        await cluster.powerOff(away);
        await until(
          'the pool is OFFLINE',
          20_000,
          async () => {
            const shown = (await get(resources.cstorPoolInstance, away))?.status?.phase ?? '';
            return shown === 'OFFLINE' ? {} : shown;
          },
          everyMs,
        );
        await client.delete(resources.cstorVolumeConfig, { namespace, name: 'many-0' });
        await gone(resources.cstorVolumeConfig, 'many-0');
        const left = await until(
          'the replica says what it waits for',
          10_000,
          async () => {
            const replica = await get(resources.cstorVolumeReplica, `many-0-${away}`);
            return replica?.status?.message?.includes('away') === true
              ? replica
              : shown(replica?.status ?? 'gone');
          },
          everyMs,
        );
        holds(left.metadata.deletionTimestamp !== undefined, 'it is being deleted');
        cluster.powerOn(away);
        await gone(resources.cstorVolumeReplica, `many-0-${away}`);
        equal(
          [...cluster.pool(away).replicas.values()].filter(({ volume }) => volume === 'many-0'),
          [],
          'replicas on the pool',
        );
      },
    },
  ];
}
