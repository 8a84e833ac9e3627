import { beforeEach, expect, test } from '@jest/globals';
import { silentLog } from '../shared/log.ts';
import type { ManagedPool, VolumeSpec } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import { NoSpaceError, type Snapshot, type VolumeStore } from './engine/volume-store.ts';
import { statusKey, statusOf } from './admin-status.ts';
import { PoolDaemon } from './pool-daemon.ts';
import type { Found, PoolMedia } from './pool-media.ts';
import type { ReplicaServer } from './replica-server.ts';

/** A pool that remembers its volumes and nothing else. */
class FakePool implements ManagedPool {
  readonly guid = 'a1';
  readonly stores: VolumeStore[] = [];
  readonly failure = Promise.withResolvers<Error>();
  readonly failed = this.failure.promise;
  full = false;
  closed = false;
  status() {
    return {
      guid: this.guid,
      health: 'ONLINE' as const,
      message: '',
      layout: 'stripe' as const,
      totalBytes: 6400,
      usedBytes: 100,
      freeBytes: 6300,
      writableBytes: 5340,
      logicalUsedBytes: 50,
      devices: [
        {
          name: 'd',
          guid: 'b2',
          health: 'ONLINE' as const,
          state: 'current' as const,
          reason: undefined,
          checksumErrors: 0,
          ioErrors: 0,
        },
      ],
      dataGroups: [['d']],
      logGroups: [],
      properties: { readOnlyThresholdPercent: 85, compression: 'lz4' as const },
      growableBytes: 0,
      readOnly: false,
      resilvers: [
        {
          device: 'e',
          replaces: undefined,
          doneBytes: 3,
          totalBytes: 9,
          bytesPerSecond: undefined,
          etaSeconds: undefined,
        },
      ],
      scrub: undefined,
    };
  }
  readonly changes: string[] = [];
  removeLogDevices() {
    return Promise.resolve();
  }
  measureDevices() {
    return Promise.resolve();
  }
  growDevices() {
    return Promise.resolve(void this.changes.push('grow'));
  }
  scrub(action: string) {
    return Promise.resolve(void this.changes.push(`scrub ${action}`));
  }
  setProperties(properties: object) {
    return Promise.resolve(void this.changes.push(JSON.stringify(properties)));
  }
  addGroups() {
    return Promise.reject(new PoolRefusal('LayoutInvalid', 'a stripe has no groups'));
  }
  replaceDevice() {
    return Promise.resolve();
  }
  attachDevice() {
    return Promise.resolve();
  }
  cloneVolume() {
    return Promise.reject(new Error('not asked for here'));
  }
  createVolume({ volume, replicaId, sizeBytes }: VolumeSpec) {
    if (this.full) return Promise.reject(new NoSpaceError('no room'));
    const snapshots: Snapshot[] = [];
    let annotations: Uint8Array = new Uint8Array(0);
    const store = {
      identity: { volume, replicaId, guid: `g${this.stores.length}` },
      sizeBytes,
      last: 0,
      durable: 0,
      record: new Uint8Array(0),
      get annotations() {
        return annotations;
      },
      setAnnotations: (bytes: Uint8Array) => void (annotations = bytes),
      usage: () => ({ logicalBytes: 0, allocatedBytes: 0 }),
      snapshots: () => snapshots,
      snapshot: (name: string) => void snapshots.push({ name, number: 0, record: new Uint8Array(0) }),
      deleteSnapshot: (name: string) =>
        void snapshots.splice(
          snapshots.findIndex((s) => s.name === name),
          1,
        ),
      commit: () => Promise.resolve(0),
    } as unknown as VolumeStore;
    this.stores.push(store);
    return Promise.resolve(store);
  }
  volumes() {
    return this.stores;
  }
  volume(guid: string) {
    return this.stores.find(({ identity }) => identity.guid === guid);
  }
  destroyVolume(guid: string) {
    const at = this.stores.findIndex(({ identity }) => identity.guid === guid);
    if (at >= 0) this.stores.splice(at, 1);
    return Promise.resolve();
  }
  close() {
    this.closed = true;
    return Promise.resolve();
  }
}

let pool: FakePool;
let calls: string[];
let finds: Found[];
let timers: (() => void)[];
let daemon: PoolDaemon;

