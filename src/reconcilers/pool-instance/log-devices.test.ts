/** Log devices come and go by their cluster: the plans of cluster and instance, in any order, with calls that are lost. */
import { expect, test } from '@jest/globals';
import { assert } from '../../shared/assert.ts';
import { prng } from '../../shared/prng.ts';
import { discoveredDevice } from '../../testing/discovered-device.ts';
import type { Claim } from '../pool-cluster/actions.ts';
import { plan as planCluster } from '../pool-cluster/plan.ts';
import type { Instance as ClusterInstance, PoolEntry } from '../pool-cluster/inventory.ts';
import { plan as planInstance } from './plan.ts';

const devices = ['a', 'l', 'm'];
const config = { dataRaidGroupType: 'stripe', writeCacheGroupType: 'stripe' };
const properties = { readOnlyThresholdPercent: 85, compression: 'lz4' };
const nodeSelector = { 'kubernetes.io/hostname': 'n1' };
const groupsOf = (logs: readonly string[]) => (logs.length === 0 ? [] : [logs]);

/** What is in the API server, and the daemon: each step is one pass of one reconciler. */
class World {
  wish: readonly string[] = [];
  logs: readonly string[] = [];
  claims = new Map<string, Claim>();
  pool: readonly string[] = [];
  readonly calls: string[] = [];

  constructor() {
    this.#claim('a');
  }

  #claim(device: string): void {
    const rest = {
      bound: true,
      deleting: false,
      clusterFinalizer: true,
      predecessor: undefined,
      leaving: undefined,
    };
    this.claims.set(device, { name: device, uid: `claim-${device}`, device, ...rest });
  }

  /** Answers how many actions there were. */
  clusterPass(): number {
    const shape = { nodeSelector, raidType: 'stripe', groups: [['a']], config };
    const pools: PoolEntry[] = [{ ...shape, index: 0, writeCacheGroups: groupsOf(this.wish) }];
    const instance: ClusterInstance = {
      ...shape,
      name: 'c-1',
      deleting: false,
      poolProtected: true,
      clusterFinalizer: true,
      writeCacheGroups: groupsOf(this.logs),
      phase: 'ONLINE',
      ready: true,
      replicas: 0,
    };
    const { actions } = planCluster(
      {
        cluster: {
          name: 'c',
          uid: 'u',
          deleting: false,
          finalizers: ['cstorpoolcluster.openebs.io/finalizer'],
          pools,
          allowedTags: new Set(),
          overwrite: new Set(),
          disableDependants: false,
        },
        nodes: [{ name: 'n1', labels: nodeSelector }],
        devices: new Map(devices.map((name) => [name, deviceNamed(name)])),
        claims: [...this.claims.values()].map((claim) => ({ ...claim, name: `bdc-cstor-${claim.device}` })),
        instances: [instance],
      },
      [],
    );
    for (const action of actions)
      if (action.do === 'createClaim') this.#claim(action.device.name);
      else if (action.do === 'setLeaving') this.#mark(action.name, action.instance);
      else if (action.do === 'clearLeaving') this.#mark(action.name, undefined);
      else if (action.do === 'updateInstance') this.logs = action.pool.writeCacheGroups.flat();
      else if (action.do === 'releaseClaim') this.#release(action.name.slice('bdc-cstor-'.length));
      else throw new Error(`not expected: ${action.do}`);
    return actions.length;
  }

  #mark(name: string, leaving: string | undefined): void {
    const device = name.slice('bdc-cstor-'.length);
    const claim = this.claims.get(device);
    if (claim !== undefined) this.claims.set(device, { ...claim, leaving });
  }

  #release(device: string): void {
    assert(!this.pool.includes(device), `the pool has let go of ${device}, which is released`);
    this.claims.delete(device);
  }

  instancePass(isLost: boolean): number {
    const claims = [...this.claims.values()];
    const leaving = claims.flatMap(({ device, leaving: of }) =>
      of === 'c-1' ? [{ claim: device, device }] : [],
    );
    const online = (name: string) => ({
      name,
      path: '',
      guid: name,
      online: true,
      reason: '',
      checksumErrors: 0,
      ioErrors: 0,
    });
    // a daemon that starts anew has what its configuration names: the instance's devices, and those that leave
    for (const device of this.pool)
      assert(
        this.logs.includes(device) || leaving.some((each) => each.device === device),
        `the configuration names ${device}, which the pool has`,
      );
    const { actions, problem } = planInstance(
      {
        name: 'c-1',
        deleting: false,
        poolProtected: true,
        phase: 'ONLINE',
        poolGuid: 'g',
        replicas: 0,
        devicesBound: this.logs.every((device) => this.claims.has(device)),
        raidType: 'stripe',
        groups: [['a']],
        writeCacheType: 'stripe',
        writeCacheGroups: groupsOf(this.logs),
        properties,
        replacing: [],
        leaving,
        scrub: undefined,
      },
      {
        expected: true,
        podReady: true,
        pool: {
          guid: 'g',
          phase: 'POOL_PHASE_ONLINE',
          reason: '',
          message: '',
          totalBytes: 0,
          usedBytes: 0,
          freeBytes: 0,
          logicalUsedBytes: 0,
          readOnly: false,
          devices: ['a', ...this.pool].map(online),
          replicas: [],
          dataGroups: [{ devices: ['a'] }],
          logGroups: this.pool.map((device) => ({ devices: [device] })),
          properties,
          resilvers: [],
          growableBytes: 0,
          scrub: null,
        },
      },
    );
    assert(problem === undefined, 'nothing is in the way');
    for (const action of actions) {
      if (isLost) break;
      if (action.do === 'addGroups') this.pool = [...this.pool, ...action.log.flat()];
      else if (action.do === 'removeLogDevices')
        this.pool = this.pool.filter((device) => !action.devices.includes(device));
      else if (action.do === 'finishLeaving') this.#mark(`bdc-cstor-${action.leaving.claim}`, undefined);
      else throw new Error(`not expected: ${action.do}`);
      this.calls.push(action.do);
    }
    return actions.length;
  }
}

