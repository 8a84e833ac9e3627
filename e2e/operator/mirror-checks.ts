/** The devices of a pool are exchanged and added to. */
import { findCondition } from '../../src/api/conditions.ts';
import { resources } from '../../src/api/resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { blockDevice, deviceName, nodes, poolCluster } from './manifests.ts';
import { everyMs, shown, equal, verbsOf } from './verbs.ts';

export function mirrorChecks(bench: Bench): readonly Check[] {
  const { cluster } = bench;
  const { client } = cluster;
  const { apply, get, gone, healthyCluster, eventOn, deviceClaimed, instancesOf } = verbsOf(bench);
  return [
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
  ];
}
