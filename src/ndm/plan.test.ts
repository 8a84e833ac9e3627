import { expect, test } from '@jest/globals';
import type { BlockDevice, BlockDeviceStatus } from '../api/kinds/blockdevice.ts';
import { validators } from '../api/validators.ts';
import type { DeviceFacts } from './checks.ts';
import type { Device } from './inventory.ts';
import { plan, planStop, type Seen } from './plan.ts';

const node = { nodeName: 'node-1', hostname: 'host-1' };
const name = 'blockdevice-1';

function device(spec: Partial<Device['spec']> = {}, signature: DeviceFacts['signature'] = 'none'): Device {
  return {
    identity: { name, scheme: 'wwn' },
    facts: { path: spec.path ?? '/dev/sdb', signature } as DeviceFacts,
    spec: {
      path: '/dev/sdb',
      nodeAttributes: { nodeName: 'node-1' },
      capacity: { storage: 100, logicalSectorSize: 512 },
      details: { deviceType: 'disk', model: 'M' },
      devlinks: [{ kind: 'by-id', links: ['/dev/disk/by-id/a'] }],
      partitioned: 'No',
      ...spec,
    },
  };
}

function stored(
  change: {
    spec?: Partial<Device['spec']> & { claimRef?: object };
    status?: Partial<BlockDeviceStatus>;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  } = {},
): BlockDevice {
  return {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': 'host-1', 'ndm.io/managed': 'true', ...change.labels },
      annotations: change.annotations ?? {},
    },
    spec: { ...device().spec, ...change.spec },
    status: { claimState: 'Unclaimed', state: 'Active', ...change.status },
  };
}

const seen = (change: Partial<Seen> = {}): Seen => ({
  node,
  devices: [device()],
  blockDevices: [stored()],
  isLost: () => false,
  readsContent: true,
  ...change,
});
const writesOf = (change: Partial<Seen>) =>
  plan(seen(change)).writes.map((write) =>
    write.do === 'create'
      ? 'create'
      : write.do === 'patch'
        ? `patch ${JSON.stringify(write.patch)}`
        : `state ${write.state}`,
  );
const claim = { claimRef: { name: 'bdc-1' } };

// prettier-ignore
test.each([
  // what                             devices                             objects                                                       writes
  ['nothing new: no write',           [device()],                         [stored()],                                                   []],
  ['a new disk',                      [device()],                         [],                                                           ['create']],
  ['it came back',                    [device()],                         [stored({ status: { state: 'Inactive' } })],                  ['state Active']],
  ['its manager was away',            [device()],                         [stored({ status: { state: 'Unknown' } })],                   ['state Active']],
  ['it is gone',                      [],                                 [stored()],                                                   ['state Inactive']],
  ['it stays gone',                   [],                                 [stored({ status: { state: 'Inactive' } })],                  []],
  ['another node\'s is gone here',    [],                                 [stored({ spec: { nodeAttributes: { nodeName: 'node-2' } } })], []],
  ['another path',                    [device({ path: '/dev/sdc' })],     [stored()],                                                   ['patch {"spec":{"path":"/dev/sdc"}}']],
  ['it was formatted',                [device({ filesystem: { fsType: 'xfs' } })], [stored()],                                          ['patch {"spec":{"filesystem":{"fsType":"xfs"}}}']],
  ['it was wiped',                    [device()],                         [stored({ spec: { filesystem: { fsType: 'xfs' } } })],        ['patch {"spec":{"filesystem":null}}']],
  ['claimed and formatted by its pool', [device({ filesystem: { fsType: 'caskade_pool' } })], [stored({ spec: claim, status: { claimState: 'Claimed' } })], []],
  ['claimed, at another path, grown', [device({ path: '/dev/sdc', capacity: { storage: 200 } })], [stored({ spec: claim, status: { claimState: 'Claimed' } })],
                                                                                                                                        ['patch {"spec":{"path":"/dev/sdc","capacity":{"storage":200}}}']],
  ['claimed and gone',                [],                                 [stored({ spec: claim, status: { claimState: 'Claimed' } })], ['state Inactive']],
  ['left alone by label',             [device({ path: '/dev/sdc' })],     [stored({ labels: { 'ndm.io/managed': 'false' } })],          []],
  ['left alone by annotation',        [],                                 [stored({ annotations: { 'openebs.io/reconcile': 'false' } })], []],
  ['the host has a new name',         [device()],                         [stored({ labels: { 'kubernetes.io/hostname': 'old' } })],    ['patch {"metadata":{"labels":{"kubernetes.io/hostname":"host-1"}}}']],
  ['a user\'s labels stay',           [device()],                         [stored({ labels: { 'openebs.io/block-device-tag': 'fast' } })], []],
] as const)('%s', (_, devices, blockDevices, expected) => {
  expect(writesOf({ devices, blockDevices })).toEqual(expected);
});