beforeEach(() => {
  pool = new FakePool();
  calls = [];
  finds = [];
  timers = [];
  const media: PoolMedia = {
    find: () => Promise.resolve(finds.shift() ?? { found: 'nothing', message: '' }),
    create: (overwrite) => {
      calls.push(`create ${overwrite.join()}`);
      return overwrite.includes('mine')
        ? Promise.resolve(pool)
        : Promise.reject(new PoolRefusal('DeviceForeign', 'device d carries ext4: name it in overwrite'));
    },
    clear: () => Promise.resolve(void calls.push('clear')),
    openDevice: (name) => Promise.reject(new PoolRefusal('DeviceMissing', `device ${name}: not there`)),
  };
  const server: ReplicaServer = {
    replicationAddress: '',
    copyAddress: '',
    replicas: () => [],
    onChange: () => () => undefined,
    hintTarget: () => false,
    forget: (guid) => Promise.resolve(void calls.push(`forget ${guid}`)),
    stop: () => Promise.resolve(void calls.push('stop server')),
    kill: () => Promise.resolve(),
  };
  daemon = new PoolDaemon({
    media,
    serve: () => Promise.resolve(server),
    clock: { nowMs: () => 0, after: (_delayMs, task) => (timers.push(task), () => void timers.pop()) },
    log: silentLog,
  });
});
const phase = () => statusOf('p', daemon.state, new Map()).phase;
const code = (wanted: string) => expect.objectContaining({ name: 'StatusError', code: wanted });

test('importing, then open; status tells of devices and replicas', async () => {
  finds = [{ found: 'pool', pool }];
  expect(phase()).toBe('POOL_PHASE_IMPORTING');
  await expect(daemon.createReplica('v', 'r', 4096)).rejects.toEqual(code('UNAVAILABLE'));
  await daemon.start();
  await daemon.createReplica('v', 'r', 4096);
  expect(statusOf('p', daemon.state, new Map([['d', '/dev/d']]))).toMatchObject({
    phase: 'POOL_PHASE_ONLINE',
    guid: 'a1',
    totalBytes: 6400,
    devices: [{ name: 'd', path: '/dev/d', online: true, reason: '' }],
    replicas: [{ volume: 'v', replicaId: 'r', guid: 'g0', sizeBytes: 4096, state: 'Offline', epoch: 0 }],
  });
});

test('nothing there: absent until created; a refusal to create changes nothing; twice is success', async () => {
  await daemon.start();
  expect(phase()).toBe('POOL_PHASE_ABSENT');
  await expect(daemon.createReplica('v', 'r', 4096)).rejects.toEqual(code('FAILED_PRECONDITION'));
  await expect(daemon.create([])).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'DeviceForeign: device d carries ext4: name it in overwrite',
  });
  expect(phase()).toBe('POOL_PHASE_ABSENT');
  await daemon.create(['mine']);
  await daemon.create(['mine']);
  expect(phase()).toBe('POOL_PHASE_ONLINE');
  expect(calls).toEqual(['create ', 'create mine']);
});

test('refused: faulted with reason, looked at again later, created never', async () => {
  finds = [
    { found: 'refused', reason: 'DeviceMissing', message: 'device d is not there' },
    { found: 'pool', pool },
  ];
  await daemon.start();
  expect(statusOf('p', daemon.state, new Map())).toMatchObject({
    phase: 'POOL_PHASE_FAULTED',
    reason: 'DeviceMissing',
    message: 'device d is not there',
  });
  await expect(daemon.create(['mine'])).rejects.toEqual(code('FAILED_PRECONDITION'));
  timers[0]?.();
  await daemon.start();
  expect(phase()).toBe('POOL_PHASE_ONLINE');
});

test('replicas: idempotent, one per volume, by GUID when deleted, none left before the pool goes', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  const [first, second] = await Promise.all([
    daemon.createReplica('v', 'r', 4096),
    daemon.createReplica('v', 'r', 4096),
  ]);
  expect(second).toBe(first);
  await expect(daemon.createReplica('v', 'other', 4096)).rejects.toEqual(code('FAILED_PRECONDITION'));
  expect(daemon.replicaOf('v')).toBe(first);
  expect(() => daemon.replicaOf('w')).toThrow('the pool holds no replica of w');
  pool.full = true;
  await expect(daemon.createReplica('w', 'r', 4096)).rejects.toEqual(code('RESOURCE_EXHAUSTED'));

  await expect(daemon.destroy('')).rejects.toMatchObject({
    message: 'the pool holds 1 replicas, one of v: delete them first',
  });
  await expect(daemon.deleteReplica('v', 'r', 'gx')).rejects.toEqual(code('FAILED_PRECONDITION'));
  await daemon.deleteReplica('v', 'r', 'g0');
  await daemon.deleteReplica('v', 'r', 'g0');
  await expect(daemon.destroy('other')).rejects.toEqual(code('FAILED_PRECONDITION'));
  await daemon.destroy('a1');
  await daemon.destroy('a1');
  expect(calls).toEqual(['forget g0', 'stop server', 'clear']);
  expect([phase(), pool.closed]).toEqual(['POOL_PHASE_ABSENT', true]);
});

