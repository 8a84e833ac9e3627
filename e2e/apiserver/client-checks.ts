/** The client: what it writes, what it leaves alone, what it does when somebody else was faster. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { annotations, labels } from '../../src/api/names.ts';
import { resources } from '../../src/api/resources.ts';
import { setCondition } from '../../src/api/conditions.ts';
import type { CStorPoolCluster } from '../../src/api/kinds/cstorpoolcluster.ts';
import {
  ApiError,
  isAlreadyExists,
  isConflict,
  isNotFound,
} from '../../src/reconcilers/runtime/api-error.ts';
import { accessOfServiceAccount } from '../../src/reconcilers/runtime/access.ts';
import { KubernetesClient } from '../../src/reconcilers/runtime/client.ts';
import { KubeConnection } from '../../src/reconcilers/runtime/connection.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import { EventRecorder } from '../../src/reconcilers/runtime/events.ts';
import { systemClock } from '../../src/shared/edge/system-clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import type { Check } from '../local/suite.ts';
import type { ApiServer } from './api-server.ts';
import { configMap, newNamespace, openWorld, type World } from './world.ts';

const cluster = (namespace: string, name: string): CStorPoolCluster => ({
  metadata: { namespace, name },
  spec: {
    pools: [
      {
        nodeSelector: { [labels.hostname]: 'worker-1' },
        dataRaidGroups: [{ blockDevices: [{ blockDeviceName: 'bd-1' }] }],
        poolConfig: { dataRaidGroupType: 'stripe' },
      },
    ],
  },
});

export function clientChecks(api: () => ApiServer): readonly Check[] {
  const check = (
    name: string,
    run: (world: World, namespace: string) => Promise<void>,
    timeoutMs = 60_000,
  ): Check => ({
    name: `client: ${name}`,
    timeoutMs,
    run: async () => {
      const world = openWorld(api().kubeconfig);
      try {
        await run(
          world,
          await newNamespace(world.client, `client-${name.replaceAll(/[^a-z]+/g, '-').slice(0, 40)}x`),
        );
      } finally {
        await world.end();
      }
    },
  });
  return [
    check('an object is made, read, changed and deleted', async ({ client }, namespace) => {
      const key = { namespace, name: 'a' };
      assert.equal(await client.get(core.configMaps, key), undefined);
      const made = await client.create(core.configMaps, configMap(namespace, 'a', { x: '1' }));
      await assert.rejects(client.create(core.configMaps, configMap(namespace, 'a')), isAlreadyExists);
      assert.equal((await client.createOrGet(core.configMaps, configMap(namespace, 'a'))).data?.['x'], '1');
      assert.equal((await client.patch(core.configMaps, key, { data: { y: '2' } })).data?.['y'], '2');
      assert.equal(await client.delete(core.configMaps, key, { uid: 'another' }), false);
      assert.equal(await client.delete(core.configMaps, key, { uid: made.metadata.uid }), true);
      assert.equal(await client.delete(core.configMaps, key), false);
      await assert.rejects(client.patch(core.configMaps, key, { data: {} }), isNotFound);
    }),
    check(
      'a list of 1100 objects is read in pages of one moment',
      async ({ client, connection }, namespace) => {
        const names = Array.from({ length: 1_100 }, (_, i) => `object-${String(i).padStart(4, '0')}`);
        for (let i = 0; i < names.length; i += 50)
          await Promise.all(
            names.slice(i, i + 50).map((name) => client.create(core.configMaps, configMap(namespace, name))),
          );
        const before = connection.requests.length;
        const list = await client.list(core.configMaps, { namespace });
        assert.deepEqual(
          list.map(({ metadata }) => metadata.name),
          names,
        );
        assert.deepEqual([list[0]?.apiVersion, list[0]?.kind], ['v1', 'ConfigMap']);
        assert.equal(connection.requests.length - before, 3);
      },
    ),
    check(
      'a stale write is a conflict; modify tries again until it is not',
      async ({ client }, namespace) => {
        const key = { namespace, name: 'a' };
        const stale = await client.create(core.configMaps, configMap(namespace, 'a', { n: '0' }));
        await client.patch(core.configMaps, key, { data: { n: '1' } });
        await assert.rejects(client.replace(core.configMaps, { ...stale, data: { n: '9' } }), isConflict);
        const increment = () =>
          client.modify(core.configMaps, key, (object) => ({
            ...object,
            data: { n: String(Number(object.data?.['n']) + 1) },
          }));
        await Promise.all([increment(), increment(), increment(), increment()]);
        assert.equal((await client.get(core.configMaps, key))?.data?.['n'], '5');
      },
    ),
    check(
      'a status is written when it differs, and only the difference',
      async ({ client, connection }, namespace) => {
        const made = await client.create(resources.cstorPoolCluster, cluster(namespace, 'a'));
        const condition = { type: 'Ready', status: 'False', reason: 'Waiting', message: 'x' } as const;
        const status = {
          desiredInstances: 1,
          provisionedInstances: 0,
          conditions: setCondition(undefined, condition, '2026-01-01T00:00:00Z'),
        };
        const first = await client.patchStatus(resources.cstorPoolCluster, made, status);
        assert.deepEqual(first.status, status);
        const writes = connection.writes.length;
        const again = {
          ...status,
          conditions: setCondition(first.status?.conditions, condition, '2026-02-02T00:00:00Z'),
        };
        const second = await client.patchStatus(resources.cstorPoolCluster, first, again);
        assert.equal(connection.writes.length, writes, 'the same status was written again');
        assert.equal(second, first);
        const third = await client.patchStatus(resources.cstorPoolCluster, first, {
          ...status,
          provisionedInstances: 1,
        });
        const sent = connection.writes.at(-1)?.body;
        assert.deepEqual(sent, {
          metadata: { resourceVersion: first.metadata.resourceVersion },
          status: { provisionedInstances: 1 },
        });
        assert.equal(third.metadata.generation, 1, 'a status must not raise the generation');
        const stale = client.patchStatus(resources.cstorPoolCluster, first, {
          ...status,
          healthyInstances: 1,
        });
        await assert.rejects(stale, isConflict);
        const { conditions: _, ...without } = status;
        const removed = await client.patchStatus(resources.cstorPoolCluster, third, {
          ...without,
          provisionedInstances: 1,
        });
        assert.equal(removed.status?.conditions, undefined);
      },
    ),
    check('server-side apply leaves the fields of others alone', async ({ client }, namespace) => {
      const mine = (extra: Record<string, string>) => ({
        metadata: { namespace, name: 'a', labels: { [labels.version]: '1', ...extra } },
        spec: cluster(namespace, 'a').spec,
      });
      await client.apply(resources.cstorPoolCluster, mine({ old: 'yes' }));
      const user = ['--field-manager=user', '-n', namespace];
      await api().kubectl('label', 'cspc', 'a', 'team=blue', ...user);
      await api().kubectl('annotate', 'cspc', 'a', `${annotations.allowedBlockDeviceTags}=fast`, ...user);
      const resourcesPatch = '{"spec":{"resources":{"limits":{"memory":"1Gi"}}}}';
      await api().kubectl('patch', 'cspc', 'a', '--type=merge', '-p', resourcesPatch, ...user);
      const after = await client.apply(resources.cstorPoolCluster, mine({}));
      assert.deepEqual(
        after.metadata.labels,
        { [labels.version]: '1', team: 'blue' },
        'ours that is gone goes, theirs stays',
      );
      assert.equal(after.metadata.annotations?.[annotations.allowedBlockDeviceTags], 'fast');
      assert.deepEqual(after.spec.resources, { limits: { memory: '1Gi' } });
      const same = await client.apply(resources.cstorPoolCluster, mine({}));
      assert.equal(
        same.metadata.resourceVersion,
        after.metadata.resourceVersion,
        'applying the same wrote something',
      );
    }),
    check('a finalizer holds the object until it is taken off', async ({ client }, namespace) => {
      const key = { namespace, name: 'a' };
      const made = await client.create(resources.cstorPoolCluster, cluster(namespace, 'a'));
      const held = await client.addFinalizer(resources.cstorPoolCluster, made, 'test.caskade.io/one');
      assert.deepEqual(held?.metadata.finalizers, ['test.caskade.io/one']);
      // both act on what they read before the other: neither may undo the other's
      await client.addFinalizer(resources.cstorPoolCluster, made, 'test.caskade.io/two');
      const both = await client.get(resources.cstorPoolCluster, key);
      assert.deepEqual(both?.metadata.finalizers, ['test.caskade.io/one', 'test.caskade.io/two']);
      await client.delete(resources.cstorPoolCluster, key);
      const dying = await client.get(resources.cstorPoolCluster, key);
      assert.ok(dying?.metadata.deletionTimestamp !== undefined);
      await client.removeFinalizer(resources.cstorPoolCluster, made, 'test.caskade.io/three');
      assert.equal(made.metadata.finalizers, undefined);
      await client.removeFinalizer(resources.cstorPoolCluster, both ?? made, 'test.caskade.io/one');
      await client.removeFinalizer(resources.cstorPoolCluster, both ?? made, 'test.caskade.io/two');
      assert.equal(await client.get(resources.cstorPoolCluster, key), undefined);
      assert.equal(
        await client.removeFinalizer(resources.cstorPoolCluster, dying, 'test.caskade.io/one'),
        undefined,
      );
    }),
    check(
      'the same event is counted in one object, also by the next process',
      async ({ client }, namespace) => {
        const made = await client.create(resources.cstorPoolCluster, cluster(namespace, 'a'));
        const recorder = () =>
          new EventRecorder({ client, component: 'test', clock: systemClock, log: silentLog });
        for (const each of [recorder(), recorder()]) {
          for (let i = 0; i < 20; i++) each.event(made, 'Warning', 'DeviceNotFound', 'no BlockDevice bd-1');
          each.event(made, 'Normal', 'PoolCreated', 'pool a-x1y2');
          await each.flushed();
        }
        const events = await client.list(core.events, { namespace });
        const summary = events.map(({ type, reason, count, involvedObject }) => [
          type,
          reason,
          count,
          involvedObject.kind,
        ]);
        assert.deepEqual(
          summary.toSorted((a, b) => String(a[1]).localeCompare(String(b[1]))),
          [
            ['Warning', 'DeviceNotFound', 2, 'CStorPoolCluster'],
            ['Normal', 'PoolCreated', 2, 'CStorPoolCluster'],
          ],
        );
        const described = await api().kubectl('describe', 'cspc', 'a', '-n', namespace);
        assert.match(described, /Warning +DeviceNotFound .*x2.* +test +no BlockDevice bd-1/);
      },
    ),
    check('a pod comes in with the files of its service account', async () => {
      const config = JSON.parse(readFileSync(api().kubeconfig, 'utf8')) as {
        clusters: [{ cluster: { server: string; 'certificate-authority': string } }];
        users: [{ user: { token: string } }];
      };
      const { cluster: at } = config.clusters[0];
      const folder = mkdtempSync(join(tmpdir(), 'caskade-service-account-'));
      writeFileSync(join(folder, 'token'), `${config.users[0].user.token}\n`);
      copyFileSync(at['certificate-authority'], join(folder, 'ca.crt'));
      const { hostname, port } = new URL(at.server);
      const connection = new KubeConnection(accessOfServiceAccount(folder, hostname, port, systemClock));
      const client = new KubernetesClient({
        connection,
        fieldManager: 'test',
        clock: systemClock,
        log: silentLog,
      });
      assert.ok((await client.list(core.namespaces)).length > 3);
      connection.close();
      rmSync(folder, { recursive: true });
    }),
    check('a refusal says who may not do what', async (_, namespace) => {
      const reader = openWorld(api().kubeconfigOf('reader'));
      const denied = reader.client.create(core.configMaps, configMap(namespace, 'a'));
      await assert.rejects(
        denied,
        (error) => error instanceof ApiError && error.status === 403 && /reader/.test(error.message),
      );
      await reader.end();
    }),
  ];
}
