/** Reflectors, informers and controllers: what they know, through everything that an API server can do to them. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectKey } from '../../src/api/object-meta.ts';
import { resources } from '../../src/api/resources.ts';
import {
  done,
  runController,
  watchOwned,
  watchSelf,
  type Controller,
  type Requeue,
} from '../../src/reconcilers/runtime/controller.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import { systemClock } from '../../src/shared/edge/system-clock.ts';
import { silentLog } from '../../src/shared/log.ts';
import type { Check } from '../local/suite.ts';
import type { ApiServer } from './api-server.ts';
import { configMap, eventually, newNamespace, openWorld, type World } from './world.ts';

/** Versions of etcd's history up to now are thrown away. */
async function compact(etcdUrl: string): Promise<void> {
  const call = async (path: string, body: object) => {
    const response = await fetch(`${etcdUrl}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as { header: { revision: string } };
  };
  const { header } = await call('kv/range', { key: Buffer.from('/').toString('base64') });
  await call('kv/compaction', { revision: header.revision, physical: true });
}

export function reflectorChecks(api: () => ApiServer): readonly Check[] {
  let count = 0;
  const check = (
    name: string,
    run: (world: World, namespace: string) => Promise<void>,
    options: { silenceMs?: number; timeoutMs?: number } = {},
  ): Check => ({
    name: `reflector: ${name}`,
    timeoutMs: options.timeoutMs ?? 60_000,
    run: async () => {
      const world = openWorld(api().kubeconfig, options);
      try {
        await run(world, await newNamespace(world.client, `reflector-${++count}`));
      } finally {
        await world.end();
      }
    },
  });
  /** An informer of the namespace's ConfigMaps that tells what it saw. */
  const observe = async ({ informers }: World, namespace: string) => {
    const informer = informers.of(core.configMaps, { namespace });
    const seen: string[] = [];
    informer.onChange(({ type, object }) => {
      seen.push(
        `${type} ${object.metadata.name}${type === 'deleted' ? '' : ` ${object.data?.['n'] ?? ''}`}`.trim(),
      );
    });
    informers.start();
    await informers.synced();
    return { informer, seen, names: () => informer.store.list().map(({ metadata }) => metadata.name) };
  };
  /** Written by another client, whose connection is not bent. */
  const writer = () => openWorld(api().kubeconfig, { fieldManager: 'writer' });

  return [
    check('what is made, changed and deleted is seen, in order', async (world, namespace) => {
      const { client } = writer();
      await client.create(core.configMaps, configMap(namespace, 'a', { n: '1' }));
      const { seen, names } = await observe(world, namespace);
      await client.patch(core.configMaps, { namespace, name: 'a' }, { data: { n: '2' } });
      await client.create(core.configMaps, configMap(namespace, 'b', { n: '1' }));
      await client.delete(core.configMaps, { namespace, name: 'a' });
      await eventually('all of it is seen', () => seen.length >= 4);
      assert.deepEqual(seen, ['added a 1', 'changed a 2', 'added b 1', 'deleted a']);
      assert.deepEqual(names(), ['b']);
    }),
    check(
      'a selection sees its own objects only, and one that leaves it as deleted',
      async ({ informers }, namespace) => {
        const { client } = writer();
        const informer = informers.of(core.configMaps, { namespace, labelSelector: 'pool=a' });
        assert.equal(informers.of(core.configMaps, { namespace, labelSelector: 'pool=a' }), informer);
        informers.start();
        await informers.synced();
        const labelled = (name: string, pool: string) => ({
          metadata: { namespace, name, labels: { pool } },
        });
        await client.create(core.configMaps, labelled('x', 'b'));
        await client.create(core.configMaps, labelled('y', 'a'));
        await eventually('y is seen', () => informer.store.size === 1);
        await client.patch(
          core.configMaps,
          { namespace, name: 'y' },
          { metadata: { labels: { pool: 'b' } } },
        );
        await eventually('y is gone', () => informer.store.size === 0);
      },
    ),
    check('a killed API server is outlived, without a new list', async (world, namespace) => {
      const { seen, names } = await observe(world, namespace);
      await api().killApiServer();
      await delay(1_000);
      await api().startApiServer();
      const { client } = writer();
      await client.create(core.configMaps, configMap(namespace, 'after'));
      await eventually('the object made after the restart is seen', () => names().includes('after'), 40_000);
      assert.ok(world.connection.watches.length >= 2, 'it did not watch again');
      const lists = world.connection.requests.filter(({ path }) => path.includes('limit='));
      assert.equal(lists.length, 1, 'it listed again');
      assert.ok(seen.includes('added after'));
    }),
    check(
      'a connection that died without a word is noticed',
      async (world, namespace) => {
        const { names } = await observe(world, namespace);
        const { client } = writer();
        await client.create(core.configMaps, configMap(namespace, 'before'));
        await eventually('the watch is open', () => names().includes('before'));
        const watches = world.connection.watches.length;
        api().pause();
        try {
          await eventually('it is given up', () => world.connection.watches.length > watches, 20_000);
        } finally {
          api().resume();
        }
        await client.create(core.configMaps, configMap(namespace, 'after'));
        await eventually('the object made afterwards is seen', () => names().includes('after'), 40_000);
      },
      { silenceMs: 2_000, timeoutMs: 90_000 },
    ),
    check(
      '410: history is gone, what went meanwhile is reported as deleted',
      async (world, namespace) => {
        const { client } = writer();
        for (const name of ['stays', 'changes', 'goes'])
          await client.create(core.configMaps, configMap(namespace, name, { n: '1' }));
        const { seen, names } = await observe(world, namespace);
        world.connection.cut();
        await client.delete(core.configMaps, { namespace, name: 'goes' });
        await client.patch(core.configMaps, { namespace, name: 'changes' }, { data: { n: '2' } });
        await client.create(core.configMaps, configMap(namespace, 'comes', { n: '1' }));
        // the API server's own memory of events ends with it, etcd's with the compaction
        await api().killApiServer();
        await compact(api().etcdUrl);
        await api().startApiServer();
        const before = seen.length;
        const lists = world.connection.requests.length;
        world.connection.mend();
        await eventually('it has listed again', () => names().includes('comes'), 40_000);
        assert.deepEqual(seen.slice(before).toSorted(), [
          'added comes 1',
          'changed changes 2',
          'deleted goes',
        ]);
        assert.deepEqual(
          names(),
          ['changes', 'comes', 'kube-root-ca.crt', 'stays'].filter((name) => names().includes(name)),
        );
        assert.ok(world.connection.refusals.includes(410), `no 410: ${world.connection.refusals.join()}`);
        assert.ok(world.connection.requests.length > lists);
      },
      { timeoutMs: 120_000 },
    ),
    check('refresh answers with what there is now', async ({ informers, connection, client }, namespace) => {
      const informer = informers.of(core.configMaps, { namespace });
      informers.start();
      await informers.synced();
      connection.cut();
      connection.mend();
      await client.create(core.configMaps, configMap(namespace, 'a'));
      await informers.refresh();
      assert.deepEqual(
        informer.store.list().map(({ metadata }) => metadata.name),
        ['a'],
      );
    }),
    check('a kind that is not installed yet is waited for', async ({ informers }) => {
      const gadgets = {
        group: 'test.caskade.io',
        version: 'v1',
        kind: 'Gadget',
        plural: 'gadgets',
        namespaced: true,
      };
      const informer = informers.of(gadgets);
      informers.start();
      await delay(1_500);
      assert.equal(informer.isSynced, false);
      const crd = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'gadgets.test.caskade.io' },
        spec: {
          group: 'test.caskade.io',
          scope: 'Namespaced',
          names: { kind: 'Gadget', plural: 'gadgets' },
          versions: [
            { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
          ],
        },
      };
      const made = await api().tryKubectl(['create', '-f', '-'], { input: JSON.stringify(crd) });
      assert.equal(made.status, 0, made.stderr);
      await eventually('it is synced', () => informer.isSynced, 30_000);
    }),
    check(
      'a controller is called for its objects and theirs, after delays and after errors',
      async (world, namespace) => {
        const { informers, client } = world;
        const configs = informers.of(core.configMaps, { namespace, labelSelector: 'test=owner' });
        const secrets = informers.of(core.secrets, { namespace });
        const calls: string[] = [];
        const answers: Record<string, (() => Requeue)[]> = {
          again: [() => ({ afterMs: 50 }), () => done],
          fails: [
            () => {
              throw new Error('not yet');
            },
            () => done,
          ],
        };
        const reconcile = async ({ name }: ObjectKey) => {
          calls.push(name);
          await delay(1);
          return answers[name]?.shift()?.() ?? done;
        };
        informers.start();
        await informers.synced();
        const controller: Controller = runController({
          name: 'test',
          watches: [watchSelf(configs), watchOwned(secrets, 'ConfigMap')],
          reconcile,
          workers: 2,
          log: silentLog,
          clock: systemClock,
        });
        const times = (name: string) => calls.filter((call) => call === name).length;
        const owner = (name: string) => ({ metadata: { namespace, name, labels: { test: 'owner' } } });
        const first = await client.create(core.configMaps, owner('plain'));
        await client.create(core.configMaps, owner('again'));
        await client.create(core.configMaps, owner('fails'));
        await eventually(
          'each is called',
          () => times('plain') === 1 && times('again') === 2 && times('fails') === 2,
        );
        const ownerReferences = [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: 'plain',
            uid: first.metadata.uid ?? '',
            controller: true,
          },
        ];
        await client.create(core.secrets, { metadata: { namespace, name: 's', ownerReferences } });
        await eventually('the owner is called for what it owns', () => times('plain') === 2);
        assert.deepEqual(
          secrets.store.byOwner(first.metadata.uid ?? '').map(({ metadata }) => metadata.name),
          ['s'],
        );
        await client.delete(core.configMaps, { namespace, name: 'plain' });
        await eventually('and once more when it is gone', () => times('plain') === 3);
        await controller.stop();
        await client.create(core.configMaps, owner('late'));
        await delay(200);
        assert.equal(times('late'), 0, 'a stopped controller was called');
      },
    ),
    check('a steady state causes no writes', async ({ informers, client, connection }, namespace) => {
      const made = await client.create(resources.cstorVolumePolicy, {
        metadata: { namespace, name: 'a' },
        spec: {},
      });
      const informer = informers.of(resources.cstorVolumePolicy, { namespace });
      informers.start();
      await informers.synced();
      let calls = 0;
      const controller = runController({
        name: 'steady',
        watches: [watchSelf(informer)],
        resyncMs: 100,
        log: silentLog,
        clock: systemClock,
        reconcile: async (key) => {
          const object = informer.store.get(key);
          calls++;
          if (object !== undefined)
            await client.patchStatus(resources.cstorVolumePolicy, object, { phase: 'Read' });
          return done;
        },
      });
      await eventually(
        'the status is written',
        () => informer.store.get(made.metadata)?.status?.phase === 'Read',
      );
      const [writes, before] = [connection.writes.length, calls];
      await eventually('it is called again', () => calls > before + 20);
      assert.equal(connection.writes.length, writes);
      assert.equal(connection.watches.length, 1);
      await controller.stop();
    }),
  ];
}
