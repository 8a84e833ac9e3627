import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { Signature } from '../shared/signatures.ts';
import type { DeviceFacts } from './checks.ts';
import { filterDefaults, parseFilterConfig } from './filter-config.ts';
import { describe, identify, inventory, type NodeFacts } from './inventory.ts';

const node: NodeFacts = { nodeName: 'node-1', hostname: 'host-1' };
const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const GiB = 2 ** 30;
const ext4: Signature = { kind: 'filesystem', type: 'ext4', where: 'byte 1080' };
const gpt: Signature = { kind: 'partitionTable', type: 'gpt', where: 'byte 512' };

const disk = (change: Partial<DeviceFacts> = {}): DeviceFacts => ({
  name: 'sdb',
  path: '/dev/sdb',
  number: '8:16',
  type: 'disk',
  sizeBytes: 100 * GiB,
  logicalSectorBytes: 512,
  physicalSectorBytes: 4096,
  rotates: false,
  readOnly: false,
  vendor: 'ATA',
  model: 'Samsung_SSD',
  serial: 'S1',
  wwn: '0x5000c500a1b2c3d4',
  firmware: '',
  dmUuid: '',
  partitionUuid: '',
  parent: undefined,
  partitions: [],
  holders: [],
  linksById: [],
  linksByPath: [],
  mountPoints: [],
  isSwap: false,
  backingFile: '',
  signature: 'none',
  ...change,
});

// prettier-ignore
test.each([
  // device                                                               source of the name                 scheme
  [{},                                                                    '0x5000c500a1b2c3d4S1',            'wwn'],
  [{ serial: '' },                                                        '0x5000c500a1b2c3d4',              'wwn'],
  [{ wwn: '' },                                                           'node-1ATASamsung_SSDS1',          'serial'],
  [{ wwn: '', model: 'QEMU_HARDDISK' },                                   'node-1/dev/sdb',                  'node-path'],
  [{ wwn: '', serial: '' },                                               'node-1/dev/sdb',                  'node-path'],
  [{ type: 'loop', path: '/dev/loop110' },                                'node-1/dev/loop110',              'node-path'],
  [{ type: 'lvm', dmUuid: 'LVM-abc', path: '/dev/dm-0' },                 'LVM-abc',                         'dm-uuid'],
  [{ type: 'partition', partitionUuid: 'c0ffee-01' },                     'c0ffee-01',                       'partition-uuid'],
  [{ type: 'partition', path: '/dev/sdb1' },                              'node-1/dev/sdb1',                 'node-path'],
] as const)('%j is known by %s', (change, source, scheme) => {
  expect(identify(disk(change), node)).toEqual({ name: `blockdevice-${md5(source)}`, scheme });
});

test('a sparse file is known by node and path, and its name says that it is one', () => {
  const file = disk({ type: 'sparse', path: '/var/openebs/sparse/0-ndm-sparse.img' });
  expect(identify(file, node).name).toBe(`sparse-${md5('node-1/var/openebs/sparse/0-ndm-sparse.img')}`);
});

test('writing to a disk does not change its name', () => {
  const blank = disk({ wwn: '', serial: '' });
  const used = disk({ wwn: '', serial: '', signature: ext4 });
  expect(identify(used, node)).toEqual(identify(blank, node));
});

const os = [
  disk({ name: 'sda', path: '/dev/sda', wwn: 'os', partitions: ['sda1', 'sda2'] }),
  disk({
    name: 'sda1',
    path: '/dev/sda1',
    type: 'partition',
    parent: 'sda',
    partitionUuid: 'p1',
    mountPoints: ['/'],
  }),
  disk({ name: 'sda2', path: '/dev/sda2', type: 'partition', parent: 'sda', partitionUuid: 'p2' }),
];

// prettier-ignore
test.each([
  // devices                                                              offered        skipped because
  ['a blank disk',             [disk()],                                  ['/dev/sdb'],  []],
  ['an empty card reader',     [disk({ sizeBytes: 0 })],                  [],            ['it has no size']],
  ['the system disk and its partitions', os,                              [],            ['it is divided into sda1, sda2', 'its disk carries /', 'its disk carries /']],
  ['a data disk with partitions', [disk({ partitions: ['sdb1'] }), disk({ name: 'sdb1', path: '/dev/sdb1', type: 'partition', parent: 'sdb', partitionUuid: 'x' })],
                                                                          ['/dev/sdb1'], ['it is divided into sdb1']],
  ['a physical volume of LVM', [disk({ holders: ['dm-0'] })],             [],            ['dm-0 is made of it']],
  ['swap',                     [disk({ isSwap: true })],                  [],            ['it is swap space']],
  ['an md array',              [disk({ type: 'md', path: '/dev/md0' })],  [],            ['a md device is not managed']],
  ['a LUN of ours',            [disk({ vendor: 'CASKADE ' })],            [],            ['its vendor is CASKADE ']],
  ['a LUN of cStor',           [disk({ vendor: 'OpenEBS' })],             [],            ['its vendor is OpenEBS']],
  ['a loop device',            [disk({ type: 'loop', path: '/dev/loop7' })], [],         ['path-filter leaves it out']],
  ['a disk with a file system',[disk({ signature: ext4 })],               ['/dev/sdb'],  []],
  ['two paths of one disk',    [disk(), disk({ name: 'sdc', path: '/dev/sdc' })], ['/dev/sdb'], ['it has the same wwn as /dev/sdb']],
] as const)('%s', (_, all, offered, reasons) => {
  const { devices, skipped } = inventory(all, filterDefaults, node);
  expect(devices.map(({ facts }) => facts.path)).toEqual(offered);
  expect([...skipped.values()]).toEqual(reasons);
});

