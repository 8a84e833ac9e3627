/** Who is killed or without power while volumes are made and used, and that a steady cluster is left alone. */
import { resources } from '../../src/api/resources.ts';
import type { ApiServer } from '../apiserver/api-server.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { Bench } from './bench.ts';
import { volumeConfig } from './manifests.ts';
import { everyMs, shown, equal, pool, verbsOf } from './verbs.ts';

export function survivalChecks(bench: Bench): readonly Check[] {
  const { api, cluster, operator } = bench;
  const { apply, get, list, bound, healthyCluster, volumePhase, instancesOf } = verbsOf(bench);
  return [
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
  ];
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
