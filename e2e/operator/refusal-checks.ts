/** Wishes that can not be met say why, and change nothing. */
import { findCondition } from '../../src/api/conditions.ts';
import { resources } from '../../src/api/resources.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import {
  blockDevice,
  claim,
  deviceName,
  legacyClass,
  nodes,
  poolCluster,
  volumeConfig,
} from './manifests.ts';
import { everyMs, shown, equal, holds, pool, verbsOf } from './verbs.ts';

export function refusalChecks(bench: Bench): readonly Check[] {
  const { cluster } = bench;
  const { client } = cluster;
  const { apply, get, list, gone, healthyCluster, eventOn, instancesOf } = verbsOf(bench);
  return [
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
            `${name} is refused as ${reason}`,
            15_000,
            async () => {
              const object = await get(resources.cstorPoolCluster, name);
              const accepted = findCondition(object?.status?.conditions, 'Accepted');
              // A device that has only just been made may not be known yet.
              const isRefused = accepted?.status === 'False' && accepted.reason === reason;
              return isRefused ? accepted : shown(object?.status);
            },
            everyMs,
          );
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
            if (condition?.status === 'True' && found !== undefined) return found;
            return shown(found?.status ?? (await get(resources.cstorPoolCluster, name))?.status);
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
  ];
}