const loops = [
  disk({ type: 'loop', path: '/dev/loop110', vendor: '' }),
  disk({ type: 'loop', path: '/dev/loop3', vendor: '' }),
];
// prettier-ignore
test.each([
  // path-filter                                          offered
  ['exclude: /dev/loop',                                  []],
  ['exclude: /dev/dm-,/dev/rbd',                          ['/dev/loop110', '/dev/loop3']],
  ['include: "/dev/loop11, /dev/loop12"',                 ['/dev/loop110']],
  ['include: /dev/loop\n    exclude: loop3',              ['/dev/loop110']],
  ['state: false\n    exclude: /dev/loop',                ['/dev/loop110', '/dev/loop3']],
] as const)('path-filter %j', (lines, offered) => {
  const config = parseFilterConfig(`filterconfigs:\n  - key: path-filter\n    ${lines}\n`);
  expect(inventory(loops, config, node).devices.map(({ facts }) => facts.path)).toEqual(offered);
});

test('volumes attached through a loop device are never offered, whatever the filter says', () => {
  const config = parseFilterConfig('filterconfigs:\n  - key: path-filter\n    exclude: ""\n');
  const attached = disk({
    type: 'loop',
    path: '/dev/loop4',
    backingFile: '/var/lib/kubelet/plugins/cstor.csi.openebs.io/attach/pvc-1/disk',
  });
  expect(inventory([attached], config, node).skipped.get('/dev/loop4')).toBe('it is an attached volume');
});

test('vendor and os-disk filters follow the configuration, our own vendors do not', () => {
  const config = parseFilterConfig(`
filterconfigs:
  - key: os-disk-exclude-filter
    name: os disk exclude filter
    state: "false"
  - key: vendor-filter
    include: ""
    exclude: "ATA"
`);
  const all = [
    ...os.map((facts) => ({ ...facts, vendor: 'SanDisk' })),
    disk(),
    disk({ path: '/dev/sdx', wwn: 'x', vendor: 'OpenEBS' }),
  ];
  const { devices, skipped } = inventory(all, config, node);
  expect(devices.map(({ facts }) => facts.path)).toEqual(['/dev/sda1', '/dev/sda2']);
  expect(skipped.get('/dev/sdb')).toBe('vendor-filter leaves it out');
  expect(skipped.get('/dev/sdx')).toBe('its vendor is OpenEBS');
});

// prettier-ignore
test.each([
  ['filterconfigs: {a: 1}',  'filterconfigs is no list'],
  ['- a\n b: c',             'no YAML'],
  ['text',                   'no object'],
] as const)('a configuration of %j is refused', (yaml, message) => {
  expect(() => parseFilterConfig(yaml)).toThrow(message);
});

test('an empty configuration is the default one', () => {
  expect(parseFilterConfig('')).toEqual(filterDefaults);
  expect(parseFilterConfig('probeconfigs:\n')).toEqual(filterDefaults);
});

test('a device is described as the fields of a BlockDevice', () => {
  expect(
    describe(
      disk({
        parent: undefined,
        rotates: true,
        firmware: 'R1',
        signature: ext4,
        mountPoints: ['/data'],
        linksById: ['/dev/disk/by-id/wwn-0x5', '/dev/disk/by-id/ata-x'],
      }),
      node,
    ),
  ).toEqual({
    path: '/dev/sdb',
    nodeAttributes: { nodeName: 'node-1' },
    capacity: { storage: 100 * GiB, logicalSectorSize: 512, physicalSectorSize: 4096 },
    details: {
      deviceType: 'disk',
      driveType: 'HDD',
      vendor: 'ATA',
      model: 'Samsung_SSD',
      serial: 'S1',
      firmwareRevision: 'R1',
      logicalBlockSize: 512,
      physicalBlockSize: 4096,
      hardwareSectorSize: 512,
    },
    devlinks: [{ kind: 'by-id', links: ['/dev/disk/by-id/ata-x', '/dev/disk/by-id/wwn-0x5'] }],
    filesystem: { fsType: 'ext4', mountPoint: '/data' },
    partitioned: 'No',
  });
  expect(describe(disk({ signature: gpt }), node)).toMatchObject({
    filesystem: { fsType: 'gpt' },
    partitioned: 'Yes',
  });
});