const deviceNamed = (name: string) =>
  discoveredDevice({ name, uid: name, bytes: 2 ** 30, claimState: 'Claimed' });

const settle = (world: World): void => {
  for (let still = 0, turn = 0; still < 2; turn++) {
    if (turn > 50) throw new Error('it never comes to rest');
    still = world.clusterPass() + world.instancePass(false) === 0 ? still + 1 : 0;
  }
};

test('what leaves is free when the pool has let go of it, and not before', () => {
  const world = new World();
  world.wish = ['l', 'm'];
  settle(world);
  expect([world.pool, [...world.claims.keys()]]).toEqual([['l', 'm'], devices]);
  world.wish = ['m'];
  settle(world);
  expect([world.pool, [...world.claims.keys()]]).toEqual([['m'], ['a', 'm']]);
  expect(world.calls).toEqual(['addGroups', 'removeLogDevices', 'finishLeaving']);
});

const seeds =
  process.env['CASKADE_SEED'] === undefined ? [1, 2, 3, 12, 18] : [Number(process.env['CASKADE_SEED'])];

test.each(seeds)('wishes that change at any moment, and calls that are lost, seed %i', (seed) => {
  const random = prng(seed);
  const world = new World();
  const apart: string[] = [];
  for (let step = 0; step < 400; step++) {
    if (random.chance(0.1)) world.wish = ['l', 'm'].filter(() => random.chance(0.5));
    if (random.chance(0.5)) world.clusterPass();
    else world.instancePass(random.chance(0.3));
    if (!random.chance(0.05)) continue;
    settle(world);
    const [pool, claims] = [world.pool.toSorted().join(), [...world.claims.keys()].toSorted().join()];
    const wish = world.wish.join();
    if (pool !== wish || claims !== ['a', ...world.wish].join()) apart.push(`${wish}: ${pool}, ${claims}`);
  }
  expect(apart).toEqual([]);
});
