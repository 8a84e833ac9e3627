/** What must hold of the operator, one check after the other on one API server: later ones build on what earlier ones made. */
import type { CStorVolumeConfig } from '../../src/api/kinds/cstorvolumeconfig.ts';
import { findCondition } from '../../src/api/conditions.ts';
import { resources, type Resource } from '../../src/api/resources.ts';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import { namespace, type FakeCluster } from './fake-cluster.ts';
import {
  blockDevice,
  claim,
  deviceName,
  legacyClass,
  nodes,
  poolCluster,
  storagePoolClaim,
  volumeConfig,
} from './manifests.ts';
import { membersChecks } from './members-checks.ts';
import type { Operator } from './operator.ts';

export interface Bench {
  readonly api: ApiServer;
  readonly cluster: FakeCluster;
  readonly operator: Operator;
}

const everyMs = 100;
const pool = 'cstor-disk-pool';

/** As text, for what is still missing: never undefined, which would count as there. */
const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: is ${is}, should be ${should}`);
}
/** In one order, for comparing. */
const fieldsOf = (record: Readonly<Record<string, string>> | undefined): string[] =>
  Object.entries(record ?? {})
    .map(([field, value]) => `${field}=${value}`)
    .toSorted();
function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

export function checksOf({ api, cluster, operator }: Bench): readonly Check[] {
  const { client } = cluster;
  const apply = async (yaml: string) => {
    const { status, stderr } = await api.tryKubectl(['apply', '-f', '-'], { input: yaml });
    if (status !== 0) throw new Error(stderr);
  };
  const get = <T extends KubernetesObject>(resource: Resource<T>, name: string) =>
    client.get(resource, resource.namespaced ? { namespace, name } : { name });
  const list = <T extends KubernetesObject>(resource: Resource<T>) => client.list(resource, { namespace });
  const gone = async (resource: Resource<KubernetesObject>, name: string) =>
    await until(
      `${resource.kind} ${name} is gone`,
      30_000,
      async () => ((await get(resource, name)) === undefined ? {} : 'it is there'),
      everyMs,
    );
  const bound = async (name: string) =>
    await until<CStorVolumeConfig>(
      `${name} is Bound`,
      30_000,
      async () => {
        const config = await get(resources.cstorVolumeConfig, name);
        return config?.status?.phase === 'Bound' ? config : shown(config?.status);
      },
      everyMs,
    );
  const healthyCluster = async (name: string, count: number) =>
    await until(
      `${name} has ${count} healthy pools`,
      30_000,
      async () => {
        const found = await get(resources.cstorPoolCluster, name);
        return found?.status?.healthyInstances === count ? found : shown(found?.status);
      },
      everyMs,
    );
  const volumePhase = async (name: string, phase: string) =>
    await until(
      `volume ${name} is ${phase}`,
      30_000,
      async () => {
        const found = await get(resources.cstorVolume, name);
        return found?.status?.phase === phase ? found : shown(found?.status);
      },
      everyMs,
    );
  const eventOn = async (kind: string, name: string, reason: string, text: string) =>
    await until(
      `event ${reason} on ${kind} ${name}`,
      15_000,
      async () => {
        const events = await client.list(core.events);
        const of = events.filter(
          ({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name,
        );
        return (
          of.find((event) => event.reason === reason && (event.message ?? '').includes(text)) ??
          shown(of.map((event) => [event.reason, event.message]))
        );
      },
      everyMs,
    );
  const deviceClaimed = async (name: string) => (await get(resources.blockDevice, name))?.status?.claimState;
  const instancesOf = async (name: string) =>
    (await list(resources.cstorPoolInstance)).filter(
      ({ metadata }) => metadata.labels?.['openebs.io/cstor-pool-cluster'] === name,
    );

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
    {
      name: 'a steady cluster causes no writes, whatever the counters do',
      timeoutMs: 90_000,
      run: async () => {
        await new Promise((resolve) => setTimeout(resolve, 9_000)); // graces of new streams run out
        const before = await revisions(api);
        const writesBefore = await writes(api);
        for (let n = 0; n < 12; n++) {
          for (const each of [...cluster.pools.values(), ...cluster.targets.values()]) each.tick();
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
        equal(await revisions(api), before, 'resource versions');
        equal(await writes(api), writesBefore, 'requests that write');
      },
    },
    {
      name: 'a pool without power is OFFLINE, its volumes Degraded, and all is well when it is back',
      run: async () => {
        const [first] = await instancesOf(pool);
        const name = first?.metadata.name ?? '';
        const phase = (wanted: string) =>
          until(
            `pool ${name} is ${wanted}`,
            20_000,
            async () => {
              const shown = (await get(resources.cstorPoolInstance, name))?.status?.phase ?? '';
              return shown === wanted ? {} : shown;
            },
            everyMs,
          );
        await cluster.powerOff(name);
        await phase('OFFLINE');
        await healthyCluster(pool, 2);
        const volumes = await list(resources.cstorVolume);
        await until(
          'a volume is Degraded',
          10_000,
          async () => {
            const phases = (await list(resources.cstorVolume)).map((each) => each.status?.phase);
            return phases.includes('Degraded') || phases.includes('Offline') ? {} : shown(phases);
          },
          everyMs,
        );
        cluster.powerOn(name);
        await phase('ONLINE');
        for (const volume of volumes) await volumePhase(volume.metadata.name, 'Healthy');
        equal(
          cluster.pool(name).made.filter((each) => each === 'pool'),
          ['pool'],
          'pools made',
        );
      },
    },
    {
      name: 'ten volumes created while the operator is killed all become Bound, none twice',
      timeoutMs: 120_000,
      run: async () => {
        const names = Array.from({ length: 10 }, (_, n) => `many-${n}`);
        for (const [n, name] of names.entries()) {
          await apply(volumeConfig(name, pool));
          if (n % 3 !== 1) continue;
          await operator.kill();
          operator.start();
        }
        for (const name of names) await bound(name);
        for (const name of names) await volumePhase(name, 'Healthy');
        const replicas = await list(resources.cstorVolumeReplica);
        for (const name of names)
          equal(
            replicas.filter((each) => each.metadata.labels?.['openebs.io/persistent-volume'] === name).length,
            3,
            `replicas of ${name}`,
          );
        const made = [...cluster.pools.values()]
          .flatMap((each) => each.made)
          .filter((each) => each.startsWith('many-'));
        equal(made.length, 30, 'replicas made on pools');
        equal(new Set(made).size, 30, 'different replicas');
        const perPool = [...cluster.pools.values()].map(
          (each) =>
            [...each.replicas.values()].filter((replica) => replica.volume.startsWith('many-')).length,
        );
        equal(perPool, [10, 10, 10], 'replicas on each pool');
      },
    },
    {
      name: 'the API server is killed while a volume is made: the operator goes on when it is back',
      timeoutMs: 120_000,
      run: async () => {
        await apply(volumeConfig('interrupted', pool));
        await api.killApiServer();
        await api.startApiServer();
        await bound('interrupted');
        await volumePhase('interrupted', 'Healthy');
        await apply(volumeConfig('afterwards', pool));
        await bound('afterwards');
        const made = [...cluster.pools.values()].flatMap((each) => each.made);
        equal(made.filter((each) => each.startsWith('interrupted/')).length, 3, 'replicas made');
      },
    },
    ...membersChecks({ api, cluster, operator }, pool),
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
    {
      name: 'wishes that can not be met stay Pending with field, value and remedy, and change nothing',
      run: async () => {
        await apply(volumeConfig('five', pool, { replicas: 5 }));
        await apply(volumeConfig('huge', pool, { size: '1Ti' }));
        await apply(volumeConfig('nowhere', 'no-such-pool'));
        await apply(legacyClass('no-pool', 'nowhere'));
        await apply(claim('no-pool', 'no-pool'));
        await eventOn('CStorVolumeConfig', 'five', 'NotEnoughPools', 'spec.provision.replicaCount 5');
        await eventOn('CStorVolumeConfig', 'huge', 'CapacityTooLarge', '1Ti');
        await eventOn('CStorVolumeConfig', 'nowhere', 'PoolClusterNotFound', 'no-such-pool');
        await eventOn('PersistentVolumeClaim', 'no-pool', 'ProvisioningFailed', 'StoragePoolClaim');
        for (const name of ['five', 'huge', 'nowhere']) {
          const config = await get(resources.cstorVolumeConfig, name);
          equal(config?.status?.phase, 'Pending', `${name} phase`);
          equal(findCondition(config?.status?.condition, 'Accepted')?.status, 'False', `${name} Accepted`);
          equal(config?.spec.policy, {}, `${name} placement`);
          equal(await get(core.services, name), undefined, `${name} Service`);
          equal(await get(resources.cstorVolume, name), undefined, `${name} volume`);
          await client.delete(resources.cstorVolumeConfig, { namespace, name });
          await gone(resources.cstorVolumeConfig, name);
        }
      },
    },
    {
      name: 'a CStorPoolCluster that can not be built says why and claims nothing',
      run: async () => {
        const [first = '', second = ''] = nodes;
        await cluster.addDevice(blockDevice(deviceName('ext4'), { node: first, fsType: 'ext4' }));
        await cluster.addDevice(blockDevice(deviceName('small'), { node: first, gib: 0.01 }));
        await cluster.addDevice(blockDevice(deviceName('gone'), { node: first, state: 'Inactive' }));
        const bad: readonly (readonly [
          name: string,
          reason: string,
          pools: Parameters<typeof poolCluster>[1],
        ])[] = [
          ['missing', 'DeviceNotFound', [{ node: first, devices: ['blockdevice-none'] }]],
          ['claimed', 'DeviceClaimed', [{ node: first, devices: [deviceName(`${first}a`)] }]],
          ['foreign', 'DeviceHasFilesystem', [{ node: first, devices: [deviceName('ext4')] }]],
          ['small', 'DeviceTooSmall', [{ node: first, devices: [deviceName('small')] }]],
          ['inactive', 'DeviceInactive', [{ node: first, devices: [deviceName('gone')] }]],
          ['elsewhere', 'DeviceOnOtherNode', [{ node: first, devices: [deviceName(`${second}b`)] }]],
          ['no-node', 'NodeSelectorMismatch', [{ node: 'node-9', devices: [deviceName(`${first}b`)] }]],
        ];
        const claimsBefore = (await list(resources.blockDeviceClaim)).length;
        for (const [name, reason, pools] of bad) {
          await apply(poolCluster(name, pools));
          const found = await until(
            `${name} is refused`,
            15_000,
            async () => {
              const object = await get(resources.cstorPoolCluster, name);
              const accepted = findCondition(object?.status?.conditions, 'Accepted');
              return accepted?.status === 'False' ? accepted : shown(object?.status);
            },
            everyMs,
          );
          equal(found.reason, reason, name);
          holds(
            found.message?.includes('spec.pools[0]') === true,
            `${name} names the field: ${found.message ?? ''}`,
          );
          await eventOn('CStorPoolCluster', name, reason, 'spec.pools[0]');
          equal(await instancesOf(name), [], `${name} instances`);
          await client.delete(resources.cstorPoolCluster, { namespace, name });
          await gone(resources.cstorPoolCluster, name);
        }
        equal((await list(resources.blockDeviceClaim)).length, claimsBefore, 'claims');
      },
    },
    {
      name: 'a pool that CreatePool refuses says why, and comes up when the reason is gone',
      timeoutMs: 90_000,
      run: async () => {
        const [first = ''] = nodes;
        const name = 'refused';
        // The instance's name is known only once it is there: every new pool refuses.
        cluster.refusal = 'device blockdevice-x carries ext4: wipe it';
        await apply(poolCluster(name, [{ node: first, devices: [deviceName(`${first}b`)] }]));
        const instance = await until(
          'the refusal is shown',
          20_000,
          async () => {
            const [found] = await instancesOf(name);
            const condition = findCondition(found?.status?.conditions, 'PoolCreationFailed');
            return condition?.status === 'True' && found !== undefined ? found : shown(found?.status);
          },
          everyMs,
        );
        equal(instance.status?.phase, 'Pending', 'phase');
        await eventOn('CStorPoolInstance', instance.metadata.name, 'FailCreate', 'carries ext4');
        cluster.refusal = undefined;
        for (const each of cluster.pools.values()) each.refusal = undefined;
        await healthyCluster(name, 1).catch(async () => await healthyCluster(name, 1));
      },
    },
    {
      name: 'a mirror gets another device in the place of one, and a group more; what left is free again',
      timeoutMs: 90_000,
      run: async () => {
        const [, second = ''] = nodes;
        const [a = '', b = '', c = '', d = '', e = ''] = ['m1', 'm2', 'm3', 'm4', 'm5'].map(deviceName);
        for (const each of [a, b, c, d, e])
          await cluster.addDevice(blockDevice(each, { node: second, gib: each === e ? 2 : 4 }));
        const name = 'mirrored';
        const wish = (devices: readonly string[], ...more: readonly (readonly string[])[]) =>
          apply(poolCluster(name, [{ node: second, devices, type: 'mirror', more }]));
        await wish([a, b]);
        await healthyCluster(name, 1);
        const instance = (await instancesOf(name))[0]?.metadata.name ?? '';
        const fake = cluster.pool(instance);
        fake.dataGroups = [[a, b]];
        fake.tick();

        await wish([a, e]);
        await eventOn('CStorPoolCluster', name, 'DeviceTooSmall', e);
        equal(fake.made, ['pool'], 'made while refused');

        await wish([a, c]);
        await until(
          'the new device has the place of the old one, which is free',
          30_000,
          async () => {
            const states = [await deviceClaimed(b), await deviceClaimed(c)];
            return states.join() === 'Unclaimed,Claimed' ? states : shown([states, fake.made]);
          },
          everyMs,
        );
        equal(fake.made, ['pool', `${c} for ${b}`], 'calls');
        const shownAs = findCondition(
          (await get(resources.cstorPoolInstance, instance))?.status?.conditions,
          'DiskReplacement',
        );
        equal(shownAs?.status, 'False', 'DiskReplacement is over');
        await eventOn('CStorPoolInstance', instance, 'BlockDevice Replacement', 'has taken the place of');

        await wish([a, c], [b, d]);
        await until(
          'the pool has the new group',
          30_000,
          () => Promise.resolve(fake.dataGroups.length === 2 ? fake.dataGroups : shown(fake.dataGroups)),
          everyMs,
        );
        equal(
          fake.dataGroups,
          [
            [a, c],
            [b, d],
          ],
          'groups',
        );
        await eventOn('CStorPoolInstance', instance, 'Pool Expansion', d);
        fake.grow(1024 ** 3);
        await eventOn('CStorPoolInstance', instance, 'Pool Expansion', 'block devices have grown');
        equal(fake.made, ['pool', `${c} for ${b}`, `groups ${b} ${d}`, 'grown'], 'nothing twice');

        await wish([a, c]);
        await eventOn('CStorPoolCluster', name, 'GroupRemoved', b);
        await client.delete(resources.cstorPoolCluster, { namespace, name });
        await gone(resources.cstorPoolCluster, name);
      },
    },
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
    {
      name: 'health, metrics and an orderly end',
      run: async () => {
        for (const path of ['/healthz', '/readyz', '/metrics'])
          equal((await fetch(operator.url(path))).status, 200, path);
        equal(await operator.kill('SIGTERM'), 0, 'exit status');
        const lease = await get(core.leases, 'caskade-operator');
        equal(lease?.spec?.holderIdentity ?? '', '', 'the lease is given back');
      },
    },
  ];

  async function pvc(name: string) {
    const found = await client.get(core.persistentVolumeClaims, { namespace: 'default', name });
    if (found === undefined) throw new Error(`no claim ${name}`);
    return found;
  }
}

/** kind/name → resourceVersion of all that the operator could have touched; leases are to be renewed. */
async function revisions(api: ApiServer): Promise<readonly string[]> {
  const kinds = 'spc,cspc,cspi,bd,bdc,cvc,cv,cvr,deployments,services,configmaps,secrets,pods,pv,pvc,events';
  const text = await api.kubectl(
    'get',
    kinds,
    '-A',
    '-o',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}',
  );
  return text.trim().split('\n').toSorted();
}

/** Writing requests that the API server has had, by kind; leases are to be renewed, the rest is the API server's own. */
async function writes(api: ApiServer): Promise<readonly string[]> {
  const metrics = await api.kubectl('get', '--raw', '/metrics');
  return metrics
    .split('\n')
    .filter((line) => /^apiserver_request_total\{.*verb="(APPLY|PATCH|POST|PUT|DELETE)"/.test(line))
    .filter(
      (line) =>
        !/resource="(leases|namespaces|endpoints|endpointslices|customresourcedefinitions|apiservices)"/.test(
          line,
        ),
    )
    .toSorted();
}