const elsewhere = { spec: { nodeAttributes: { nodeName: 'node-2' } } };
// prettier-ignore
test.each([
  // the object at the other node                               that node    outcome
  [stored(elsewhere),                                           'ready',     'conflict'],
  [stored(elsewhere),                                           'lost',      'patch, moved here from node-2'],
  [stored({ ...elsewhere, status: { state: 'Inactive' } }),     'ready',     'patch, moved here from node-2'],
  [stored({ ...elsewhere, status: { state: 'Unknown' } }),      'ready',     'patch, moved here from node-2'],
] as const)('a disk of another node, %#', (object, other, outcome) => {
  const { writes, conflicts } = plan(seen({ blockDevices: [object], isLost: () => other === 'lost' }));
  const [first] = writes;
  expect(first === undefined ? 'conflict' : `${first.do}, ${'why' in first ? first.why : ''}`).toBe(outcome);
  expect(conflicts).toHaveLength(outcome === 'conflict' ? 1 : 0);
});

test('a device that could not be read yet is not offered, and one that is known stays as it was', () => {
  const unread = { ...device(), facts: { ...device().facts, signature: undefined } };
  expect(writesOf({ devices: [unread], blockDevices: [] })).toEqual([]);
  expect(writesOf({ devices: [unread], blockDevices: [], readsContent: false })).toEqual(['create']);
  const formatted = stored({ spec: { filesystem: { fsType: 'xfs' } } });
  expect(writesOf({ devices: [unread], blockDevices: [formatted] })).toEqual([]);
});

test('a new object is what the CRD takes, labelled and annotated', () => {
  const [write] = plan(seen({ blockDevices: [] })).writes;
  const object = write?.do === 'create' ? write.object : undefined;
  expect(
    validators.blockDevice({ ...object, status: { claimState: 'Unclaimed', state: 'Active' } }),
  ).toBeUndefined();
  expect(object?.metadata).toEqual({
    name,
    labels: {
      'kubernetes.io/hostname': 'host-1',
      'ndm.io/blockdevice-type': 'blockdevice',
      'ndm.io/managed': 'true',
    },
    annotations: { 'internal.openebs.io/uuid-scheme': 'wwn' },
  });
});

test('applying a plan leaves nothing to do', () => {
  const { writes } = plan(seen({ devices: [device({ path: '/dev/sdc', filesystem: { fsType: 'xfs' } })] }));
  const [write] = writes;
  const patch = (write?.do === 'patch' ? write.patch : {}) as { spec: object };
  const patched = stored();
  patched.spec = { ...device().spec, ...patch.spec };
  expect(
    writesOf({
      devices: [device({ path: '/dev/sdc', filesystem: { fsType: 'xfs' } })],
      blockDevices: [patched],
    }),
  ).toEqual([]);
});

test('when the manager stops its active devices become unknown, others stay', () => {
  expect(
    planStop(node, [
      stored(),
      stored({ status: { state: 'Inactive' } }),
      stored(elsewhere),
      stored({ labels: { 'ndm.io/managed': 'false' } }),
    ]),
  ).toMatchObject([{ do: 'setState', state: 'Unknown' }]);
});
