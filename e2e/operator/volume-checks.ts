/** Pools from a claim, and volumes on them: the objects that come of each wish, field by field. */
import { resources } from '../../src/api/resources.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { claim, deviceName, legacyClass, nodes, storagePoolClaim, volumeConfig } from './manifests.ts';
import { everyMs, shown, equal, fieldsOf, holds, pool, verbsOf } from './verbs.ts';

export function volumeChecks(bench: Bench): readonly Check[] {
  const { cluster } = bench;
  const { client } = cluster;
  const { apply, get, list, bound, volumePhase, deviceClaimed, instancesOf, pvc } = verbsOf(bench);
  return [
    {
      name: 'a StoragePoolClaim becomes one healthy pool per node',
      run: async () => {
        await apply(
          storagePoolClaim(
            pool,
            nodes.map((name) => deviceName(`${name}a`)),
          ),
        );
        await until('the claim is Online', 40_000, async () => {
          const found = await get(resources.storagePoolClaim, pool);
          return found?.status?.phase === 'Online' ? found : shown(found?.status);
        });
        const instances = await instancesOf(pool);
        equal(instances.map(({ spec }) => spec.hostName ?? '').toSorted(), nodes, 'nodes');
        for (const { metadata, status } of instances) {
          holds(/^cstor-disk-pool-[a-z0-9]{4}$/.test(metadata.name), `name ${metadata.name}`);
          equal(status?.phase, 'ONLINE', 'phase');
          equal(
            metadata.finalizers?.toSorted(),
            ['cstorpoolcluster.openebs.io/finalizer', 'openebs.io/pool-protection'],
            'finalizers',
          );
          equal(cluster.pool(metadata.name).made, ['pool'], 'pools made');
        }
        equal(
          (await list(resources.blockDeviceClaim)).map(({ status }) => status?.phase),
          ['Bound', 'Bound', 'Bound'],
          'claims',
        );
        for (const name of nodes)
          equal(await deviceClaimed(deviceName(`${name}a`)), 'Claimed', 'claim state');
        const deployment = await get(core.deployments, instances[0]?.metadata.name ?? '');
        const pod = deployment?.spec?.template.spec;
        equal(
          pod?.containers[0]?.resources,
          { limits: { memory: '5Gi' }, requests: { memory: '1Gi' } },
          'resources of the SPC',
        );
        equal(pod?.automountServiceAccountToken, false, 'token');
      },
    },
    {
      name: 'a PVC of a legacy class becomes a volume, its Service field by field',
      run: async () => {
        await apply(legacyClass('openebs-cstor-disk-pool', pool));
        await apply(claim('polkadot-node-database-polkadot-node-0', 'openebs-cstor-disk-pool'));
        const { metadata } = await pvc('polkadot-node-database-polkadot-node-0');
        const name = `pvc-${metadata.uid ?? ''}`;
        await bound(name);
        const volume = await until(
          'the PersistentVolume',
          15_000,
          async () => (await get(core.persistentVolumes, name)) ?? 'missing',
          everyMs,
        );
        equal(volume.spec?.csi?.driver, 'cstor.csi.openebs.io', 'driver');
        equal(volume.spec?.csi?.volumeHandle, name, 'handle');
        equal(volume.spec?.claimRef?.uid, metadata.uid, 'claimRef');
        const service = await until(
          'the Service names the class',
          10_000,
          async () => (await get(core.services, name)) ?? 'missing',
          everyMs,
        );
        equal(
          fieldsOf(service.metadata.labels),
          fieldsOf({
            'openebs.io/cas-type': 'cstor',
            'openebs.io/storage-engine-type': 'cstor',
            'openebs.io/target-service': 'cstor-target-svc',
            'openebs.io/persistent-volume': name,
            'openebs.io/persistent-volume-claim': 'polkadot-node-database-polkadot-node-0',
            'openebs.io/version': '0.1.0',
          }),
          'labels',
        );
        holds(
          service.metadata.annotations?.['openebs.io/storage-class-ref']?.includes(
            'openebs-cstor-disk-pool',
          ) === true,
          'class',
        );
        equal(service.spec?.type, 'ClusterIP', 'type');
        equal(
          service.spec?.ports?.map((port) => [port.name, port.port, port.protocol]),
          [
            ['cstor-iscsi', 3260, 'TCP'],
            ['cstor-grpc', 7777, 'TCP'],
            ['mgmt', 6060, 'TCP'],
            ['exporter', 9500, 'TCP'],
          ],
          'ports',
        );
        equal(
          fieldsOf(service.spec?.selector),
          fieldsOf({
            app: 'cstor-volume-manager',
            'openebs.io/persistent-volume': name,
            'openebs.io/target': 'cstor-target',
          }),
          'selector',
        );
        const { spec, status } = await volumePhase(name, 'Healthy');
        equal(spec.consistencyFactor, 2, 'consistency factor');
        equal(Object.keys(spec.replicaDetails?.knownReplicas ?? {}).length, 3, 'known replicas');
        equal(
          status?.replicaStatuses?.map(({ mode }) => mode),
          ['Healthy', 'Healthy', 'Healthy'],
          'modes',
        );
        const replicas = (await list(resources.cstorVolumeReplica)).filter((each) =>
          each.metadata.name.startsWith(name),
        );
        equal(replicas.length, 3, 'replicas');
        await until(
          'replicas are Healthy',
          10_000,
          async () => {
            const phases = (await list(resources.cstorVolumeReplica)).map((each) => each.status?.phase);
            return phases.every((phase) => phase === 'Healthy') ? {} : shown(phases);
          },
          everyMs,
        );
      },
    },
    {
      name: 'a hand-written CStorVolumeConfig works, and is published to one node',
      run: async () => {
        await apply(volumeConfig('by-hand', pool, { replicas: 2 }));
        await bound('by-hand');
        await volumePhase('by-hand', 'Healthy');
        const key = { namespace, name: 'by-hand' };
        const published = (node: string) =>
          until(
            `by-hand is published to "${node}"`,
            15_000,
            async () => {
              const shown = (await get(resources.cstorVolume, 'by-hand'))?.status?.publishedNodeId ?? '';
              return shown === node ? {} : `it is published to "${shown}"`;
            },
            everyMs,
          );
        await client.patch(resources.cstorVolumeConfig, key, { publish: { nodeId: 'node-2' } });
        await published('node-2');
        equal(cluster.target('by-hand').initiators, ['iqn.2016-09.com.openebs.csi:node-2'], 'initiators');
        await client.patch(resources.cstorVolumeConfig, key, { publish: null });
        await published('');
        equal(cluster.target('by-hand').initiators, [], 'initiators');
      },
    },
  ];
}
