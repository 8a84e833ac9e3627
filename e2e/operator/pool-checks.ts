/** A pool that serves is changed and asked for work by its objects: log devices come and go, scrubs. */
import { findCondition } from '../../src/api/conditions.ts';
import type { CStorPoolInstance } from '../../src/api/kinds/cstorpoolinstance.ts';
import { annotations, scrubWish } from '../../src/api/names.ts';
import { resources } from '../../src/api/resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { namespace } from './fake-cluster.ts';
import { blockDevice, deviceName, nodes, poolCluster } from './manifests.ts';
import { equal, everyMs, verbsOf } from './verbs.ts';

const gib = 1024 ** 3;
const name = 'logged';
type Groups = readonly (readonly string[])[];

export function poolChecks(bench: Bench): readonly Check[] {
  const { api, cluster, operator } = bench;
  const { client } = cluster;
  const { eventOn } = verbsOf(bench);
  const node = nodes[2] ?? '';
  const [data = '', l1 = '', l2 = '', l3 = '', l4 = ''] = ['w0', 'w1', 'w2', 'w3', 'w4'].map(deviceName);
  const wish = async (logs: Groups, logType = 'stripe') => {
    const { status, stderr } = await api.tryKubectl(['apply', '-f', '-'], {
      input: poolCluster(name, [{ node, devices: [data], logs, logType }]),
    });
    if (status !== 0) throw new Error(stderr);
  };
  const instance = async (): Promise<CStorPoolInstance> => {
    const found = (await client.list(resources.cstorPoolInstance, { namespace })).find(
      ({ metadata }) => metadata.labels?.['openebs.io/cstor-pool-cluster'] === name,
    );
    if (found === undefined) throw new Error(`no instance of ${name}`);
    return found;
  };
  const fake = async () => cluster.pool((await instance()).metadata.name);
  /** What is claimed, of all devices of these checks, and the log groups of the pool. */
  const becomes = (claimed: readonly string[], groups: Groups) =>
    until(
      `the pool has log groups ${JSON.stringify(groups)}`,
      30_000,
      async () => {
        const states = await Promise.all(
          [l1, l2, l3, l4].map(async (each) => {
            const device = await client.get(resources.blockDevice, { namespace, name: each });
            return device?.status?.claimState === 'Claimed' ? [each] : [];
          }),
        );
        const is = JSON.stringify([states.flat(), (await fake()).logGroups]);
        return is === JSON.stringify([claimed, groups]) ? {} : is;
      },
      everyMs,
    );
  const event = async (reason: string, text: string) =>
    await eventOn('CStorPoolInstance', (await instance()).metadata.name, reason, text);
  const shows = (what: string, look: (found: CStorPoolInstance) => boolean) =>
    until(
      `the instance shows ${what}`,
      20_000,
      async () => {
        const found = await instance();
        return look(found)
          ? found
          : JSON.stringify([found.metadata.annotations, found.status?.scrub, found.status?.conditions]);
      },
      everyMs,
    );
  const scrub = async (text: string) => {
    const { metadata } = await instance();
    const put = `${scrubWish.annotation}=${text}`;
    await api.kubectl('annotate', '-n', namespace, '--overwrite', 'cspi', metadata.name, put);
  };
  const heard = (what: string, look: (found: CStorPoolInstance) => boolean) =>
    shows(what, (found) => found.metadata.annotations?.[scrubWish.annotation] === undefined && look(found));
  const condition = (found: CStorPoolInstance, type: string) => findCondition(found.status?.conditions, type);

  return [
    {
      name: 'log devices come to a pool and leave it by its CStorPoolCluster, over an operator and a pool that are away',
      timeoutMs: 150_000,
      run: async () => {
        for (const each of [data, l1, l2, l3, l4]) await cluster.addDevice(blockDevice(each, { node }));
        await wish([]);
        await shows('ONLINE', ({ status }) => status?.phase === 'ONLINE').catch(() =>
          shows('ONLINE', ({ status }) => status?.phase === 'ONLINE'),
        );
        const pool = await fake();
        pool.dataGroups = [[data]];
        pool.tick();

        await wish([[l1, l2]]);
        await becomes([l1, l2], [[l1], [l2]]);
        await event('Pool Expansion', l2);

        // The operator dies with the edit, and comes back.
        await operator.kill();
        await wish([[l2]]);
        operator.start();
        await becomes([l2], [[l2]]);
        await event('Log Device Removal', `${l1} is no log device`);

        // The pool is away: the device stays its until it has let go of it.
        const { metadata } = await instance();
        await cluster.powerOff(metadata.name);
        await shows('OFFLINE', ({ status }) => status?.phase === 'OFFLINE');
        await wish([[l3]]);
        await until(
          'the claim says that the device leaves',
          15_000,
          async () => {
            const claims = await client.list(resources.blockDeviceClaim, { namespace });
            const of = claims.find(({ spec }) => spec?.blockDeviceName === l2)?.metadata.annotations;
            return of?.[annotations.leavingPool] === metadata.name ? {} : JSON.stringify(of ?? 'no claim');
          },
          everyMs,
        );
        await becomes([l2, l3], [[l2]]);
        cluster.powerOn(metadata.name);
        await becomes([l3], [[l3]]);

        await wish([]);
        await becomes([], []);
        await wish([[l1, l4]], 'mirror');
        await becomes([l1, l4], [[l1, l4]]);
        // Half a mirror can not leave, and nothing happens.
        await wish([[l1, l2]], 'mirror');
        await until(
          'another half of a mirror is refused',
          15_000,
          async () => {
            const found = await client.get(resources.cstorPoolCluster, { namespace, name });
            const accepted = findCondition(found?.status?.conditions, 'Accepted');
            return accepted?.reason === 'WriteCacheReplaced'
              ? accepted
              : JSON.stringify(found?.status ?? 'gone');
          },
          everyMs,
        );
        await becomes([l1, l4], [[l1, l4]]);
        // A whole one gives way to another.
        await wish([[l2, l3]], 'mirror');
        await becomes([l2, l3], [[l2, l3]]);
        await wish([], 'mirror');
        await becomes([], []);
        equal(
          pool.made,
          [
            'pool',
            `groups ${l1} ${l2}`,
            `without ${l1}`,
            `without ${l2}`,
            `groups ${l3}`,
            `without ${l3}`,
            `groups ${l1} ${l4}`,
            `without ${l1} ${l4}`,
            `groups ${l2} ${l3}`,
            `without ${l2} ${l3}`,
          ],
          'calls',
        );
      },
    },
    {
      name: 'a scrub is started, paused, ended and shown by the CStorPoolInstance',
      timeoutMs: 120_000,
      run: async () => {
        const pool = await fake();
        pool.made.length = 0;
        await scrub('start');
        await heard('scrub 1', ({ status }) => status?.scrub?.state === 'Running' && status.scrub.run === 1);
        await event('Scrub', 'scrub 1 runs');
        pool.scrubs({ doneBytes: 1.9 * gib, repairedBlocks: 7 });
        await shows(
          '40 %',
          ({ status }) => status?.scrub?.percent === 40 && status.scrub.repairedBlocks === 7,
        );

        await scrub('pause');
        await heard(
          'a rest',
          ({ status }) => status?.scrub?.state === 'Paused' && status.scrub.percent === 47,
        );
        await event('Scrub', 'scrub 1 is paused at 47 %');
        await scrub('start share=20');
        await heard('that it goes on', ({ status }) => status?.scrub?.state === 'Running');
        pool.scrubs({ doneBytes: 3 * gib, lostBlocks: 2 });
        await shows('lost blocks', (found) => condition(found, 'BlocksLost')?.status === 'True');
        pool.scrubs({ doneBytes: 4 * gib, state: 'DONE' });
        await event('Scrub', 'scrub 1 is done: 7 blocks repaired, 2 without a good copy in this pool');

        // Too fast to be seen running.
        pool.scrubsAtOnce = true;
        await scrub('start');
        await heard('scrub 2', ({ status }) => status?.scrub?.state === 'Done' && status.scrub.run === 2);
        await event('Scrub', 'scrub 2 is done: 0 blocks');
        await shows('nothing lost', (found) => condition(found, 'BlocksLost')?.status === 'False');
        pool.scrubsAtOnce = false;

        await scrub('begin');
        await shows('that it is no wish', (found) => condition(found, 'ChangeRefused')?.status === 'True');
        await event('Scrub', 'give "start [share=PERCENT]|pause|stop"');
        // A pool that is away hears it when it is back.
        const { metadata } = await instance();
        await cluster.powerOff(metadata.name);
        await shows('OFFLINE', ({ status }) => status?.phase === 'OFFLINE');
        await scrub('start');
        cluster.powerOn(metadata.name);
        await heard('scrub 3', ({ status }) => status?.scrub?.state === 'Running' && status.scrub.run === 3);
        await scrub('stop');
        await heard('its end', ({ status }) => status?.scrub?.state === 'Stopped');
        await shows('no refusal', (found) => condition(found, 'ChangeRefused')?.status === 'False');
        equal(
          pool.made,
          [
            'scrub START 0',
            'scrub PAUSE 0',
            'scrub START 20',
            'scrub START 0',
            'scrub START 0',
            'scrub STOP 0',
          ],
          'calls',
        );
        await client.delete(resources.cstorPoolCluster, { namespace, name });
        await until(
          `${name} is gone`,
          30_000,
          async () =>
            (await client.get(resources.cstorPoolCluster, { namespace, name })) === undefined
              ? {}
              : 'it is there',
          everyMs,
        );
      },
    },
  ];
}