test('what readers left behind is gone after the import; other snapshots stay', async () => {
  const store = await pool.createVolume({ volume: 'v', replicaId: 'r', sizeBytes: 4096 });
  for (const name of ['_read-1', '~base', 'nightly']) store.snapshot(name);
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  expect(store.snapshots().map(({ name }) => name)).toEqual(['~base', 'nightly']);
});

test('an engine that fails ends the daemon; an orderly stop lets replicas go first', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  pool.failure.resolve(new Error('both halves are gone'));
  await expect(daemon.failed).resolves.toMatchObject({ message: 'both halves are gone' });
  await daemon.stop();
  expect([calls, pool.closed]).toEqual([['stop server'], true]);
});

test('while it is being closed, and after, nothing touches the pool', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  await daemon.createReplica('v', 'r', 4096);
  const stopped = daemon.stop();
  const late = daemon.createReplica('w', 'r', 4096);
  await expect(late).rejects.toEqual(code('UNAVAILABLE'));
  await stopped;
  expect(statusOf('p', daemon.state, new Map())).toMatchObject({
    phase: 'POOL_PHASE_IMPORTING',
    reason: 'Closing',
  });
  expect(() => daemon.replicaOf('v')).toThrow('the pool is being closed');
  await expect(daemon.create(['mine'])).rejects.toEqual(code('UNAVAILABLE'));
  await daemon.stop();
  expect(calls).toEqual(['stop server']);
});

test('readers end before their replica goes, or the pool; there are never too many', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  for (const volume of ['v', 'w']) await daemon.createReplica(volume, 'r', 4096);
  /** Reads until it is asked to end. */
  const read = (volume: string) =>
    daemon.reading(volume, (_store, signal) => {
      calls.push(`read ${volume}`);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          calls.push(`end ${volume}`);
          resolve();
        });
      });
    });
  const readers = [read('v'), read('w'), read('w'), read('w')];
  await expect(read('v')).rejects.toEqual(code('RESOURCE_EXHAUSTED'));
  await daemon.deleteReplica('v', 'r', '');
  await daemon.stop();
  await Promise.all(readers);
  const reads = ['read v', 'read w', 'read w', 'read w'];
  const ends = ['end v', 'forget g0', 'end w', 'end w', 'end w', 'stop server'];
  expect(calls).toEqual([...reads, ...ends]);
});

test('a destruction that fails half-way is shown, and looked at again', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  pool.close = () => Promise.reject(new Error('device d: write failed'));
  await expect(daemon.destroy('')).rejects.toThrow('device d: write failed');
  expect(statusOf('p', daemon.state, new Map())).toMatchObject({
    phase: 'POOL_PHASE_FAULTED',
    reason: 'DestroyFailed',
  });
  expect(timers).toHaveLength(1);
});

test('capacity counts in steps, so that a busy writer is no news', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  const status = statusOf('p', daemon.state, new Map());
  const key = statusKey(status);
  expect(statusKey({ ...status, usedBytes: 101, freeBytes: 6299, logicalUsedBytes: 51 })).toBe(key);
  expect(statusKey({ ...status, usedBytes: 400 })).not.toBe(key);
  expect(statusKey({ ...status, phase: 'POOL_PHASE_DEGRADED' })).not.toBe(key);
});

test("changes run alone on a pool that serves; what it refuses is the caller's to mend", async () => {
  const refused = daemon.change((open) => open.growDevices());
  await expect(refused).rejects.toEqual(code('UNAVAILABLE'));
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  await daemon.change((open) => open.scrub('pause'));
  await daemon.change((open) => open.setProperties({ compression: 'off' }));
  expect(pool.changes).toEqual(['scrub pause', '{"compression":"off"}']);
  const wrong = daemon.change((open) => open.addGroups({ data: [], log: [], overwrite: [] }));
  await expect(wrong).rejects.toThrow('LayoutInvalid: a stripe has no groups');
  await expect(wrong).rejects.toEqual(code('FAILED_PRECONDITION'));
});

test('the description of a replica is kept, replaced by the next one, and stays where none is given', async () => {
  finds = [{ found: 'pool', pool }];
  await daemon.start();
  const described = () => new TextDecoder().decode(daemon.replicaOf('v').annotations);
  await daemon.createReplica('v', 'r', 4096, '{"a":1}');
  expect(described()).toBe('{"a":1}');
  await daemon.createReplica('v', 'r', 4096, '{"a":2}');
  await daemon.createReplica('v', 'r', 4096);
  expect(described()).toBe('{"a":2}');
});
