import { expect, test } from '@jest/globals';
import type { CreateVolumeRequestRead } from '../../api/proto/csi/v1/CreateVolumeRequest.ts';
import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import type { ClaimRef, VolumeState, VolumeStore } from './volume-store.ts';
import { Volumes } from './volumes.ts';

/** An API server with one operator that does at once what `operator` says; a wait that is not met is over at once. */
class FakeStore implements VolumeStore {
  readonly configs = new Map<string, CStorVolumeConfig>();
  readonly volumes = new Map<string, CStorVolume>();
  readonly nodes = new Set(['node-1', 'node-2']);
  /** Claims by name, with the volume that is theirs. */
  readonly claims = new Map<string, string>();
  conflicts = 0;
  operator: 'binds' | 'is away' = 'binds';

  list(): readonly VolumeState[] {
    return [...this.configs.keys()].map((name) => this.#state(name));
  }
  get(name: string) {
    return Promise.resolve(this.configs.get(name));
  }
  create(config: CStorVolumeConfig) {
    if (this.configs.has(config.metadata.name)) return Promise.resolve(undefined);
    this.configs.set(config.metadata.name, config);
    return Promise.resolve(config);
  }
  remove(name: string) {
    this.configs.delete(name);
    return Promise.resolve();
  }
  publish(config: CStorVolumeConfig, nodeId: string) {
    if (this.conflicts-- > 0) return Promise.resolve(false);
    this.configs.set(config.metadata.name, { ...config, publish: { nodeId } });
    return Promise.resolve(true);
  }
  hasNode(name: string) {
    return Promise.resolve(this.nodes.has(name));
  }
  hasClaim({ name, volume }: ClaimRef) {
    return Promise.resolve(this.claims.get(name) === volume);
  }
  wait<T>(name: string, _timeoutMs: number, look: (state: VolumeState) => T | undefined) {
    if (this.operator === 'binds') this.#reconcile(name);
    return Promise.resolve(look(this.#state(name)));
  }
  #state(name: string): VolumeState {
    return { config: this.configs.get(name), volume: this.volumes.get(name) };
  }
  #reconcile(name: string) {
    const config = this.configs.get(name);
    if (config === undefined) return;
    this.configs.set(name, { ...config, status: { phase: 'Bound' } });
    this.volumes.set(name, {
      metadata: { name },
      spec: { targetPortal: '10.0.0.7:3260', iqn: `iqn.2016-09.com.openebs.cstor:${name}` },
      status: { phase: 'Healthy', publishedNodeId: config.publish?.nodeId ?? '' },
    } as CStorVolume);
  }
}

const request = (name = 'pvc-1'): CreateVolumeRequestRead =>
  ({
    name,
    capacityRange: { requiredBytes: 2 ** 30, limitBytes: 0 },
    volumeCapabilities: [
      {
        accessType: 'mount',
        mount: { fsType: '', mountFlags: [] },
        accessMode: { mode: 'SINGLE_NODE_WRITER' },
      },
    ],
    parameters: { 'cas-type': 'cstor', cstorPoolCluster: 'p', replicaCount: '3' },
  }) as unknown as CreateVolumeRequestRead;

function open() {
  const store = new FakeStore();
  return { store, volumes: new Volumes({ store, namespace: 'openebs', version: '0.1.0' }) };
}

test('a volume is made once, however often it is asked for', async () => {
  const { store, volumes } = open();
  const made = await volumes.create(request(), 1);
  expect(made).toMatchObject({ volumeId: 'pvc-1', capacityBytes: 2 ** 30 });
  await expect(volumes.create(request(), 1)).resolves.toEqual(made);
  expect(store.configs.size).toBe(1);
});

test('a volume that is not made yet is asked for again, with the reason so far', async () => {
  const { store, volumes } = open();
  store.operator = 'is away';
  await expect(volumes.create(request(), 1)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  const config = await volumes.get('pvc-1');
  store.configs.set('pvc-1', {
    ...config,
    status: {
      condition: [
        {
          type: 'Provisioned',
          status: 'False',
          message: 'pool p has 2 instances, 3 are needed',
          reason: 'x',
        },
      ],
    },
  });
  await expect(volumes.create(request(), 1)).rejects.toThrow('pool p has 2 instances, 3 are needed');
  store.operator = 'binds';
  await expect(volumes.create(request(), 1)).resolves.toMatchObject({ volumeId: 'pvc-1' });
});

test('a volume that was never made goes with its claim, and with no other of that name', async () => {
  const { store, volumes } = open();
  store.operator = 'is away';
  store.claims.set('data', 'pvc-1');
  const asked = request();
  const parameters = {
    ...asked.parameters,
    'csi.storage.k8s.io/pvc/name': 'data',
    'csi.storage.k8s.io/pvc/namespace': 'default',
  };
  const create = () => volumes.create({ ...asked, parameters }, 1);
  await expect(create()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect([...store.configs.keys()]).toEqual(['pvc-1']);
  store.claims.set('data', 'pvc-2');
  await expect(create()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  expect([...store.configs.keys()]).toEqual([]);
});

test('one node at a time', async () => {
  const { store, volumes } = open();
  await volumes.create(request(), 1);
  const context = { portal: '10.0.0.7:3260', iqn: 'iqn.2016-09.com.openebs.cstor:pvc-1', lun: '0' };
  await expect(volumes.publish('pvc-1', 'node-1', 1)).resolves.toEqual(context);
  await expect(volumes.publish('pvc-1', 'node-1', 1)).resolves.toEqual(context);
  await expect(volumes.publish('pvc-1', 'node-2', 1)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('published at node node-1') as unknown,
  });
  await expect(volumes.remove('pvc-1', 1)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await volumes.unpublish('pvc-1', 'node-2', 1); // it has not got it
  expect(store.configs.get('pvc-1')?.publish?.nodeId).toBe('node-1');
  await volumes.unpublish('pvc-1', 'node-1', 1);
  await volumes.unpublish('pvc-1', 'node-1', 1);
  await expect(volumes.publish('pvc-1', 'node-2', 1)).resolves.toEqual(context);
  await volumes.unpublish('pvc-1', '', 1); // from wherever it is
  expect(store.configs.get('pvc-1')?.publish?.nodeId).toBe('');
});

test('publish answers only when the target has let the node in, unpublish only when it has shut it out', async () => {
  const { store, volumes } = open();
  await volumes.create(request(), 1);
  store.operator = 'is away';
  await expect(volumes.publish('pvc-1', 'node-1', 1)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  store.operator = 'binds';
  await volumes.publish('pvc-1', 'node-1', 1);
  store.operator = 'is away';
  await expect(volumes.unpublish('pvc-1', 'node-1', 1)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  // The wish is cleared already; the answer still waits for the target.
  await expect(volumes.unpublish('pvc-1', 'node-1', 1)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  store.operator = 'binds';
  await volumes.unpublish('pvc-1', 'node-1', 1);
});

test('an edit in between is looked at again; endless ones are given back', async () => {
  const { store, volumes } = open();
  await volumes.create(request(), 1);
  store.conflicts = 3;
  await expect(volumes.publish('pvc-1', 'node-1', 1)).resolves.toMatchObject({ lun: '0' });
  store.conflicts = 99;
  await expect(volumes.unpublish('pvc-1', 'node-1', 1)).rejects.toMatchObject({ code: 'ABORTED' });
});

test('what is gone is gone', async () => {
  const { volumes } = open();
  await volumes.remove('pvc-9', 1);
  await volumes.unpublish('pvc-9', 'node-1', 1);
  await expect(volumes.publish('pvc-9', 'node-1', 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(volumes.requireNode('node-9')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('the list is sorted and leaves out what is being deleted', async () => {
  const { store, volumes } = open();
  for (const name of ['pvc-3', 'pvc-1', 'pvc-2']) await volumes.create(request(name), 1);
  const gone = await volumes.get('pvc-2');
  store.configs.set('pvc-2', { ...gone, metadata: { ...gone.metadata, deletionTimestamp: 'now' } });
  expect(volumes.list().map(({ config }) => config?.metadata.name)).toEqual(['pvc-1', 'pvc-3']);
});
